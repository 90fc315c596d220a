-- Backtests that look at stops and targets when a bar closes, as strategies that run do.
ALTER TABLE trading.backtests ADD COLUMN exits_at_close boolean NOT NULL DEFAULT false;
