-- The number of the latest change of each cash and shares balance, counted for each portfolio in the order in
-- which changes are committed: they are made under the lock of the portfolio's row. The cash comes last in every
-- change, so that its number is the portfolio's.
ALTER TABLE portfolio.balances
    ADD COLUMN sequence bigint NOT NULL DEFAULT 0 CHECK (sequence >= 0); -- 0 of other accounts

UPDATE portfolio.balances b SET sequence = n.place
FROM (SELECT portfolio_id, asset, account, row_number()
          OVER (PARTITION BY portfolio_id ORDER BY account = 'cash', asset) AS place
      FROM portfolio.balances WHERE account IN ('cash', 'shares')) AS n
WHERE b.portfolio_id = n.portfolio_id AND b.asset = n.asset AND b.account = n.account;
