-- Orders that are to rest pass a gate one by one, that of their portfolio and ticker: so of two that could
-- trade with each other the later one sees the earlier, also when both are placed at the same moment. They
-- share these few, which are locked and never written.
CREATE TABLE trading.resting_gates (
    id integer PRIMARY KEY CHECK (id >= 0)
);
INSERT INTO trading.resting_gates (id) SELECT generate_series(0, 1023);

-- To lock a row is to be allowed to change it.
GRANT SELECT, UPDATE ON trading.resting_gates TO bourse_trading;

-- From here on an order is in resting_orders from its intent on.
INSERT INTO trading.resting_orders (portfolio_id, ticker, order_id, side, limit_price, trails)
SELECT portfolio_id, ticker, id, side, limit_price, type = 'trailing_stop'
FROM trading.orders
WHERE status = 'pending_new' AND decided_quantity IS NULL AND time_in_force NOT IN ('ioc', 'fok')
ON CONFLICT DO NOTHING;
