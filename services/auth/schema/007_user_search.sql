-- Administrators find users by how the name or the e-mail address begins. In the order of bytes, whatever the
-- database's locale, what begins alike stands together.
CREATE INDEX users_by_beginning_of_username ON users ((lower(username) COLLATE "C"));
CREATE INDEX users_by_beginning_of_email ON users ((lower(email) COLLATE "C"));
