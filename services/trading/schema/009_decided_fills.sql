-- The fill that was decided when the order was taken: whoever goes on with the order has portfolio hold
-- for it and book this one, in one step. It happens at the order's created_at.
ALTER TABLE trading.orders
    ADD COLUMN decided_quantity numeric(20, 9),
    ADD COLUMN decided_price numeric(20, 6),
    ADD COLUMN decided_commission numeric(20, 6),
    ADD COLUMN decided_quote_at timestamptz,
    ADD CONSTRAINT orders_decided_check CHECK
        (CASE WHEN decided_quantity IS NULL
         THEN num_nonnulls(decided_price, decided_commission, decided_quote_at) = 0
         ELSE decided_quantity > 0 AND decided_quantity <= quantity AND decided_price > 0
              AND decided_commission >= 0 AND decided_quote_at IS NOT NULL AND replaces IS NULL END);
