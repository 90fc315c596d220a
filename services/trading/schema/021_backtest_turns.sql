-- Who waits for backtests is served by turns: whose last one began first.

ALTER TABLE trading.strategy_users ADD COLUMN backtest_started_at timestamptz;
