-- What explains why an order of a run was refused, as orders have it: lines of "name=value".
ALTER TABLE trading.strategy_decisions
    ADD COLUMN reason_details text CHECK (char_length(reason_details) <= 4000);
