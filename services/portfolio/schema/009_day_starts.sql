-- How the day of trading began for a portfolio whose loss of a day is limited: what it was worth, and
-- what had been deposited. Made of the ledger when it is first asked for, and good for that day until
-- the portfolio begins anew (`reset_seq` is that of its row).
CREATE TABLE portfolio.day_starts (
    portfolio_id uuid PRIMARY KEY,
    day timestamptz NOT NULL,
    reset_seq bigint NOT NULL,
    equity numeric(22, 6) NOT NULL,
    external numeric(22, 6) NOT NULL
) WITH (fillfactor = 50);

GRANT SELECT, INSERT, UPDATE ON portfolio.day_starts TO bourse_portfolio;

-- What is open to be bought of a ticker. An order that is filled at once is never in here for long.
CREATE INDEX holds_open_buys ON portfolio.holds (portfolio_id, ticker)
    WHERE state = 'active' AND side = 'buy';
