-- An index that begins with the portfolio invites plans that read all orders of a portfolio to find one
-- of them, made while there were few. A request is looked up with both columns, so their order is free.
ALTER TABLE trading.orders
    DROP CONSTRAINT orders_portfolio_id_request_id_key,
    ADD CONSTRAINT orders_request_id_portfolio_id_key UNIQUE (request_id, portfolio_id);

-- Nearly every order is updated once, soon after it was inserted; in the same page that leaves all
-- indexes as they are.
ALTER TABLE trading.orders SET (fillfactor = 50);
