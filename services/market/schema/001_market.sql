-- Symbols, daily bars, the platform clock and imports under way. Tickers are ordered by their bytes,
-- as the programs order them.

CREATE TABLE market.symbols (
    ticker text COLLATE "C" PRIMARY KEY CHECK (ticker ~ '^[A-Z0-9][A-Z0-9.-]{0,14}$'),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    exchange text CHECK (char_length(exchange) BETWEEN 1 AND 32),
    sector text CHECK (char_length(sector) BETWEEN 1 AND 64),
    currency text NOT NULL DEFAULT 'USD' CHECK (currency ~ '^[A-Z]{3}$'),
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive')),
    fractionable boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- One session of one symbol; `day` is the date in New York.
CREATE TABLE market.bars (
    ticker text COLLATE "C" NOT NULL REFERENCES market.symbols (ticker),
    day date NOT NULL CHECK (day BETWEEN DATE '1990-01-01' AND DATE '2100-12-31'),
    open numeric(20, 6) NOT NULL,
    high numeric(20, 6) NOT NULL,
    low numeric(20, 6) NOT NULL,
    close numeric(20, 6) NOT NULL,
    volume bigint NOT NULL CHECK (volume BETWEEN 0 AND 1000000000000000),
    PRIMARY KEY (ticker, day),
    CHECK (low > 0 AND high <= 1000000000),
    CHECK (open BETWEEN low AND high),
    CHECK (close BETWEEN low AND high)
);
-- A replay reads all symbols day by day.
CREATE INDEX bars_by_day ON market.bars (day, ticker);

-- The platform clock: one row. A replay shows no time later than shown_until.
CREATE TABLE market.clock (
    id integer PRIMARY KEY CHECK (id = 1),
    mode text NOT NULL CHECK (mode IN ('real', 'replay', 'step')),
    base_at timestamptz NOT NULL,
    as_of timestamptz NOT NULL,
    speed numeric(20, 6) NOT NULL CHECK (speed >= 0),
    shown_until timestamptz NOT NULL,
    version bigint NOT NULL
);
INSERT INTO market.clock
VALUES (1, 'step', '1990-01-01T00:00:00Z', now(), 0, '1990-01-01T00:00:00Z', 0);

-- An import while its lines arrive. The bars table sees none of it before the end.
CREATE TABLE market.imports (
    id uuid PRIMARY KEY,
    ticker text, -- of every line; NULL when a column says it
    header text,
    next_sequence bigint NOT NULL DEFAULT 0,
    next_line bigint NOT NULL DEFAULT 1,
    rejected_count bigint NOT NULL DEFAULT 0,
    touched_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE market.import_bars (
    import_id uuid NOT NULL,
    line bigint NOT NULL,
    ticker text COLLATE "C" NOT NULL,
    day date NOT NULL,
    open numeric(20, 6) NOT NULL,
    high numeric(20, 6) NOT NULL,
    low numeric(20, 6) NOT NULL,
    close numeric(20, 6) NOT NULL,
    volume bigint NOT NULL,
    PRIMARY KEY (import_id, line)
);
-- The first thousand lines that were left out.
CREATE TABLE market.import_rejections (
    import_id uuid NOT NULL,
    line bigint NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (import_id, line)
);

CREATE TABLE market.requests (
    user_id uuid NOT NULL,
    request_id uuid NOT NULL,
    method text NOT NULL,
    body_hash text NOT NULL,
    reply text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, request_id)
);
CREATE INDEX requests_by_age ON market.requests (created_at);

GRANT SELECT, INSERT, UPDATE, DELETE
    ON market.symbols, market.imports, market.import_bars, market.import_rejections, market.requests
    TO bourse_market;
GRANT SELECT, INSERT, UPDATE ON market.bars TO bourse_market;
GRANT SELECT, UPDATE ON market.clock TO bourse_market;
