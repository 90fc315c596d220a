-- Dividends and splits of what is held, each booked once in every portfolio that had the shares. A
-- row says how far one has come: portfolios are gone through in the order of their ids, some in a
-- transaction.
CREATE TABLE portfolio.corporate_actions (
    id uuid PRIMARY KEY,
    ticker text NOT NULL CHECK (char_length(ticker) BETWEEN 1 AND 15),
    kind text NOT NULL CHECK (kind IN ('split', 'dividend')),
    numerator integer CHECK (numerator >= 1),
    denominator integer CHECK (denominator >= 1),
    amount numeric(20, 6) CHECK (amount > 0),
    whole_shares boolean NOT NULL,
    price numeric(20, 6) CHECK (price > 0), -- that the rest of a share is paid at
    effective_at timestamptz NOT NULL,
    booked_at timestamptz NOT NULL,
    done_through uuid, -- the last portfolio that has it; NULL before the first
    portfolios bigint NOT NULL DEFAULT 0, -- that something was booked in
    completed_at timestamptz,
    CHECK ((kind = 'split') = (numerator IS NOT NULL AND denominator IS NOT NULL)),
    CHECK ((kind = 'dividend') = (amount IS NOT NULL)),
    CHECK (kind = 'dividend' OR whole_shares = (price IS NOT NULL))
);
CREATE INDEX corporate_actions_open ON portfolio.corporate_actions (ticker)
    WHERE completed_at IS NULL;

-- Taken by whoever begins an action, and shared by whoever copies a portfolio: no copy is made of
-- what an action has not come to yet and put where it has been.
CREATE TABLE portfolio.corporate_action_gate (
    id integer PRIMARY KEY CHECK (id = 1)
);
INSERT INTO portfolio.corporate_action_gate VALUES (1);

-- Who holds a ticker. Of columns that never change, so that writing a balance stays cheap.
CREATE INDEX balances_by_holder ON portfolio.balances (asset, portfolio_id)
    WHERE account = 'shares';

ALTER TABLE portfolio.journals
    DROP CONSTRAINT journals_kind_check,
    DROP CONSTRAINT journals_profit_check,
    DROP CONSTRAINT journals_quantity_check,
    ADD CONSTRAINT journals_kind_check CHECK
        (kind IN ('deposit', 'withdrawal', 'buy', 'sell', 'opening', 'reset', 'dividend', 'split',
                  'cash_in_lieu')),
    ADD CONSTRAINT journals_profit_check CHECK
        ((realized_pl IS NULL) = (realized_pl_fifo IS NULL)
         AND (kind NOT IN ('sell', 'cash_in_lieu') OR realized_pl IS NOT NULL)
         AND (kind IN ('sell', 'cash_in_lieu', 'reset') OR realized_pl IS NULL)),
    ADD CONSTRAINT journals_quantity_check CHECK
        (quantity > 0 OR (kind = 'split' AND quantity < 0));

GRANT SELECT, INSERT, UPDATE ON portfolio.corporate_actions TO bourse_portfolio;
GRANT SELECT, UPDATE ON portfolio.corporate_action_gate TO bourse_portfolio;
