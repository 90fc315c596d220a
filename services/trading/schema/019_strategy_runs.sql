-- Strategies that trade in a portfolio. A run keeps its strategy as it was when it was started. What it has is what its
-- own orders have made of its cash; `shard` says which replica decides for it (see 013_shards.sql), and whatever that one
-- decides it writes in one transaction: the orders that are to be placed are there before any is placed. The lists are
-- those of runs/run.h.

CREATE TABLE trading.strategy_runs (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    strategy_id uuid NOT NULL,
    strategy_version integer NOT NULL,
    portfolio_id uuid NOT NULL,
    shard smallint NOT NULL CHECK (shard BETWEEN 0 AND 63),
    kind text NOT NULL,
    parameters text NOT NULL,
    symbols text NOT NULL, -- "AAPL MSFT"
    timeframe text NOT NULL,
    fractional boolean NOT NULL,
    initial_cash numeric(20, 6) NOT NULL CHECK (initial_cash > 0),
    max_daily_loss numeric(20, 6) CHECK (max_daily_loss > 0), -- NULL for none
    state text NOT NULL CHECK (state = ANY (ARRAY['running', 'stopped'])),
    reason text,
    reason_message text,
    started_at timestamptz NOT NULL, -- all of these are platform time
    stopped_at timestamptz,
    looked_at timestamptz NOT NULL, -- bars that have ended until then are not waited for any more
    window_at timestamptz NOT NULL, -- since when indicators know the bars
    first_bar_at timestamptz, -- the first and the last that was decided about
    last_bar_at timestamptz,
    cash numeric(20, 6) NOT NULL,
    equity numeric(20, 6) NOT NULL,
    day bigint NOT NULL, -- of last_bar_at, in days of UTC since 1970
    day_equity numeric(20, 6) NOT NULL, -- at the last bar of the day before
    period bigint, -- that decisions have been made for, of kinds that set weights
    has_targets boolean NOT NULL DEFAULT false,
    bars_decided bigint NOT NULL DEFAULT 0,
    bars_missed bigint NOT NULL DEFAULT 0,
    orders bigint NOT NULL DEFAULT 0,
    decisions bigint NOT NULL DEFAULT 0, -- the number of the latest
    PRIMARY KEY (id, user_id),
    CHECK ((state = 'stopped') = (stopped_at IS NOT NULL))
);
CREATE UNIQUE INDEX strategy_runs_once ON trading.strategy_runs (strategy_id, portfolio_id) WHERE state = 'running';
CREATE INDEX strategy_runs_by_user ON trading.strategy_runs (user_id, id);
CREATE INDEX strategy_runs_by_strategy ON trading.strategy_runs (strategy_id, id);
CREATE INDEX strategy_runs_due ON trading.strategy_runs (timeframe, looked_at) WHERE state = 'running';

CREATE TABLE trading.strategy_positions (
    run_id uuid NOT NULL,
    user_id uuid NOT NULL,
    ticker text NOT NULL CHECK (char_length(ticker) BETWEEN 1 AND 15),
    quantity numeric(20, 9) NOT NULL CHECK (quantity >= 0),
    entry_price numeric(20, 6) NOT NULL,
    high_water numeric(20, 6) NOT NULL,
    close numeric(20, 6) NOT NULL,
    target bigint NOT NULL, -- in millionths of a percent
    PRIMARY KEY (run_id, user_id, ticker)
);

-- The orders of a run that have not ended, by their names in the table `orders`; one that is not there is to be placed.
CREATE TABLE trading.strategy_orders (
    run_id uuid NOT NULL,
    user_id uuid NOT NULL,
    bar_at timestamptz NOT NULL,
    ticker text NOT NULL,
    portfolio_id uuid NOT NULL,
    shard smallint NOT NULL,
    client_order_id text NOT NULL CHECK (char_length(client_order_id) BETWEEN 1 AND 128),
    cause text NOT NULL,
    side text NOT NULL CHECK (side = ANY (ARRAY['buy', 'sell'])),
    quantity numeric(20, 9) NOT NULL CHECK (quantity > 0),
    decision bigint NOT NULL, -- its number
    is_placed boolean NOT NULL DEFAULT false,
    is_to_cancel boolean NOT NULL DEFAULT false,
    fills integer NOT NULL DEFAULT 0, -- so many of them are in the run's cash and positions
    PRIMARY KEY (run_id, user_id, bar_at, ticker)
);
CREATE INDEX strategy_orders_by_shard ON trading.strategy_orders (shard);

CREATE TABLE trading.strategy_decisions (
    run_id uuid NOT NULL,
    user_id uuid NOT NULL,
    number bigint NOT NULL CHECK (number >= 1),
    bar_at timestamptz NOT NULL,
    decided_at timestamptz NOT NULL,
    ticker text, -- NULL of a bar that was missed
    close numeric(20, 6),
    indicators text, -- "name=value" lines
    signal text,
    target bigint,
    quantity numeric(20, 9),
    cash numeric(20, 6) NOT NULL,
    equity numeric(20, 6) NOT NULL,
    outcome text NOT NULL CHECK (outcome = ANY (ARRAY['nothing', 'decided', 'placed', 'refused', 'missed'])),
    cause text,
    side text,
    order_quantity numeric(20, 9),
    client_order_id text,
    order_id uuid,
    canceled integer NOT NULL DEFAULT 0,
    reason text,
    reason_message text,
    PRIMARY KEY (run_id, user_id, number)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON trading.strategy_runs, trading.strategy_positions, trading.strategy_orders,
    trading.strategy_decisions TO bourse_trading;
