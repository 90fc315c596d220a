-- The ledger and what is derived from it. Every key of a portfolio's data contains the portfolio's
-- id, and there are no foreign keys between the busy tables: they cost half of the bookings a
-- second, and AuditPortfolio looks for what they would forbid.

CREATE TABLE portfolio.portfolios (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    description text NOT NULL DEFAULT '' CHECK (char_length(description) <= 1000),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    closed_at timestamptz
);
CREATE INDEX portfolios_by_user ON portfolio.portfolios (user_id, created_at, id);

-- One movement. The id of a buy or sell is the id of its fill, so a fill cannot be booked twice;
-- that of a deposit or withdrawal is derived from the request's id.
CREATE TABLE portfolio.journals (
    portfolio_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('deposit', 'withdrawal', 'buy', 'sell')),
    reference uuid NOT NULL,
    order_id uuid,
    ticker text,
    quantity numeric(20, 9) CHECK (quantity > 0),
    price numeric(20, 6) CHECK (price > 0),
    commission numeric(20, 6) NOT NULL DEFAULT 0 CHECK (commission >= 0),
    realized_pl numeric(20, 6),
    note text NOT NULL DEFAULT '',
    booked_at timestamptz NOT NULL,
    PRIMARY KEY (portfolio_id, id),
    CHECK (kind NOT IN ('buy', 'sell')
           OR (id = reference AND order_id IS NOT NULL AND ticker IS NOT NULL
               AND quantity IS NOT NULL AND price IS NOT NULL)),
    CHECK ((kind = 'sell') = (realized_pl IS NOT NULL))
);

-- The lines of the movements. Money is in the accounts cash, external, market and fees, shares are
-- in shares and market_shares; the lines of a journal sum to zero for money and for each ticker.
CREATE TABLE portfolio.entries (
    portfolio_id uuid NOT NULL,
    account text NOT NULL
        CHECK (account IN ('cash', 'shares', 'external', 'market', 'market_shares', 'fees')),
    asset text NOT NULL,
    seq bigint NOT NULL CHECK (seq >= 1),
    journal_id uuid NOT NULL,
    amount numeric(22, 9) NOT NULL,
    balance_after numeric(22, 9) NOT NULL,
    PRIMARY KEY (portfolio_id, account, asset, seq),
    CHECK (account NOT IN ('cash', 'shares') OR balance_after >= 0)
);

-- What the entries sum to. `held` is the part of cash or shares that open orders hold; cost_basis
-- and realized_pl belong to the shares.
CREATE TABLE portfolio.balances (
    portfolio_id uuid NOT NULL,
    asset text NOT NULL,
    account text NOT NULL
        CHECK (account IN ('cash', 'shares', 'external', 'market', 'market_shares', 'fees')),
    amount numeric(22, 9) NOT NULL,
    held numeric(22, 9) NOT NULL DEFAULT 0,
    cost_basis numeric(20, 6) NOT NULL DEFAULT 0,
    realized_pl numeric(20, 6) NOT NULL DEFAULT 0,
    seq bigint NOT NULL CHECK (seq >= 0),
    PRIMARY KEY (portfolio_id, asset, account),
    CHECK (account NOT IN ('cash', 'shares') OR amount >= 0),
    CHECK (held = 0 OR (account IN ('cash', 'shares') AND held > 0 AND held <= amount)),
    CHECK (cost_basis >= 0 AND (cost_basis = 0 OR (account = 'shares' AND amount > 0)))
) WITH (fillfactor = 70);

-- What is held for each order: `amount` of cash for a buy, `quantity` of shares for a sell, and of
-- both sides the quantity that may still be filled. Rows stay, so that a late Reserve is refused.
CREATE TABLE portfolio.holds (
    portfolio_id uuid NOT NULL,
    order_id uuid NOT NULL,
    side text CHECK (side IN ('buy', 'sell')),
    ticker text,
    quantity numeric(20, 9) NOT NULL CHECK (quantity >= 0),
    amount numeric(20, 6) NOT NULL CHECK (amount >= 0),
    state text NOT NULL CHECK (state IN ('active', 'released', 'done')),
    PRIMARY KEY (portfolio_id, order_id),
    CHECK (state <> 'active' OR (side IS NOT NULL AND ticker IS NOT NULL AND quantity > 0)),
    CHECK (state = 'active' OR (quantity = 0 AND amount = 0))
) WITH (fillfactor = 70);

CREATE TABLE portfolio.requests (
    user_id uuid NOT NULL,
    request_id uuid NOT NULL,
    method text NOT NULL,
    body_hash text NOT NULL,
    reply text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, request_id)
);
CREATE INDEX requests_by_age ON portfolio.requests (created_at);

GRANT USAGE ON SCHEMA portfolio TO bourse_portfolio;
GRANT SELECT, INSERT, UPDATE ON portfolio.portfolios, portfolio.balances, portfolio.holds
    TO bourse_portfolio;
GRANT SELECT, INSERT, UPDATE, DELETE ON portfolio.requests TO bourse_portfolio;
-- The ledger is only ever added to.
GRANT SELECT, INSERT ON portfolio.journals, portfolio.entries TO bourse_portfolio;
REVOKE UPDATE, DELETE, TRUNCATE ON portfolio.journals, portfolio.entries FROM bourse_portfolio;

-- What operators and checks read; these stay the same whatever the tables become.
CREATE SCHEMA IF NOT EXISTS audit;

CREATE VIEW audit.entries AS
SELECT e.journal_id, e.seq, e.portfolio_id, e.account, e.asset, e.amount, e.balance_after, j.kind,
       j.reference, j.booked_at
FROM portfolio.entries e
LEFT JOIN portfolio.journals j ON j.portfolio_id = e.portfolio_id AND j.id = e.journal_id;

CREATE VIEW audit.balances AS
SELECT portfolio_id, account, asset, amount FROM portfolio.balances;

CREATE VIEW audit.positions AS
SELECT portfolio_id, asset AS ticker, amount::numeric(20, 9) AS quantity,
       (amount - held)::numeric(20, 9) AS available,
       (cost_basis / amount)::numeric(20, 6) AS average_price
FROM portfolio.balances
WHERE account = 'shares' AND amount > 0;

CREATE VIEW audit.holds AS
SELECT portfolio_id, order_id, CASE side WHEN 'buy' THEN 'USD' ELSE ticker END AS asset,
       CASE side WHEN 'buy' THEN amount ELSE quantity END AS amount
FROM portfolio.holds
WHERE state = 'active';
