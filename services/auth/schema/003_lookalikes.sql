-- Names that look alike are taken for one another: what a name looks like is unique too. The rule is
-- username_skeleton of user.c, which gives the column for every new user; here it is once more for
-- those who were there before.
--
-- Of users who look alike already the first keeps its skeleton. The later ones have none, and stay
-- as they are: nobody new can look like them, for that would be to look like the first.
ALTER TABLE users ADD COLUMN skeleton text CHECK (char_length(skeleton) <= 64);

UPDATE users SET skeleton = first_of.skeleton
FROM (
    SELECT DISTINCT ON (skeleton) id, skeleton
    FROM (
        SELECT id, created_at, replace(replace(translate(lower(username COLLATE "C"),
            '01i._', 'oll--'), 'm', 'rn'), 'w', 'vv') AS skeleton
        FROM users
    ) AS every
    ORDER BY skeleton, created_at, id
) AS first_of
WHERE users.id = first_of.id;

CREATE UNIQUE INDEX users_skeleton_key ON users (skeleton);
