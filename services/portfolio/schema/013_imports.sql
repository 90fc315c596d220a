-- Movements that were made elsewhere and imported: buys and sells of no order, whose reference is the
-- import; and fees, which cost the portfolio or one of its tickers something and buy nothing.
-- contract: every row that was allowed stays allowed.
ALTER TABLE portfolio.journals
    DROP CONSTRAINT journals_kind_check,
    DROP CONSTRAINT journals_check,
    ADD CONSTRAINT journals_kind_check CHECK
        (kind IN ('deposit', 'withdrawal', 'buy', 'sell', 'opening', 'reset', 'dividend', 'split',
                  'cash_in_lieu', 'fee')),
    ADD CONSTRAINT journals_trade_check CHECK
        (kind NOT IN ('buy', 'sell')
         OR ((order_id IS NULL OR id = reference) AND ticker IS NOT NULL
             AND quantity IS NOT NULL AND price IS NOT NULL));
