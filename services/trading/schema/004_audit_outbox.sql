-- What administrators did, until it is in the audit log of auth. See lib/service/audit_outbox.h.
CREATE TABLE trading.audit_outbox (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor_id uuid,
    actor text CHECK (char_length(actor) <= 64),
    action text NOT NULL CHECK (char_length(action) <= 64),
    subject text CHECK (char_length(subject) <= 254),
    detail text CHECK (char_length(detail) <= 200),
    client_address text CHECK (char_length(client_address) <= 45),
    request_id uuid NOT NULL
);

-- Written once and then handed over: never changed.
GRANT SELECT, INSERT, DELETE ON trading.audit_outbox TO bourse_trading;
