-- What each sale sells: the oldest shares first. The shares of a ticker are counted from where its
-- position was opened from nothing; a purchase is the lot of the shares above
-- quantity_after - quantity and up to quantity_after, a sale takes those of the same numbers. So a
-- fill adds one row and changes none. A position that is opened once more begins another series.
CREATE TABLE portfolio.lots (
    portfolio_id uuid NOT NULL,
    ticker text NOT NULL,
    series integer NOT NULL CHECK (series >= 1),
    quantity_after numeric(20, 9) NOT NULL,
    quantity numeric(20, 9) NOT NULL CHECK (quantity > 0),
    cost_after numeric(20, 6) NOT NULL,
    cost numeric(20, 6) NOT NULL CHECK (cost >= 0),
    journal_id uuid NOT NULL,
    opened_at timestamptz NOT NULL,
    carried boolean NOT NULL DEFAULT false, -- over from the series before, by a split
    PRIMARY KEY (portfolio_id, ticker, series, quantity_after),
    CHECK (quantity <= quantity_after AND cost <= cost_after)
);

CREATE TABLE portfolio.sales (
    portfolio_id uuid NOT NULL,
    ticker text NOT NULL,
    series integer NOT NULL CHECK (series >= 1),
    quantity_after numeric(20, 9) NOT NULL,
    quantity numeric(20, 9) NOT NULL CHECK (quantity > 0),
    cost_after numeric(20, 6) NOT NULL,
    cost numeric(20, 6) NOT NULL CHECK (cost >= 0),
    proceeds numeric(20, 6) NOT NULL,
    journal_id uuid NOT NULL,
    closed_at timestamptz NOT NULL,
    PRIMARY KEY (portfolio_id, ticker, series, quantity_after),
    CHECK (quantity <= quantity_after AND cost <= cost_after)
);

GRANT SELECT, INSERT ON portfolio.lots, portfolio.sales TO bourse_portfolio;
REVOKE UPDATE, DELETE, TRUNCATE ON portfolio.lots, portfolio.sales FROM bourse_portfolio;

-- Of the shares: how many of the series have been sold and what they had cost, what those that are
-- held have cost, and the profit of all sales, when the oldest are sold first. Series before
-- first_series are of before the portfolio was reset.
ALTER TABLE portfolio.balances
    ADD COLUMN series integer NOT NULL DEFAULT 0,
    ADD COLUMN sold numeric(20, 9) NOT NULL DEFAULT 0 CHECK (sold >= 0),
    ADD COLUMN sold_cost numeric(20, 6) NOT NULL DEFAULT 0 CHECK (sold_cost >= 0),
    ADD COLUMN cost_basis_fifo numeric(20, 6) NOT NULL DEFAULT 0,
    ADD COLUMN realized_pl_fifo numeric(20, 6) NOT NULL DEFAULT 0,
    ADD COLUMN first_series integer NOT NULL DEFAULT 0;
ALTER TABLE portfolio.journals ADD COLUMN realized_pl_fifo numeric(20, 6);

-- The lots of what has been traded before there were lots.
CREATE TEMPORARY TABLE trades ON COMMIT DROP AS
SELECT e.portfolio_id, e.asset AS ticker, e.seq, e.journal_id, j.kind, j.quantity, j.booked_at,
       c.amount AS cash,
       (sum(CASE WHEN e.balance_after = e.amount THEN 1 ELSE 0 END)
           OVER (PARTITION BY e.portfolio_id, e.asset ORDER BY e.seq))::integer AS series
FROM portfolio.entries e
JOIN portfolio.journals j ON j.portfolio_id = e.portfolio_id AND j.id = e.journal_id
JOIN portfolio.entries c ON c.portfolio_id = e.portfolio_id AND c.journal_id = e.journal_id
    AND c.account = 'cash'
WHERE e.account = 'shares';

INSERT INTO portfolio.lots
SELECT portfolio_id, ticker, series, sum(quantity) OVER w, quantity, sum(-cash) OVER w, -cash,
       journal_id, booked_at
