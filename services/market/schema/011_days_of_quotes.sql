-- A day that a live market made of what was quoted while somebody looked: it stands in for the day as it was
-- traded, which takes its place when it becomes known.
ALTER TABLE market.bars ADD COLUMN is_of_quotes boolean NOT NULL DEFAULT false;

-- Those that have been made so far are what their minutes come to.
UPDATE market.bars b SET is_of_quotes = true
FROM (SELECT ticker, (at AT TIME ZONE 'America/New_York')::date AS day, max(high) AS high, min(low) AS low,
          sum(volume) AS volume
      FROM market.minute_bars
      WHERE NOT is_imported AND (at AT TIME ZONE 'America/New_York')::time >= TIME '09:30'
          AND (at AT TIME ZONE 'America/New_York')::time < TIME '16:00'
      GROUP BY 1, 2) AS m
WHERE b.ticker = m.ticker AND b.day = m.day AND NOT b.is_of_minutes
    AND (b.high, b.low, b.volume) = (m.high, m.low, m.volume);

-- When the days after those that are there were asked for last; asked_on is when all of them were.
ALTER TABLE market.histories ADD COLUMN continued_on date;
