-- Events are found by their time, and removed when they are as old as the operators say. The role that the
-- service has can still do neither by itself: this function, of whoever owns the table, removes old ones alone,
-- and none that is younger than 30 days, whoever asks.
CREATE INDEX audit_log_by_time ON audit_log (at);

CREATE FUNCTION audit_log_remove(older_than timestamptz, most bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
DECLARE
    removed bigint;
BEGIN
    IF older_than > now() - interval '30 days' THEN
        RAISE EXCEPTION 'events of the last 30 days are not removed';
    END IF;
    DELETE FROM auth.audit_log WHERE id IN
        (SELECT id FROM auth.audit_log WHERE at < older_than ORDER BY at LIMIT most);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END
$$;
REVOKE ALL ON FUNCTION audit_log_remove(timestamptz, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_log_remove(timestamptz, bigint) TO bourse_auth;
