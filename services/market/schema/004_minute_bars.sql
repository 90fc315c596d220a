-- Minutes of prices that nothing can repeat, built from the quotes as they came; `at` is the minute's start.
CREATE TABLE market.minute_bars (
    ticker text COLLATE "C" NOT NULL REFERENCES market.symbols (ticker),
    at timestamptz NOT NULL CHECK (extract(epoch FROM at) % 60 = 0
        AND at >= TIMESTAMPTZ '1990-01-01T00:00:00Z' AND at < TIMESTAMPTZ '2101-01-01T00:00:00Z'),
    open numeric(20, 6) NOT NULL,
    high numeric(20, 6) NOT NULL,
    low numeric(20, 6) NOT NULL,
    close numeric(20, 6) NOT NULL,
    volume bigint NOT NULL CHECK (volume BETWEEN 0 AND 1000000000000000),
    PRIMARY KEY (ticker, at),
    CHECK (low > 0 AND high <= 1000000000),
    CHECK (open BETWEEN low AND high),
    CHECK (close BETWEEN low AND high)
);
-- The oldest are removed first.
CREATE INDEX minute_bars_by_age ON market.minute_bars (at);

GRANT SELECT, INSERT, UPDATE, DELETE ON market.minute_bars TO bourse_market;
