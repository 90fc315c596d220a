-- Competitions: everybody who takes part has a portfolio of their own with the same cash to begin with. A few
-- rows that every machine may have.
CREATE TABLE portfolio.competitions (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    description text NOT NULL CHECK (char_length(description) <= 1000),
    cash numeric(20, 6) NOT NULL CHECK (cash > 0),
    starts_at timestamptz NOT NULL, -- platform time: an open of trading, or when it was made
    ends_at timestamptz NOT NULL,   -- a close of trading
    created_at timestamptz NOT NULL,
    CHECK (ends_at > starts_at)
);
CREATE INDEX competitions_by_age ON portfolio.competitions (created_at, id);

CREATE TABLE portfolio.competition_players (
    competition_id uuid NOT NULL REFERENCES portfolio.competitions (id) ON DELETE CASCADE,
    user_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    display_name text NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 40),
    joined_at timestamptz NOT NULL,
    PRIMARY KEY (competition_id, user_id)
);
CREATE UNIQUE INDEX competition_players_by_name
    ON portfolio.competition_players (competition_id, lower(display_name));

-- What a portfolio was opened for, with the times as they were agreed to: a competition's never change. So
-- whoever holds the portfolio's lock knows its rules.
ALTER TABLE portfolio.portfolios
    ADD COLUMN competition_id uuid,
    ADD COLUMN trades_from timestamptz,    -- no order is held for before
    ADD COLUMN competes_until timestamptz; -- nothing is paid in or out before

GRANT SELECT, INSERT, UPDATE, DELETE ON portfolio.competitions TO bourse_portfolio;
GRANT SELECT, INSERT, DELETE ON portfolio.competition_players TO bourse_portfolio;
