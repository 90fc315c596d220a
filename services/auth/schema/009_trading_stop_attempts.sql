-- How often trading has refused in a row to stop what somebody trades, as an older one does that does not know how yet:
-- it is asked less and less often.
ALTER TABLE trading_stops ADD COLUMN attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0);
