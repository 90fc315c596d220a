-- What users look at. Lists are found by their id alone, so that comes first in their keys. These
-- tables are not busy, so foreign keys may say what belongs together.
CREATE TABLE portfolio.watchlists (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (id, user_id)
);
CREATE UNIQUE INDEX watchlists_by_name ON portfolio.watchlists (user_id, lower(name));
CREATE INDEX watchlists_by_user ON portfolio.watchlists (user_id, created_at, id);

CREATE TABLE portfolio.watchlist_symbols (
    watchlist_id uuid NOT NULL,
    user_id uuid NOT NULL,
    ticker text NOT NULL CHECK (char_length(ticker) BETWEEN 1 AND 15),
    position bigint NOT NULL CHECK (position >= 1), -- the user's order; removals leave gaps
    PRIMARY KEY (watchlist_id, user_id, ticker),
    FOREIGN KEY (watchlist_id, user_id) REFERENCES portfolio.watchlists (id, user_id)
        ON DELETE CASCADE
);

-- Which one is the default: exactly one of a user who has any, and it cannot be deleted. The row is
-- also the lock that the changes of a user's watchlists take.
CREATE TABLE portfolio.default_watchlists (
    user_id uuid PRIMARY KEY,
    watchlist_id uuid NOT NULL,
    FOREIGN KEY (watchlist_id, user_id) REFERENCES portfolio.watchlists (id, user_id)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON portfolio.watchlists, portfolio.watchlist_symbols
    TO bourse_portfolio;
GRANT SELECT, INSERT, UPDATE ON portfolio.default_watchlists TO bourse_portfolio;
