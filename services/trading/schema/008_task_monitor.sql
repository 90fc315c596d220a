-- What the task monitor shows beside the tasks themselves.

-- The processes that work on the queue. Each writes its own row every few seconds.
CREATE TABLE trading.workers (
    name text PRIMARY KEY CHECK (char_length(name) BETWEEN 1 AND 96),
    started_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    completed bigint NOT NULL CHECK (completed >= 0), -- since it started
    failed bigint NOT NULL CHECK (failed >= 0)
);

-- What a worker did in each minute, and how long it took: runtimes[i] tasks took about 100 us * 1.2^i.
-- A row has one writer, which writes it whole, so that writing it again changes nothing.
CREATE TABLE trading.task_minutes (
    kind text NOT NULL CHECK (kind IN ('order')),
    minute timestamptz NOT NULL,
    worker text NOT NULL,
    completed bigint NOT NULL CHECK (completed >= 0),
    failed bigint NOT NULL CHECK (failed >= 0),
    retried bigint NOT NULL CHECK (retried >= 0),
    runtimes bigint[] NOT NULL,
    PRIMARY KEY (kind, minute, worker)
);

-- Failed tasks wait for people; there should be few.
CREATE INDEX tasks_failed ON trading.tasks (id) WHERE state = 'failed';

GRANT SELECT, INSERT, UPDATE, DELETE ON trading.workers, trading.task_minutes TO bourse_trading;
GRANT DELETE ON trading.tasks TO bourse_trading;
