-- How many orders an account and an address may place; see lib/service/rate_limit.h. Not logged, so
-- that counting waits for no disk; a crash of PostgreSQL itself (not of a service) empties it.
CREATE UNLOGGED TABLE trading.rate_limits (
    key text PRIMARY KEY,
    full_at timestamptz NOT NULL,
    cost_us bigint NOT NULL CHECK (cost_us > 0),
    burst bigint NOT NULL CHECK (burst > 0),
    granted bigint NOT NULL
) WITH (fillfactor = 50);

GRANT SELECT, INSERT, UPDATE, DELETE ON trading.rate_limits TO bourse_trading;
