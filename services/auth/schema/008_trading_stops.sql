-- Who has been shut out, or has ended the account, and may trade still: what is to be done in the trading service. It is
-- told at once, and once more when no token of the account can be good anywhere any more.
CREATE TABLE trading_stops (
    user_id uuid PRIMARY KEY REFERENCES users (id),
    asked_at timestamptz NOT NULL DEFAULT now(),
    told_at timestamptz,
    tried_at timestamptz
);

GRANT SELECT, INSERT, UPDATE, DELETE ON trading_stops TO bourse_auth;

-- Those of before nobody was told of.
INSERT INTO trading_stops (user_id) SELECT id FROM users WHERE NOT is_active;
