-- Splits and dividends. `entered_at` is platform time.
CREATE TABLE market.corporate_actions (
    id uuid PRIMARY KEY,
    ticker text COLLATE "C" NOT NULL REFERENCES market.symbols (ticker),
    kind text NOT NULL CHECK (kind IN ('split', 'dividend')),
    ex_date date NOT NULL CHECK (ex_date BETWEEN DATE '1990-01-01' AND DATE '2100-12-31'),
    numerator integer CHECK (numerator BETWEEN 1 AND 10000),
    denominator integer CHECK (denominator BETWEEN 1 AND 10000),
    amount numeric(20, 6) CHECK (amount > 0 AND amount <= 1000000),
    entered_at timestamptz NOT NULL,
    UNIQUE (ticker, kind, ex_date),
    CHECK ((kind = 'split') = (numerator IS NOT NULL)),
    CHECK ((kind = 'split') = (denominator IS NOT NULL)),
    CHECK ((kind = 'dividend') = (amount IS NOT NULL)),
    CHECK (numerator <> denominator)
);
CREATE INDEX corporate_actions_by_day ON market.corporate_actions (ex_date, ticker, kind);

GRANT SELECT, INSERT, DELETE ON market.corporate_actions TO bourse_market;
