-- A portfolio can begin anew: journals take what it has to nothing and its cash to what it began
-- with. What is derived counts from there on; the ledger keeps everything. And it can begin as
-- another one stands.
ALTER TABLE portfolio.portfolios
    ADD COLUMN opening_cash numeric(20, 6) NOT NULL DEFAULT 0 CHECK (opening_cash >= 0),
    ADD COLUMN reset_at timestamptz,
    ADD COLUMN reset_seq bigint NOT NULL DEFAULT 0; -- of cash: movements before are of before

UPDATE portfolio.portfolios p SET opening_cash = e.amount
FROM portfolio.entries e
JOIN portfolio.journals j ON j.portfolio_id = e.portfolio_id AND j.id = e.journal_id
WHERE e.portfolio_id = p.id AND e.account = 'cash' AND e.asset = 'USD' AND e.seq = 1
  AND j.kind = 'deposit' AND j.note = 'opening balance';
ALTER TABLE portfolio.portfolios ALTER COLUMN opening_cash DROP DEFAULT;

-- What the cost of a position changed by, where that is not what was paid or got.
ALTER TABLE portfolio.journals ADD COLUMN cost_change numeric(20, 6);
ALTER TABLE portfolio.journals
    DROP CONSTRAINT journals_kind_check,
    DROP CONSTRAINT journals_check1,
    DROP CONSTRAINT journals_check2,
    ADD CONSTRAINT journals_kind_check CHECK
        (kind IN ('deposit', 'withdrawal', 'buy', 'sell', 'opening', 'reset')),
    ADD CONSTRAINT journals_profit_check CHECK
        ((realized_pl IS NULL) = (realized_pl_fifo IS NULL)
         AND (kind <> 'sell' OR realized_pl IS NOT NULL)
         AND (kind IN ('sell', 'reset') OR realized_pl IS NULL)),
    ADD CONSTRAINT journals_cost_check CHECK
        ((cost_change IS NOT NULL) = (kind IN ('opening', 'reset') AND ticker IS NOT NULL));

-- Taken while a user's portfolios are counted, so that there are never more than are allowed.
CREATE TABLE portfolio.owners (
    user_id uuid PRIMARY KEY,
    updated_at timestamptz NOT NULL
);
CREATE INDEX portfolios_open_by_user ON portfolio.portfolios (user_id) WHERE closed_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON portfolio.owners TO bourse_portfolio;
