-- What a session was begun with, sessions kept in a browser's cookie, API keys, ends of accounts, and
-- who did what.

-- Of a user whose account has ended the name stays, so that nobody else gets it, and so does the id,
-- which the ledger refers to; nothing else does.
ALTER TABLE users
    ADD COLUMN deleted_at timestamptz,
    ADD CHECK (deleted_at IS NULL OR (NOT is_active AND password_hash IS NULL AND email IS NULL));

ALTER TABLE sessions
    ADD COLUMN device text CHECK (char_length(device) <= 200),
    ADD COLUMN client_address text CHECK (char_length(client_address) <= 45),
    -- The SHA-256 of the secret in the cookie; a session has this or refresh tokens.
    ADD COLUMN cookie_hash text;
CREATE INDEX sessions_by_cookie ON sessions (cookie_hash) WHERE cookie_hash IS NOT NULL;

-- A key's id is what programs name it by; of its secret only the SHA-256 is kept.
CREATE TABLE api_keys (
    user_id uuid NOT NULL REFERENCES users (id),
    id uuid NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    scope text NOT NULL CHECK (scope IN ('read', 'trade')),
    portfolio_id uuid,
    secret_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    expires_at timestamptz,
    PRIMARY KEY (user_id, id)
);
CREATE INDEX api_keys_by_id ON api_keys (id);

-- Only ever added to: the service's role may not change or delete a row.
CREATE TABLE audit_log (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor_id uuid,
    actor text CHECK (char_length(actor) <= 64),
    action text NOT NULL CHECK (char_length(action) <= 64),
    subject text CHECK (char_length(subject) <= 254),
    detail text CHECK (char_length(detail) <= 200),
    result text NOT NULL CHECK (result IN ('done', 'refused')),
    reason text CHECK (char_length(reason) <= 48),
    client_address text CHECK (char_length(client_address) <= 45),
    request_id uuid
);
CREATE INDEX audit_log_by_actor ON audit_log (actor_id, id);
CREATE INDEX audit_log_by_action ON audit_log (action, id);

GRANT SELECT, INSERT, UPDATE, DELETE ON api_keys TO bourse_auth;
GRANT SELECT, INSERT ON audit_log TO bourse_auth;

CREATE SCHEMA IF NOT EXISTS audit;
CREATE VIEW audit.events AS
    SELECT id, at, actor_id, actor, action, subject, detail, result, reason, client_address, request_id
    FROM audit_log;
