-- What an operator did when a partition could not go on by itself: adopted another stream, lifted a
-- halt, told that Postgres was put back to a backup. Written by the owner of the database alone.

ALTER TABLE partitions ADD COLUMN begins_after bigint NOT NULL DEFAULT 0;
ALTER TABLE partitions ADD CONSTRAINT partitions_begins_after CHECK (0 <= begins_after AND begins_after <= cursor);
-- The place where a generation begins is the one cursor, besides zero, that no record stands at.
ALTER TABLE partitions DROP CONSTRAINT partitions_record_hash;
ALTER TABLE partitions ADD CONSTRAINT partitions_record_hash
    CHECK (octet_length(last_record_hash) = 32 AND (cursor = begins_after) = (last_record_hash IS NULL));

COMMENT ON COLUMN partitions.begins_after IS 'The present generation''s records come after this sequence; zero for the first.';

CREATE TABLE generations (
    partition          smallint    NOT NULL REFERENCES partitions,
    generation         integer     NOT NULL,
    first_seq          bigint      NOT NULL,
    hole_from          bigint      NOT NULL,
    hole_to            bigint      NOT NULL,
    adopted_at         timestamptz NOT NULL DEFAULT now(),
    adopted_by         text        NOT NULL,
    reason             text        NOT NULL,
    old_stream_created timestamptz NOT NULL,
    new_stream_created timestamptz NOT NULL,
    PRIMARY KEY (partition, generation),
    CONSTRAINT generations_number CHECK (generation >= 2),
    CONSTRAINT generations_hole CHECK (0 < hole_from AND hole_from <= hole_to AND first_seq = hole_to + 1),
    CONSTRAINT generations_first_seq CHECK (first_seq <= 4398046511103),
    CONSTRAINT generations_reason CHECK (char_length(reason) BETWEEN 1 AND 1000)
);

COMMENT ON TABLE generations IS 'Every stream an operator adopted; the first generation has no row.';
COMMENT ON COLUMN generations.first_seq IS 'Tickets from here on are sealed with this generation.';
COMMENT ON COLUMN generations.hole_from IS 'First sequence nobody will ever decide: one more than the cursor at the adoption.';
COMMENT ON COLUMN generations.hole_to IS 'Last of them. A ticket in the hole is lost by the adoption.';

CREATE TABLE interventions (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partition  smallint    NOT NULL REFERENCES partitions,
    action     text        NOT NULL,
    actor      text        NOT NULL,
    reason     text        NOT NULL,
    halted     text,
    epoch      bigint      NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT interventions_action CHECK (action IN ('adopt-stream', 'lift-halt', 'restored')),
    CONSTRAINT interventions_reason CHECK (char_length(reason) BETWEEN 1 AND 1000)
);

COMMENT ON TABLE interventions IS 'Who stepped in with which command, why, and what the partition had halted on.';
COMMENT ON COLUMN interventions.halted IS 'Why the partition had stopped; null when it had not.';
COMMENT ON COLUMN interventions.epoch IS 'The epoch that the step left behind.';

GRANT SELECT ON generations TO firstcome_ingress, firstcome_allocator, firstcome_notifier;
