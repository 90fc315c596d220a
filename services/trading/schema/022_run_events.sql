-- What becomes of a run is numbered, for those who must not miss any of it: `events` is the latest number, and an event of
-- the run itself; each decision has that of its latest change. Numbers are taken under the lock of the run's row, so they
-- are committed in their order. What was before there were numbers is not told of.

ALTER TABLE trading.strategy_runs
    ADD COLUMN events bigint NOT NULL DEFAULT 1,
    ADD COLUMN events_kept_after bigint NOT NULL DEFAULT 0; -- those up to here may be gone
UPDATE trading.strategy_runs SET events_kept_after = 1;

ALTER TABLE trading.strategy_decisions
    ADD COLUMN event bigint NOT NULL DEFAULT 0;
CREATE INDEX strategy_decisions_by_event ON trading.strategy_decisions (run_id, event);
