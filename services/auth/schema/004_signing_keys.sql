-- Keys that are replaced. A new key is announced before it signs, from signs_from on; by then the one
-- before it has been given its end, when the last token that it signed has expired. A key without an
-- end is the newest, and there is one at most.
ALTER TABLE signing_keys ADD COLUMN signs_from timestamptz NOT NULL DEFAULT now();
ALTER TABLE signing_keys ADD COLUMN ends_at timestamptz;
CREATE UNIQUE INDEX signing_keys_newest ON signing_keys ((true)) WHERE ends_at IS NULL;

-- Private parts are deleted once their key signs no more.
ALTER TABLE signing_keys ALTER COLUMN private_pem DROP NOT NULL;
ALTER TABLE signing_keys ADD CONSTRAINT signing_keys_newest_can_sign
    CHECK (private_pem IS NOT NULL OR ends_at IS NOT NULL);

-- What has been announced, by its id, its public part and its time, is never changed.
GRANT UPDATE (private_pem, ends_at), DELETE ON signing_keys TO bourse_auth;
