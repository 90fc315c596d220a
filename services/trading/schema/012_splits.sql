-- The latest split of each ticker that has begun to be booked: an order that was made ready before it came into
-- effect, with prices and a quantity of the old shares, is not taken any more.
CREATE TABLE trading.splits (
    ticker text PRIMARY KEY CHECK (char_length(ticker) BETWEEN 1 AND 15),
    effective_at timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON trading.splits TO bourse_trading;
