-- What limits the orders of a portfolio, and what halts them. Every change takes the next number of
-- `limits_revision` into its row, under that one row's lock: so numbers are committed in their order,
-- and who knows everything up to a number asks for what has a greater one.
CREATE TABLE trading.limits_revision (
    id integer PRIMARY KEY CHECK (id = 1),
    number bigint NOT NULL CHECK (number >= 0)
) WITH (fillfactor = 10);
INSERT INTO trading.limits_revision (id, number) VALUES (1, 0);

-- `subject` is the portfolio of its owner's limits; of the defaults and ceilings, which are for all,
-- it is zero. NULL and an empty list are no limit. Lists are " AAPL MSFT ".
CREATE TABLE trading.trading_limits (
    subject uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('own', 'default', 'ceiling')),
    revision bigint NOT NULL UNIQUE,
    max_order_value numeric(20, 6) CHECK (max_order_value > 0),
    max_position_percent numeric(20, 6)
        CHECK (max_position_percent > 0 AND max_position_percent <= 100),
    max_orders_per_day integer CHECK (max_orders_per_day > 0),
    max_daily_loss numeric(20, 6) CHECK (max_daily_loss > 0),
    allowed_symbols text NOT NULL DEFAULT '' CHECK (char_length(allowed_symbols) <= 2000),
    forbidden_symbols text NOT NULL DEFAULT '' CHECK (char_length(forbidden_symbols) <= 2000),
    updated_at timestamptz NOT NULL, -- platform time
    PRIMARY KEY (subject, kind)
);

-- `subject` is the portfolio, the user, or zero for all. A row stays when the halt has been lifted:
-- what was quoted before `resumed_at` fills none of its orders.
CREATE TABLE trading.trading_halts (
    subject uuid NOT NULL,
    scope text NOT NULL CHECK (scope IN ('portfolio', 'user', 'platform')),
    halted_by text NOT NULL CHECK (halted_by IN ('owner', 'administrator')),
    revision bigint NOT NULL UNIQUE,
    halted_at timestamptz,  -- these are platform time
    resumed_at timestamptz,
    note text CHECK (char_length(note) <= 200),
    cancels_orders boolean NOT NULL,
    PRIMARY KEY (subject, halted_by),
    CHECK ((halted_at IS NULL) <> (resumed_at IS NULL))
);

-- How many orders a portfolio with max_orders_per_day has placed since `day` began. The count goes
-- with the revision of the limit: by another one the orders are counted anew.
CREATE TABLE trading.order_counts (
    portfolio_id uuid PRIMARY KEY,
    day timestamptz NOT NULL,
    revision bigint NOT NULL,
    placed bigint NOT NULL CHECK (placed >= 0)
) WITH (fillfactor = 50);

GRANT SELECT, UPDATE ON trading.limits_revision TO bourse_trading;
GRANT SELECT, INSERT, UPDATE ON trading.trading_limits, trading.trading_halts,
    trading.order_counts TO bourse_trading;
