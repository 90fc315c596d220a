-- How the orders of a portfolio are filled, and what that costs. The list of models is that of
-- fill_settings.h, which a test compares with it.
ALTER TABLE portfolio.portfolios
    ADD COLUMN fill_model text NOT NULL DEFAULT 'quote' CHECK (fill_model IN ('quote', 'bar')),
    ADD COLUMN slippage_bps numeric(6, 2) NOT NULL DEFAULT 0
        CHECK (slippage_bps BETWEEN 0 AND 1000),
    ADD COLUMN participation_percent numeric(5, 2) NOT NULL DEFAULT 0 -- 0 for no limit
        CHECK (participation_percent BETWEEN 0 AND 100),
    ADD COLUMN commission_per_order numeric(20, 6) NOT NULL DEFAULT 0
        CHECK (commission_per_order BETWEEN 0 AND 1000),
    ADD COLUMN commission_per_share numeric(20, 6) NOT NULL DEFAULT 0
        CHECK (commission_per_share BETWEEN 0 AND 100),
    ADD COLUMN commission_bps numeric(6, 2) NOT NULL DEFAULT 0
        CHECK (commission_bps BETWEEN 0 AND 1000),
    ADD COLUMN commission_minimum numeric(20, 6) NOT NULL DEFAULT 0
        CHECK (commission_minimum BETWEEN 0 AND 1000),
    ADD COLUMN latency_ms integer NOT NULL DEFAULT 0 CHECK (latency_ms BETWEEN 0 AND 60000),
    -- Another one after each change.
    ADD COLUMN fill_settings_version bigint NOT NULL DEFAULT 0 CHECK (fill_settings_version >= 0);
