-- Orders, their fills, and the queue of what is not finished yet. Every key contains the
-- portfolio's id. Orders are found by their id alone, so that comes first in the key; ids grow with
-- time, which keeps the index's busy end in memory.

CREATE TABLE trading.orders (
    id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    user_id uuid NOT NULL,
    request_id uuid NOT NULL,
    body_hash text NOT NULL,
    client_order_id text,
    ticker text NOT NULL,
    side text NOT NULL CHECK (side IN ('buy', 'sell')),
    type text NOT NULL CHECK (type IN ('market')),
    time_in_force text NOT NULL CHECK (time_in_force IN ('day')),
    quantity numeric(20, 9) NOT NULL CHECK (quantity > 0),
    filled_quantity numeric(20, 9) NOT NULL DEFAULT 0,
    average_fill_price numeric(20, 6),
    hold_amount numeric(20, 6) NOT NULL CHECK (hold_amount >= 0),
    commission numeric(20, 6) NOT NULL DEFAULT 0 CHECK (commission >= 0),
    status text NOT NULL
        CHECK (status IN ('pending_new', 'new', 'filled', 'canceled', 'expired', 'rejected')),
    reason text,
    reason_message text,
    reason_details text,
    cancel_request_id uuid,
    created_at timestamptz NOT NULL,
    submitted_at timestamptz,
    filled_at timestamptz,
    canceled_at timestamptz,
    expired_at timestamptz,
    updated_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (id, portfolio_id),
    UNIQUE (portfolio_id, request_id),
    CHECK (filled_quantity >= 0 AND filled_quantity <= quantity),
    CHECK ((status = 'filled') = (filled_quantity = quantity)),
    CHECK ((filled_quantity > 0) = (average_fill_price IS NOT NULL))
) WITH (fillfactor = 70);
-- An order without a name of the client's is known by its id, so most orders are not in here.
CREATE UNIQUE INDEX orders_by_client_order_id ON trading.orders (portfolio_id, client_order_id)
    WHERE client_order_id IS NOT NULL;
CREATE INDEX orders_by_user ON trading.orders (user_id, id);

CREATE TABLE trading.fills (
    order_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    id uuid NOT NULL, -- derived from order_id and number, so it is as unique as they are
    ticker text NOT NULL,
    side text NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity numeric(20, 9) NOT NULL CHECK (quantity > 0),
    price numeric(20, 6) NOT NULL CHECK (price > 0),
    commission numeric(20, 6) NOT NULL CHECK (commission >= 0),
    filled_at timestamptz NOT NULL,
    quote_at timestamptz NOT NULL,
    model text NOT NULL,
    PRIMARY KEY (order_id, portfolio_id, number)
);

-- What is still to be done. The task of an order has the order's id and lasts until the order is in
-- a final state and booked or given back. `run_at` (real time) says when somebody may take it: for
-- an active task when its lease ends, for that of a resting order never: the matcher has it.
CREATE TABLE trading.tasks (
    id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('order')),
    state text NOT NULL CHECK (state IN ('pending', 'active', 'completed', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    worker text,
    run_at timestamptz NOT NULL,
    queued_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    error text,
    PRIMARY KEY (id, portfolio_id)
) WITH (fillfactor = 70);
CREATE INDEX tasks_due ON trading.tasks (run_at) WHERE state IN ('pending', 'active');

GRANT USAGE ON SCHEMA trading TO bourse_trading;
GRANT SELECT, INSERT, UPDATE ON trading.orders, trading.tasks TO bourse_trading;
GRANT SELECT, INSERT ON trading.fills TO bourse_trading;
REVOKE DELETE, TRUNCATE ON trading.orders FROM bourse_trading;
REVOKE UPDATE, DELETE, TRUNCATE ON trading.fills FROM bourse_trading;

-- What operators and checks read; these stay the same whatever the tables become.
CREATE SCHEMA IF NOT EXISTS audit;

CREATE VIEW audit.orders AS
SELECT id, user_id, portfolio_id, coalesce(client_order_id, id::text) AS client_order_id, ticker,
       side, type, quantity, NULL::numeric(20, 6) AS limit_price, status, reason, created_at,
       updated_at
FROM trading.orders;

CREATE VIEW audit.fills AS
SELECT id, order_id, portfolio_id, ticker, side, quantity, price, commission, filled_at, quote_at,
       model
FROM trading.fills;
