-- Lists of symbols are imported as daily prices are: staged while they arrive, and symbols all at once.
ALTER TABLE market.imports
    ADD COLUMN kind text NOT NULL DEFAULT 'bars' CHECK (kind IN ('bars', 'symbols')),
    ADD COLUMN exchange text CHECK (char_length(exchange) BETWEEN 1 AND 32); -- of lines without one

CREATE TABLE market.import_symbols (
    import_id uuid NOT NULL,
    line bigint NOT NULL,
    ticker text COLLATE "C" NOT NULL,
    name text NOT NULL,
    exchange text,
    sector text,
    PRIMARY KEY (import_id, line)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON market.import_symbols TO bourse_market;
