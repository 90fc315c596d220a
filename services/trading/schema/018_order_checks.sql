-- The rules of an order, as one function that a connection reads once. The checks of a table are read anew by
-- every statement that writes it, whether it writes one row or many, and of these there were 33: for one order
-- that was more work than all else of the statement.
--
-- A rule that cannot be said of an order is NULL, as its column is, and forbids nothing. The lists are those of
-- order.h and order_class.h, which a test compares with them. Another migration that changes a rule replaces
-- the function.
CREATE FUNCTION trading.order_is_sound(o trading.orders) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN o.side IN ('buy', 'sell')
        -- What there is.
        AND o.type IN ('market', 'limit', 'stop', 'stop_limit', 'trailing_stop')
        AND o.time_in_force IN ('day', 'gtc', 'ioc', 'fok', 'opg', 'cls')
        AND o.status IN ('pending_new', 'held', 'new', 'partially_filled', 'pending_replace', 'filled', 'canceled', 'expired', 'rejected', 'replaced')
        AND o.order_class IN ('simple', 'bracket', 'oco', 'oto')
        AND o.part IN ('entry', 'take_profit', 'stop_loss')
        -- What a number may be.
        AND o.quantity > 0
        AND o.hold_amount >= 0
        AND o.commission >= 0
        AND o.notional > 0
        AND o.limit_price > 0
        AND o.stop_price > 0
        AND o.trail_price > 0
        AND (o.trail_percent > 0 AND o.trail_percent < 100)
        AND o.high_water > 0
        AND o.volume_seen >= 0
        AND char_length(o.fill_terms) BETWEEN 1 AND 255
        -- What belongs to a type.
        AND (o.limit_price IS NOT NULL) = (o.type IN ('limit', 'stop_limit'))
        AND (o.stop_price IS NOT NULL) = (o.type IN ('stop', 'stop_limit', 'trailing_stop'))
        AND ((o.trail_price IS NULL) <> (o.trail_percent IS NULL)) = (o.type = 'trailing_stop')
        AND NOT (o.trail_price IS NOT NULL AND o.trail_percent IS NOT NULL)
        AND (o.high_water IS NOT NULL) = (o.type = 'trailing_stop')
        AND (NOT o.extended_hours OR (o.type = 'limit' AND o.time_in_force IN ('day', 'gtc')))
        AND (o.triggered_at IS NULL OR o.stop_price IS NOT NULL)
        -- What has been filled.
        AND (o.filled_quantity >= 0 AND o.filled_quantity <= o.quantity)
        AND (o.status = 'filled') = (o.filled_quantity = o.quantity)
        AND (o.status <> 'partially_filled' OR (o.filled_quantity > 0 AND o.filled_quantity < o.quantity))
        AND (o.filled_quantity > 0) = (o.average_fill_price IS NOT NULL)
        AND (o.fill_count >= 0 AND (o.fill_count > 0) = (o.filled_quantity > 0))
        AND (o.filled_value IS NOT NULL) = (o.fill_count > 0)
        AND (o.booked_count >= 0 AND o.booked_count <= o.fill_count)
        -- What was decided with the intent.
        AND CASE WHEN o.decided_quantity IS NULL
            THEN num_nonnulls(o.decided_price, o.decided_commission, o.decided_quote_at) = 0
            ELSE num_nonnulls(o.decided_price, o.decided_commission, o.decided_quote_at) = 3
                 AND o.decided_quantity > 0 AND o.decided_quantity <= o.quantity AND o.decided_price > 0
                 AND o.decided_commission >= 0 AND o.replaces IS NULL END
        -- Others that it has to do with. A bracket and an OTO buy and then sell, an OCO sells; and only what has
        -- an entry waits for it, or for a parent that is not there yet.
        AND (o.status = 'replaced') = (o.replaced_by IS NOT NULL)
        AND (o.order_class = 'simple') = (o.group_id IS NULL)
        AND (o.order_class = 'simple') = (o.part IS NULL)
        AND (o.part = 'entry') = (o.side = 'buy')
        AND (o.order_class <> 'oco' OR o.part <> 'entry')
        AND (o.status <> 'held' OR (o.part IS NOT NULL AND o.part <> 'entry'));
END $$;

ALTER TABLE trading.orders
    DROP CONSTRAINT orders_check,
    DROP CONSTRAINT orders_check1,
    DROP CONSTRAINT orders_check2,
    DROP CONSTRAINT orders_class_and_group_check,
    DROP CONSTRAINT orders_commission_check,
    DROP CONSTRAINT orders_decided_check,
    DROP CONSTRAINT orders_fill_count_check,
    DROP CONSTRAINT orders_fill_terms_check,
    DROP CONSTRAINT orders_high_water_check,
    DROP CONSTRAINT orders_hold_amount_check,
    DROP CONSTRAINT orders_limit_price_check,
    DROP CONSTRAINT orders_notional_check,
    DROP CONSTRAINT orders_order_class_check,
    DROP CONSTRAINT orders_part_and_side_check,
    DROP CONSTRAINT orders_part_check,
    DROP CONSTRAINT orders_partially_filled_check,
    DROP CONSTRAINT orders_quantity_check,
    DROP CONSTRAINT orders_side_check,
    DROP CONSTRAINT orders_status_and_part_check,
    DROP CONSTRAINT orders_status_and_replaced_check,
    DROP CONSTRAINT orders_status_check,
    DROP CONSTRAINT orders_stop_and_trigger_check,
    DROP CONSTRAINT orders_stop_price_check,
    DROP CONSTRAINT orders_time_in_force_check,
    DROP CONSTRAINT orders_trail_percent_check,
    DROP CONSTRAINT orders_trail_price_check,
    DROP CONSTRAINT orders_type_and_high_water_check,
    DROP CONSTRAINT orders_type_and_hours_check,
    DROP CONSTRAINT orders_type_and_limit_check,
    DROP CONSTRAINT orders_type_and_stop_check,
    DROP CONSTRAINT orders_type_and_trail_check,
    DROP CONSTRAINT orders_type_check,
    DROP CONSTRAINT orders_volume_seen_check,
    ADD CONSTRAINT orders_sound_check CHECK (trading.order_is_sound(orders));
