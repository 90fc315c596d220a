-- Orders that are filled in parts, by the terms that their portfolio's fill settings were when their
-- funds were held. The list of states is that of order.h.
ALTER TABLE trading.orders
    DROP CONSTRAINT orders_status_check,
    ADD CONSTRAINT orders_status_check
        CHECK (status IN ('pending_new', 'new', 'partially_filled', 'pending_replace', 'filled', 'canceled', 'expired', 'rejected', 'replaced')),
    ADD COLUMN fill_terms text CHECK (char_length(fill_terms) BETWEEN 1 AND 255), -- NULL for plain ones
    ADD COLUMN fill_count integer NOT NULL DEFAULT 0,
    ADD COLUMN booked_count integer NOT NULL DEFAULT 0, -- fills that portfolio is known to have booked
    ADD COLUMN filled_value numeric(35, 15),            -- of all fills, exactly
    ADD COLUMN volume_seen bigint CHECK (volume_seen >= 0); -- of looked_at's session, until then

UPDATE trading.orders
SET fill_count = 1, filled_value = average_fill_price * filled_quantity
WHERE filled_quantity > 0;

ALTER TABLE trading.orders
    ADD CONSTRAINT orders_partially_filled_check
        CHECK (status <> 'partially_filled' OR (filled_quantity > 0 AND filled_quantity < quantity)),
    ADD CONSTRAINT orders_fill_count_check
        CHECK (fill_count >= 0 AND (fill_count > 0) = (filled_quantity > 0)
               AND (filled_value IS NOT NULL) = (fill_count > 0)
               AND booked_count >= 0 AND booked_count <= fill_count);
