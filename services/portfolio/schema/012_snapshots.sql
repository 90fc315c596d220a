-- What each portfolio was worth at the close of each day of trading, and how it came to that: one row a
-- portfolio and day, whoever takes it. A row is made of the ledger's movements of before the close and
-- of the day's closing prices, and is made anew when a movement of before it is booked later:
-- `movements` are in it, and so are all of the ledger's up to the cash entry `through_seq`.
CREATE TABLE portfolio.snapshots (
    portfolio_id uuid NOT NULL,
    day date NOT NULL,
    closed_at timestamptz NOT NULL,
    -- The portfolio was opened, or began anew, since the close before: nothing of before counts.
    begins boolean NOT NULL,
    start_value numeric(22, 6) NOT NULL,  -- at the close before; 0 of one that begins
    cash numeric(22, 6) NOT NULL,
    market_value numeric(22, 6) NOT NULL,
    deposits numeric(22, 6) NOT NULL CHECK (deposits >= 0),
    withdrawals numeric(22, 6) NOT NULL CHECK (withdrawals >= 0),
    traded numeric(22, 6) NOT NULL CHECK (traded >= 0), -- bought and sold
    is_estimated boolean NOT NULL,        -- a price is that of a day before
    through_seq bigint NOT NULL,
    movements bigint NOT NULL,
    PRIMARY KEY (portfolio_id, day),
    CHECK (NOT begins OR start_value = 0)
);

-- What of it was held, and what each ticker gained or lost on that day: the sum of the gains is what
-- the portfolio is worth more, less deposits and with withdrawals.
CREATE TABLE portfolio.snapshot_positions (
    portfolio_id uuid NOT NULL,
    day date NOT NULL,
    ticker text NOT NULL,
    quantity numeric(20, 9) NOT NULL,
    price numeric(20, 6) NOT NULL,
    value numeric(22, 6) NOT NULL,
    gain numeric(22, 6) NOT NULL,
    PRIMARY KEY (portfolio_id, day, ticker)
);

-- Until which close a portfolio's snapshots have been taken. Whoever writes some counts the revision up
-- from what they read, so of several that took the same one writes.
CREATE TABLE portfolio.snapshot_progress (
    portfolio_id uuid PRIMARY KEY,
    closed_at timestamptz NOT NULL,
    revision bigint NOT NULL DEFAULT 0,
    is_ended boolean NOT NULL DEFAULT false -- the portfolio is closed, and has its last one
) WITH (fillfactor = 70);
CREATE INDEX snapshot_progress_due ON portfolio.snapshot_progress (closed_at, portfolio_id)
    WHERE NOT is_ended;
INSERT INTO portfolio.snapshot_progress (portfolio_id, closed_at)
SELECT id, created_at FROM portfolio.portfolios;

-- What portfolios with shares were worth while a session was open. `at` lies on a grid, so several who
-- measure write one; old ones are thinned and then removed.
CREATE TABLE portfolio.equity_points (
    portfolio_id uuid NOT NULL,
    at timestamptz NOT NULL,
    equity numeric(22, 6) NOT NULL,
    deposited numeric(22, 6) NOT NULL, -- all that was put in until then, less what was taken out
    PRIMARY KEY (portfolio_id, at)
);
CREATE INDEX equity_points_by_age ON portfolio.equity_points (at);

GRANT SELECT, INSERT, UPDATE ON portfolio.snapshots, portfolio.snapshot_progress
    TO bourse_portfolio;
GRANT SELECT, INSERT, DELETE ON portfolio.snapshot_positions, portfolio.equity_points
    TO bourse_portfolio;

CREATE VIEW audit.snapshots AS
SELECT portfolio_id, day, closed_at, cash, market_value, cash + market_value AS equity, deposits,
       withdrawals
FROM portfolio.snapshots;
