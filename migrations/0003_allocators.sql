-- Who is there to decide, so that partitions spread over all of them; and why a partition waits for
-- another allocator than the one that holds it.

-- Unlogged: a beat every quarter of a second costs no fsync, and after a crash nobody is there anyway.
CREATE UNLOGGED TABLE allocators (
    id          uuid        PRIMARY KEY,
    alive_until timestamptz NOT NULL,
    held        integer     NOT NULL,
    can_decide  boolean     NOT NULL,
    CONSTRAINT allocators_held CHECK (held >= 0)
) WITH (fillfactor = 50); -- a few hot rows: room to stay in their page

COMMENT ON TABLE allocators IS 'The running allocators. A hint for balancing: ownership itself is in partitions alone.';
COMMENT ON COLUMN allocators.alive_until IS 'By clock_timestamp(): after it the process counts as gone.';
COMMENT ON COLUMN allocators.held IS 'How many partitions it holds or is just taking.';
COMMENT ON COLUMN allocators.can_decide IS 'Whether JetStream answers it.';

ALTER TABLE partitions ADD COLUMN stopped_seq bigint;
ALTER TABLE partitions ADD COLUMN stopped     text;

COMMENT ON COLUMN partitions.stopped_seq IS
    'A record that an allocator must not decide: of a newer version, or of a key it was not given. Counts while it is cursor + 1.';
COMMENT ON COLUMN partitions.stopped IS 'Why that allocator must not decide it.';

GRANT SELECT, INSERT, UPDATE, DELETE ON allocators TO firstcome_allocator;
