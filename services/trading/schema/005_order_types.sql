-- Orders with prices, and times in force other than the day. The lists are those of order.h, which a
-- test compares with them.
ALTER TABLE trading.orders
    DROP CONSTRAINT orders_type_check,
    DROP CONSTRAINT orders_time_in_force_check,
    ADD COLUMN notional numeric(20, 6) CHECK (notional > 0),
    ADD COLUMN limit_price numeric(20, 6) CHECK (limit_price > 0),
    ADD COLUMN stop_price numeric(20, 6) CHECK (stop_price > 0),
    ADD COLUMN trail_price numeric(20, 6) CHECK (trail_price > 0),
    ADD COLUMN trail_percent numeric(20, 6) CHECK (trail_percent > 0 AND trail_percent < 100),
    ADD COLUMN high_water numeric(20, 6) CHECK (high_water > 0),
    ADD COLUMN extended_hours boolean NOT NULL DEFAULT false,
    ADD COLUMN starts_at timestamptz,
    ADD COLUMN triggered_at timestamptz,
    -- Quotes up to here are in high_water, and have not filled the order. It is written now and then:
    -- what was quoted since is asked for again by a process that starts.
    ADD COLUMN looked_at timestamptz,
    ADD CONSTRAINT orders_type_check
        CHECK (type IN ('market', 'limit', 'stop', 'stop_limit', 'trailing_stop')),
    ADD CONSTRAINT orders_time_in_force_check
        CHECK (time_in_force IN ('day', 'gtc', 'ioc', 'fok', 'opg', 'cls')),
    ADD CONSTRAINT orders_type_and_limit_check
        CHECK ((limit_price IS NOT NULL) = (type IN ('limit', 'stop_limit'))),
    ADD CONSTRAINT orders_type_and_stop_check
        CHECK ((stop_price IS NOT NULL) = (type IN ('stop', 'stop_limit', 'trailing_stop'))),
    ADD CONSTRAINT orders_type_and_trail_check
        CHECK (((trail_price IS NULL) <> (trail_percent IS NULL)) = (type = 'trailing_stop')
               AND NOT (trail_price IS NOT NULL AND trail_percent IS NOT NULL)),
    ADD CONSTRAINT orders_type_and_high_water_check
        CHECK ((high_water IS NOT NULL) = (type = 'trailing_stop')),
    ADD CONSTRAINT orders_type_and_hours_check
        CHECK (NOT extended_hours OR (type = 'limit' AND time_in_force IN ('day', 'gtc'))),
    ADD CONSTRAINT orders_stop_and_trigger_check
        CHECK (triggered_at IS NULL OR stop_price IS NOT NULL);

CREATE OR REPLACE VIEW audit.orders AS
SELECT id, user_id, portfolio_id, coalesce(client_order_id, id::text) AS client_order_id, ticker,
       side, type, quantity, limit_price, status, reason, created_at, updated_at
FROM trading.orders;
