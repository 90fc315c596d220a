-- What became of the orders of a portfolio, numbered in the order in which it was committed. Whoever changes an
-- order takes the next number under the lock of the portfolio's row in order_sequences, as the last thing before
-- the commit: so no number can be seen while a lower one may still come. The state of an order is in `orders`
-- alone; of several numbers of one order the latest is what counts.
CREATE TABLE trading.order_sequences (
    portfolio_id uuid PRIMARY KEY,
    number bigint NOT NULL CHECK (number > 0),              -- the latest
    kept_after bigint NOT NULL DEFAULT 0 CHECK (kept_after >= 0), -- those up to here may be gone
    CHECK (kept_after <= number)
) WITH (fillfactor = 50);

CREATE TABLE trading.order_events (
    portfolio_id uuid NOT NULL,
    sequence bigint NOT NULL CHECK (sequence > 0),
    order_id uuid NOT NULL,
    PRIMARY KEY (portfolio_id, sequence)
);

GRANT SELECT, INSERT, UPDATE ON trading.order_sequences TO bourse_trading;
GRANT SELECT, INSERT, DELETE ON trading.order_events TO bourse_trading;
