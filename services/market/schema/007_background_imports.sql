-- What arrives of an import is kept in pieces, durably and without a word about each row; it is made bars or
-- symbols in the background, and what came of it can be asked for. Imports that were under way have to be
-- sent again.
DROP TABLE market.imports, market.import_bars, market.import_symbols;
DELETE FROM market.import_rejections;

CREATE TABLE market.imports (
    id uuid PRIMARY KEY, -- chosen by whoever sends it
    kind text NOT NULL CHECK (kind IN ('bars', 'symbols')),
    ticker text, -- of every bar; NULL when a column says it
    exchange text CHECK (char_length(exchange) BETWEEN 1 AND 32), -- of symbols without one
    state text NOT NULL DEFAULT 'receiving' CHECK (state IN ('receiving', 'merging', 'done', 'failed')),
    header text,
    byte_count bigint NOT NULL DEFAULT 0,
    checksum bigint NOT NULL, -- of those bytes: see lib/base/checksum.h
    is_ended boolean NOT NULL DEFAULT false, -- by a line without an end, which only the last one can be
    line_count bigint NOT NULL DEFAULT 0,
    row_count bigint NOT NULL DEFAULT 0,
    rejected_count bigint NOT NULL DEFAULT 0,
    imported_count bigint NOT NULL DEFAULT 0,
    updated_count bigint NOT NULL DEFAULT 0,
    failure_reason text,
    failure text,
    -- Who said that all has arrived, for the audit log.
    actor_id uuid,
    actor text,
    client_address text,
    request_id uuid,
    started_at timestamptz NOT NULL DEFAULT now(),
    touched_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz CHECK ((finished_at IS NULL) = (state IN ('receiving', 'merging')))
);
CREATE INDEX imports_by_state ON market.imports (state, touched_at);

-- The rows of a piece of the file, in the text format of COPY; `at` is where the piece begins, in bytes.
CREATE TABLE market.import_pieces (
    import_id uuid NOT NULL,
    at bigint NOT NULL,
    rows text NOT NULL,
    PRIMARY KEY (import_id, at)
);
-- Written once, read once and removed: compressing it would cost more than it saves.
ALTER TABLE market.import_pieces ALTER COLUMN rows SET STORAGE EXTERNAL;

GRANT SELECT, INSERT, UPDATE, DELETE ON market.imports, market.import_pieces TO bourse_market;