FROM trades WHERE kind = 'buy'
WINDOW w AS (PARTITION BY portfolio_id, ticker, series ORDER BY seq);
ANALYZE portfolio.lots;

-- A part of a lot costs its share, rounded down; what is left over goes with the lot's last shares.
INSERT INTO portfolio.sales
SELECT s.portfolio_id, s.ticker, s.series, s.quantity_after, s.quantity, c.cost_after,
       c.cost_after - coalesce(lag(c.cost_after) OVER
           (PARTITION BY s.portfolio_id, s.ticker, s.series ORDER BY s.seq), 0),
       s.cash, s.journal_id, s.booked_at
FROM (SELECT *, sum(quantity) OVER (PARTITION BY portfolio_id, ticker, series ORDER BY seq)
             AS quantity_after
      FROM trades WHERE kind = 'sell') s
JOIN LATERAL (
    SELECT l.cost_after - l.cost + div(l.cost * 1000000 * (s.quantity_after - l.quantity_after
           + l.quantity), l.quantity) / 1000000 AS cost_after
    FROM portfolio.lots l
    WHERE l.portfolio_id = s.portfolio_id AND l.ticker = s.ticker AND l.series = s.series
      AND l.quantity_after >= s.quantity_after
    ORDER BY l.quantity_after LIMIT 1) c ON true;
ANALYZE portfolio.sales;

UPDATE portfolio.journals j SET realized_pl_fifo = s.proceeds - s.cost
FROM portfolio.sales s WHERE s.portfolio_id = j.portfolio_id AND s.journal_id = j.id;

UPDATE portfolio.balances b
SET series = t.series, sold = t.sold, sold_cost = t.sold_cost,
    cost_basis_fifo = t.bought_cost - t.sold_cost, realized_pl_fifo = t.realized_pl
FROM (SELECT n.portfolio_id, n.ticker, n.series,
             (SELECT coalesce(max(l.cost_after), 0) FROM portfolio.lots l
              WHERE l.portfolio_id = n.portfolio_id AND l.ticker = n.ticker
                AND l.series = n.series) AS bought_cost,
             (SELECT coalesce(max(s.quantity_after), 0) FROM portfolio.sales s
              WHERE s.portfolio_id = n.portfolio_id AND s.ticker = n.ticker
                AND s.series = n.series) AS sold,
             (SELECT coalesce(max(s.cost_after), 0) FROM portfolio.sales s
              WHERE s.portfolio_id = n.portfolio_id AND s.ticker = n.ticker
                AND s.series = n.series) AS sold_cost,
             (SELECT coalesce(sum(s.proceeds - s.cost), 0) FROM portfolio.sales s
              WHERE s.portfolio_id = n.portfolio_id AND s.ticker = n.ticker) AS realized_pl
      FROM (SELECT portfolio_id, ticker, max(series) AS series FROM trades
            GROUP BY portfolio_id, ticker) n) t
WHERE b.portfolio_id = t.portfolio_id AND b.asset = t.ticker AND b.account = 'shares';

ALTER TABLE portfolio.journals
    ADD CHECK ((kind = 'sell') = (realized_pl_fifo IS NOT NULL));
-- Without a default, a program that does not know lots cannot book any more.
ALTER TABLE portfolio.balances
    ALTER COLUMN series DROP DEFAULT,
    ADD CHECK (cost_basis_fifo >= 0
               AND (cost_basis_fifo = 0 OR (account = 'shares' AND amount > 0)));

CREATE VIEW audit.lots AS
SELECT l.portfolio_id, l.ticker, l.journal_id, l.opened_at, l.quantity AS bought,
       least(l.quantity, l.quantity_after - b.sold)::numeric(20, 9) AS quantity,
       least(l.cost, l.cost_after - b.sold_cost)::numeric(20, 6) AS cost_basis
FROM portfolio.lots l
JOIN portfolio.balances b ON b.portfolio_id = l.portfolio_id AND b.asset = l.ticker
    AND b.account = 'shares' AND b.series = l.series
WHERE l.quantity_after > b.sold;
