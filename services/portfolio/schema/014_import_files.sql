-- Files of transactions that a page has had checked, until they are imported or an hour is over: one a
-- portfolio.
CREATE TABLE portfolio.import_files (
    portfolio_id uuid PRIMARY KEY,
    digest text NOT NULL CHECK (char_length(digest) = 64),
    csv text NOT NULL CHECK (octet_length(csv) <= 196608),
    kept_at timestamptz NOT NULL
);
CREATE INDEX import_files_by_age ON portfolio.import_files (kept_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON portfolio.import_files TO bourse_portfolio;
