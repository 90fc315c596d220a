-- Days are kept as they were traded. Providers give theirs divided by all splits until they are asked, which
-- is undone by the splits that are known, then or later: so it is kept of each such day until when.
ALTER TABLE market.bars ADD COLUMN adjusted_through date; -- NULL: by no split

-- What of a history has been asked for: days that are missing until settled_through nobody has. does_not_fit:
-- at the last time what came did not continue what is there, as after a split that is not known.
ALTER TABLE market.histories
    ADD COLUMN settled_through date,
    ADD COLUMN does_not_fit boolean NOT NULL DEFAULT false;

-- The histories that there are were kept as they came: splits that had been entered before are undone now. The
-- days that continued them were divided by none. Those that were there before cannot be told from those that came;
-- they were fewer than 30.
UPDATE market.bars b SET adjusted_through = r.asked_on, open = r.open, high = r.high, low = r.low, close = r.close,
    volume = r.volume
FROM (SELECT o.ticker, o.day, h.asked_on,
          least(greatest(round(o.open * s.ratio, 6), 0.000001), 1000000000) AS open,
          least(greatest(round(o.high * s.ratio, 6), 0.000001), 1000000000) AS high,
          least(greatest(round(o.low * s.ratio, 6), 0.000001), 1000000000) AS low,
          least(greatest(round(o.close * s.ratio, 6), 0.000001), 1000000000) AS close,
          least(round(o.volume / s.ratio), 1000000000000000)::bigint AS volume
      FROM market.histories h
      JOIN market.bars o ON o.ticker = h.ticker AND o.day < h.asked_on AND NOT o.is_of_minutes AND NOT o.is_of_quotes
      CROSS JOIN LATERAL (SELECT COALESCE(exp(sum(ln(a.numerator::numeric / a.denominator))), 1) AS ratio
          FROM market.corporate_actions a
          WHERE a.ticker = h.ticker AND a.kind = 'split' AND a.ex_date > o.day AND a.ex_date <= h.asked_on) s
      WHERE h.is_split_adjusted AND h.bar_count > 0) AS r
WHERE b.ticker = r.ticker AND b.day = r.day;
