-- Minutes are imported as days are. Those of an import are kept for good, and a replay plays them in order of
-- time; those that were built of ticks are removed by age. A row is in one of the two indexes.
ALTER TABLE market.imports
    ADD COLUMN timeframe text CHECK (timeframe IN ('1Day', '1Min')), -- of bars, once it is known
    ADD COLUMN is_timeframe_given boolean NOT NULL DEFAULT false;
UPDATE market.imports SET timeframe = '1Day' WHERE kind = 'bars' AND header IS NOT NULL;

ALTER TABLE market.minute_bars ADD COLUMN is_imported boolean NOT NULL DEFAULT false;
DROP INDEX market.minute_bars_by_age;
CREATE INDEX minute_bars_by_age ON market.minute_bars (at) WHERE NOT is_imported;
CREATE INDEX minute_bars_by_time ON market.minute_bars (at, ticker) WHERE is_imported;

-- A day that has been made of imported minutes, whatever had been known of it before.
ALTER TABLE market.bars ADD COLUMN is_of_minutes boolean NOT NULL DEFAULT false;
CREATE INDEX bars_of_minutes ON market.bars (ticker, day) WHERE is_of_minutes;
