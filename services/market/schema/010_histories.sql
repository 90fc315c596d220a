-- The daily bars that a provider of live prices was asked for, once for each symbol: what came is in bars.
CREATE TABLE market.histories (
    ticker text COLLATE "C" PRIMARY KEY REFERENCES market.symbols (ticker) ON DELETE CASCADE,
    asked_on date NOT NULL, -- in New York
    bar_count integer NOT NULL CHECK (bar_count >= 0), -- that came; 0 when nobody had any
    provider text CHECK (char_length(provider) BETWEEN 1 AND 32),
    is_split_adjusted boolean NOT NULL -- by the splits until then; else as traded
);

GRANT SELECT, INSERT, UPDATE, DELETE ON market.histories TO bourse_market;
