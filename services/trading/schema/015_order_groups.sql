-- Orders that are placed together and depend on each other. The lists are those of order.h and
-- order_class.h, which a test compares with them. What is held for the exits of a group is held under
-- the group's id.
ALTER TABLE trading.orders
    DROP CONSTRAINT orders_status_check,
    ADD CONSTRAINT orders_status_check
        CHECK (status IN ('pending_new', 'held', 'new', 'partially_filled', 'pending_replace', 'filled', 'canceled', 'expired', 'rejected', 'replaced')),
    ADD COLUMN order_class text NOT NULL DEFAULT 'simple',
    ADD COLUMN group_id uuid,
    ADD COLUMN part text,
    ADD CONSTRAINT orders_order_class_check
        CHECK (order_class IN ('simple', 'bracket', 'oco', 'oto')),
    ADD CONSTRAINT orders_part_check
        CHECK (part IN ('entry', 'take_profit', 'stop_loss')),
    ADD CONSTRAINT orders_class_and_group_check
        CHECK ((order_class = 'simple') = (group_id IS NULL)
               AND (order_class = 'simple') = (part IS NULL)),
    -- A bracket and an OTO buy and then sell, an OCO sells; and only what has an entry waits for it, or
    -- for a parent that is not there yet.
    ADD CONSTRAINT orders_part_and_side_check
        CHECK ((part = 'entry') = (side = 'buy') AND (order_class <> 'oco' OR part <> 'entry')),
    ADD CONSTRAINT orders_status_and_part_check
        CHECK (status <> 'held' OR (part IS NOT NULL AND part <> 'entry'));

-- The first orders of a group are its lock: whoever changes one of a group locks them before.
CREATE INDEX orders_by_group ON trading.orders (group_id) WHERE group_id IS NOT NULL;
