-- What outlives a restart of the live market: how much of each provider's budget is spent, and the
-- last price of each symbol.
CREATE TABLE market.provider_states (
    provider text PRIMARY KEY CHECK (char_length(provider) BETWEEN 1 AND 32),
    minute_used_until timestamptz NOT NULL, -- when its budget of a minute will be whole again
    day_used_until timestamptz NOT NULL,
    blocked_until timestamptz NOT NULL, -- by its own word
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE market.last_quotes (
    ticker text COLLATE "C" PRIMARY KEY,
    price numeric(20, 6) NOT NULL CHECK (price > 0),
    open numeric(20, 6) NOT NULL, -- 0 for not known, as the next three
    high numeric(20, 6) NOT NULL,
    low numeric(20, 6) NOT NULL,
    previous_close numeric(20, 6) NOT NULL,
    volume bigint NOT NULL,
    quoted_at timestamptz NOT NULL,
    source text NOT NULL CHECK (char_length(source) BETWEEN 1 AND 32)
);

GRANT SELECT, INSERT, UPDATE ON market.provider_states, market.last_quotes TO bourse_market;
