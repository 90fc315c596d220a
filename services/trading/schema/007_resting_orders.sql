-- The orders that rest, by portfolio and ticker: what a new order of the other side must not meet, and
-- what is canceled when all are. An order that is filled at once is never in here.
CREATE TABLE trading.resting_orders (
    portfolio_id uuid NOT NULL,
    ticker text NOT NULL,
    order_id uuid NOT NULL,
    side text NOT NULL CHECK (side IN ('buy', 'sell')),
    limit_price numeric(20, 6), -- NULL for one that is filled at any price
    trails boolean NOT NULL,
    PRIMARY KEY (portfolio_id, ticker, order_id)
) WITH (fillfactor = 70);

GRANT SELECT, INSERT, UPDATE, DELETE ON trading.resting_orders TO bourse_trading;

INSERT INTO trading.resting_orders (portfolio_id, ticker, order_id, side, limit_price, trails)
SELECT portfolio_id, ticker, id, side, limit_price, type = 'trailing_stop'
FROM trading.orders WHERE status = 'new';

-- The matcher reads all that rest by pages, in the order of their ids.
DROP INDEX trading.tasks_due;
CREATE INDEX tasks_due ON trading.tasks (run_at, id) WHERE state IN ('pending', 'active');

-- What is answered to a repeat; see lib/service/idempotency.h.
CREATE TABLE trading.requests (
    user_id uuid NOT NULL,
    request_id uuid NOT NULL,
    method text NOT NULL,
    body_hash text NOT NULL,
    reply text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, request_id)
);
CREATE INDEX requests_by_age ON trading.requests (created_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON trading.requests TO bourse_trading;
