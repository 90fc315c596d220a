-- Which replica has which resting orders in its book: see shard_lease.h. Tickers fall into shards, of which
-- shard.h has the number and the rule; a test compares it with what is said here.

-- The replicas that take part, each with a lease of its own on life. `worker` is its host and process.
CREATE TABLE trading.replicas (
    id uuid PRIMARY KEY,
    worker text NOT NULL CHECK (char_length(worker) BETWEEN 1 AND 96),
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Whose a shard is; NULL for nobody's. The epoch grows with each change of hands and with nothing else: whoever
-- decides about an order of the shard's names the epoch in which the shard became his.
CREATE TABLE trading.shards (
    shard integer PRIMARY KEY CHECK (shard BETWEEN 0 AND 63),
    owner uuid,
    epoch bigint NOT NULL DEFAULT 0 CHECK (epoch >= 0)
) WITH (fillfactor = 50);

INSERT INTO trading.shards (shard) SELECT generate_series(0, 63);

-- Orders that have come to rest by the hands of somebody who did not own their shard, until the owner has them in
-- the book.
CREATE TABLE trading.arrivals (
    shard integer NOT NULL,
    portfolio_id uuid NOT NULL,
    order_id uuid NOT NULL,
    PRIMARY KEY (shard, portfolio_id, order_id)
) WITH (fillfactor = 50);

-- Whoever takes a shard reads its orders by pages, in the order of their ids.
ALTER TABLE trading.resting_orders
    ADD COLUMN shard integer NOT NULL GENERATED ALWAYS AS (get_byte(sha256(ticker::bytea), 0) % 64) STORED;
CREATE INDEX resting_orders_by_shard ON trading.resting_orders (shard, order_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON trading.replicas TO bourse_trading;
GRANT SELECT, UPDATE ON trading.shards TO bourse_trading;
GRANT SELECT, INSERT, DELETE ON trading.arrivals TO bourse_trading;

-- The latest split of each ticker that has begun to be booked: an order that was made ready before it came into
-- effect, with prices and a quantity of the old shares, is not taken any more.
CREATE TABLE trading.splits (
    ticker text PRIMARY KEY CHECK (char_length(ticker) BETWEEN 1 AND 15),
    effective_at timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON trading.splits TO bourse_trading;
