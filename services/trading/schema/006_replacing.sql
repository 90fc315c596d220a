-- An order that takes another one's place. The list of states is that of order.h.
ALTER TABLE trading.orders
    DROP CONSTRAINT orders_status_check,
    ADD CONSTRAINT orders_status_check
        CHECK (status IN ('pending_new', 'new', 'pending_replace', 'filled', 'canceled', 'expired', 'rejected', 'replaced')),
    ADD COLUMN replaces uuid,
    ADD COLUMN replaced_by uuid,
    ADD CONSTRAINT orders_status_and_replaced_check
        CHECK ((status = 'replaced') = (replaced_by IS NOT NULL));

-- An order is looked up by the client's name for it.
CREATE INDEX orders_by_user_and_client_order_id ON trading.orders (user_id, client_order_id)
    WHERE client_order_id IS NOT NULL;
