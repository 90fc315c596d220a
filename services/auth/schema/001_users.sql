-- Users, their sessions and the keys that sign their tokens. Everything of a user has the user's id
-- in its keys; users itself is small and looked up by name, e-mail address and id.

CREATE TABLE users (
    id uuid PRIMARY KEY,
    username text NOT NULL CHECK (username ~ '^[A-Za-z][A-Za-z0-9._-]{2,31}$'),
    email text CHECK (char_length(email) <= 254),
    first_name text CHECK (char_length(first_name) <= 100),
    last_name text CHECK (char_length(last_name) <= 100),
    role text NOT NULL CHECK (role IN ('user', 'administrator')),
    -- Argon2id as libsodium writes it; without one the user cannot log in.
    password_hash text,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL,
    -- What is still to be done in the portfolio service: a first portfolio with this much cash, or
    -- with the configured starting cash.
    first_portfolio_cash numeric(20, 6) CHECK (first_portfolio_cash >= 0),
    first_portfolio_ready boolean NOT NULL DEFAULT false,
    first_portfolio_tried_at timestamptz
);
-- Names are kept as they were given and are the same in either case.
CREATE UNIQUE INDEX users_username_key ON users (lower(username));
CREATE UNIQUE INDEX users_email_key ON users (lower(email));
CREATE INDEX users_without_portfolio ON users (created_at) WHERE NOT first_portfolio_ready;

-- A session begins at a login and ends at a logout, when a spent refresh token turns up, or when it
-- is not used for long.
CREATE TABLE sessions (
    user_id uuid NOT NULL REFERENCES users (id),
    id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (user_id, id)
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- The SHA-256 of each refresh token; spent ones are kept as long as the session, to be recognised.
CREATE TABLE refresh_tokens (
    user_id uuid NOT NULL,
    session_id uuid NOT NULL,
    hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    spent_at timestamptz,
    PRIMARY KEY (user_id, session_id, hash),
    FOREIGN KEY (user_id, session_id) REFERENCES sessions (user_id, id) ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_by_hash ON refresh_tokens (hash);

-- Sessions that ended, for as long as their access tokens may look valid.
CREATE TABLE revocations (
    user_id uuid NOT NULL,
    session_id uuid NOT NULL,
    revoked_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, session_id)
);
CREATE INDEX revocations_by_time ON revocations (revoked_at);

-- P-256 key pairs in PEM, by their RFC 7638 thumbprints. The newest one signs.
CREATE TABLE signing_keys (
    id text PRIMARY KEY,
    private_pem text NOT NULL,
    public_pem text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Rows to lock, for what only one replica may do at a time.
CREATE TABLE locks (
    name text PRIMARY KEY
);
INSERT INTO locks VALUES ('signing_key'), ('administrator');

-- See lib/service/idempotency.h.
CREATE TABLE requests (
    user_id uuid NOT NULL,
    request_id uuid NOT NULL,
    method text NOT NULL,
    body_hash text NOT NULL,
    reply text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, request_id)
);

GRANT SELECT, INSERT, UPDATE ON users TO bourse_auth;
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions, refresh_tokens, requests TO bourse_auth;
GRANT SELECT, INSERT, DELETE ON revocations TO bourse_auth;
GRANT SELECT, INSERT ON signing_keys TO bourse_auth;
GRANT SELECT, UPDATE ON locks TO bourse_auth;
