-- When an action has been booked for all who held shares, in platform time. One that is entered late
-- corrects charts alone, and counts as booked when it is entered.
ALTER TABLE market.corporate_actions ADD COLUMN booked_at timestamptz;

-- What came into effect while nobody booked it stays as it is.
UPDATE market.corporate_actions a SET booked_at = c.now
FROM (SELECT CASE mode WHEN 'real' THEN now() WHEN 'replay' THEN shown_until ELSE base_at END AS now
      FROM market.clock) AS c
WHERE (a.ex_date + TIME '09:30') AT TIME ZONE 'America/New_York' <= c.now;

CREATE INDEX corporate_actions_unbooked ON market.corporate_actions (ex_date, ticker, kind)
    WHERE booked_at IS NULL;

GRANT UPDATE (booked_at) ON market.corporate_actions TO bourse_market;
