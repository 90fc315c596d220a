-- What keeps others from asking too often and from guessing passwords. No row names an address or a
-- name: keys are hashes under the mesh key. The two tables that count are not logged, so that counting
-- waits for no disk; a crash of PostgreSQL itself (not of a service) empties them.

-- See lib/service/rate_limit.h.
CREATE UNLOGGED TABLE rate_limits (
    key text PRIMARY KEY,
    full_at timestamptz NOT NULL,
    cost_us bigint NOT NULL CHECK (cost_us > 0),
    burst bigint NOT NULL CHECK (burst > 0),
    granted bigint NOT NULL
) WITH (fillfactor = 50);

-- Wrong logins in a row with one name from one address, whether somebody has the name or not.
CREATE UNLOGGED TABLE wrong_logins (
    key text PRIMARY KEY,
    count integer NOT NULL CHECK (count > 0),
    last_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- From where a user has logged in: those who come from there are let in whatever others do elsewhere.
CREATE TABLE known_places (
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    place text NOT NULL,
    used_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, place)
);
CREATE INDEX known_places_by_age ON known_places (used_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON rate_limits, wrong_logins, known_places TO bourse_auth;
