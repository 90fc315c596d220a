-- What an order costs at most, beside what it costs at least. That the one is not below the other is
-- checked where both are given (fill_settings.h).
ALTER TABLE portfolio.portfolios
    ADD COLUMN commission_maximum numeric(20, 6) NOT NULL DEFAULT 0 -- 0 for none
        CHECK (commission_maximum BETWEEN 0 AND 100000);
