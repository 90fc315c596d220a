-- Many days of a portfolio are filled some at a time; until when whoever has begun some has to write
-- them, before others reckon the same ones.
ALTER TABLE portfolio.snapshot_progress ADD COLUMN claimed_until timestamptz;
