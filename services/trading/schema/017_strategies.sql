-- Strategies, and backtests of them. A backtest keeps what it was asked for, with its strategy as it was then, so that
-- whoever runs it, and however often, comes to the same. Its task has its id, and in the place of the portfolio its
-- user. The lists are those of lib/strategy and backtest_store.h.

CREATE TABLE trading.strategies (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    description text CHECK (char_length(description) <= 1000),
    kind text NOT NULL CHECK (char_length(kind) BETWEEN 1 AND 32),
    parameters text NOT NULL CHECK (char_length(parameters) BETWEEN 2 AND 8000), -- a JSON object, all of them
    symbols text NOT NULL CHECK (char_length(symbols) BETWEEN 1 AND 320), -- "AAPL MSFT"
    timeframe text NOT NULL CHECK (timeframe IN ('1Day', '1Min', '5Min', '15Min', '1Hour', '1Week', '1Month')),
    version integer NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL, -- platform time
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (id, user_id)
);
CREATE INDEX strategies_by_user ON trading.strategies (user_id, id);

CREATE TABLE trading.backtests (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    strategy_id uuid NOT NULL,
    strategy_version integer NOT NULL,
    kind text NOT NULL,
    parameters text NOT NULL,
    symbols text NOT NULL,
    timeframe text NOT NULL,
    start_at timestamptz NOT NULL,
    end_at timestamptz, -- NULL for the platform's present
    cash numeric(20, 6) NOT NULL CHECK (cash > 0),
    fill_terms text CHECK (char_length(fill_terms) BETWEEN 1 AND 255), -- NULL for plain ones
    fractional boolean NOT NULL,
    benchmark text,
    grid text, -- a packed message in base64url
    status text NOT NULL
        CHECK (status = ANY (ARRAY['queued', 'running', 'completed', 'failed', 'canceled'])),
    progress integer NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1000000), -- in millionths
    is_to_cancel boolean NOT NULL DEFAULT false,
    reason text,
    reason_message text,
    statistics text, -- these two, too
    result text,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    PRIMARY KEY (id, user_id),
    CHECK ((status = 'completed') = (result IS NOT NULL)),
    CHECK ((status = ANY (ARRAY['completed', 'failed', 'canceled'])) = (finished_at IS NOT NULL))
);
CREATE INDEX backtests_by_user ON trading.backtests (user_id, id);
CREATE INDEX backtests_by_strategy ON trading.backtests (strategy_id, id);

-- A user's strategies and backtests are counted under the lock of a row.
CREATE TABLE trading.strategy_users (
    user_id uuid PRIMARY KEY
) WITH (fillfactor = 50);

ALTER TABLE trading.tasks
    DROP CONSTRAINT tasks_kind_check,
    ADD CONSTRAINT tasks_kind_check CHECK (kind IN ('order', 'backtest'));
-- The queue of orders passes over backtests that are due; those who run backtests look at nothing else.
CREATE INDEX tasks_due_backtests ON trading.tasks (run_at)
    WHERE kind = 'backtest' AND state IN ('pending', 'active');

GRANT SELECT, INSERT, UPDATE, DELETE ON trading.strategies, trading.backtests TO bourse_trading;
GRANT SELECT, INSERT, UPDATE ON trading.strategy_users TO bourse_trading;
