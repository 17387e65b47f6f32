-- The whole pipeline's state. Postgres alone forbids wrong results: every rule that would cost
-- money if it were broken is a named constraint here, whatever the code above it believes.

CREATE TABLE partitions (
    partition        smallint    PRIMARY KEY,
    epoch            bigint      NOT NULL DEFAULT 0,
    owner            uuid,
    lease_until      timestamptz NOT NULL DEFAULT '-infinity',
    cursor           bigint      NOT NULL DEFAULT 0,
    log_time         timestamptz NOT NULL DEFAULT 'epoch',
    generation       integer     NOT NULL DEFAULT 1,
    stream_created   timestamptz NOT NULL,
    last_record_hash bytea,
    decided_total    bigint      NOT NULL DEFAULT 0,
    halted           text,
    CONSTRAINT partitions_number CHECK (partition BETWEEN 0 AND 1023),
    CONSTRAINT partitions_cursor CHECK (cursor BETWEEN 0 AND 4398046511103),
    CONSTRAINT partitions_generation CHECK (generation >= 1),
    CONSTRAINT partitions_record_hash
        CHECK (octet_length(last_record_hash) = 32 AND (cursor = 0) = (last_record_hash IS NULL))
) WITH (fillfactor = 50); -- one hot row per partition, updated by every commit: room to stay in its page

COMMENT ON TABLE partitions IS 'One row per log: who owns it, and how far it is decided.';
COMMENT ON COLUMN partitions.epoch IS 'Grows with every take-over; a commit must name the epoch it was granted.';
COMMENT ON COLUMN partitions.owner IS 'The random id the present owner drew; null after a graceful release.';
COMMENT ON COLUMN partitions.lease_until IS 'By clock_timestamp(): after it another allocator may take over.';
COMMENT ON COLUMN partitions.cursor IS 'The last sequence whose decisions are committed; moves in the same statement as they.';
COMMENT ON COLUMN partitions.log_time IS 'max(previous log time, timestamp of the record at the cursor), in whole milliseconds.';
COMMENT ON COLUMN partitions.generation IS 'Which life of the stream; grows when an operator adopts another one.';
COMMENT ON COLUMN partitions.stream_created IS 'When the stream this cursor belongs to was created, as JetStream reports it.';
COMMENT ON COLUMN partitions.last_record_hash IS 'SHA-256 of the body of the record at the cursor.';
COMMENT ON COLUMN partitions.decided_total IS 'Purchases decided since the partition began.';
COMMENT ON COLUMN partitions.halted IS 'Why the partition has stopped and waits for an operator; null while it runs.';

CREATE TABLE products (
    id          uuid        PRIMARY KEY,
    name        text        NOT NULL,
    description text        NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT products_name CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT products_description CHECK (char_length(description) <= 4000)
);

COMMENT ON TABLE products IS 'The catalogue. A sale keeps its own copy of the name: the log must replay without this table.';

CREATE TABLE sales (
    id           uuid        PRIMARY KEY,
    partition    smallint    NOT NULL REFERENCES partitions,
    product_id   uuid        NOT NULL,
    product_name text        NOT NULL,
    price_minor  bigint      NOT NULL,
    currency     text        NOT NULL,
    unit_limit   smallint    NOT NULL,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    stock        integer     NOT NULL,
    sold         integer     NOT NULL DEFAULT 0,
    paused       boolean     NOT NULL DEFAULT false,
    closed       boolean     NOT NULL DEFAULT false,
    version      integer     NOT NULL,
    revision     bigint      NOT NULL,
    CONSTRAINT sales_never_oversold CHECK (0 <= sold AND sold <= stock),
    CONSTRAINT sales_unit_limit CHECK (unit_limit BETWEEN 1 AND 100),
    CONSTRAINT sales_window CHECK (starts_at < ends_at),
    CONSTRAINT sales_price CHECK (price_minor >= 0)
) WITH (fillfactor = 50); -- sold moves with every commit

CREATE INDEX sales_by_end ON sales (ends_at);
CREATE INDEX sales_by_partition ON sales (partition);

COMMENT ON TABLE sales IS 'Sales as the log has made them so far. Written by allocators alone.';
COMMENT ON COLUMN sales.product_id IS 'No foreign key: a replayed log must not depend on the catalogue.';
COMMENT ON COLUMN sales.version IS 'Commands that changed the sale, its opening included.';
COMMENT ON COLUMN sales.revision IS 'Sequence of the last record that changed the sale.';

CREATE TABLE orders (
    id           uuid        PRIMARY KEY,
    sale_id      uuid        NOT NULL REFERENCES sales,
    shopper_id   uuid        NOT NULL,
    nth          smallint    NOT NULL,
    unit_limit   smallint    NOT NULL,
    key_hash     bigint      NOT NULL,
    ordered_at   timestamptz NOT NULL,
    cancelled_at timestamptz,
    CONSTRAINT orders_within_limit CHECK (0 <= nth AND nth < unit_limit)
);

CREATE UNIQUE INDEX orders_one_per_unit ON orders (sale_id, shopper_id, nth) WHERE cancelled_at IS NULL;
CREATE INDEX orders_by_shopper ON orders (shopper_id);

COMMENT ON TABLE orders IS 'Won places, and nothing else. The id is the ticket of the place, so ids sort in log order within a partition.';
COMMENT ON COLUMN orders.nth IS 'Which of the shopper''s units in this sale, from 0: the lowest free one.';
COMMENT ON COLUMN orders.unit_limit IS 'The limit that was in force, copied so that a CHECK can see it.';
COMMENT ON COLUMN orders.key_hash IS 'First 64 bits of the SHA-256 of the idempotency key, as a signed number.';
COMMENT ON COLUMN orders.ordered_at IS 'Log time of the decision.';
COMMENT ON INDEX orders_one_per_unit IS 'Nobody holds the same unit twice; a cancelled order frees its nth.';

CREATE TABLE decisions (
    partition  smallint    NOT NULL REFERENCES partitions,
    seq        bigint      NOT NULL,
    sale_id    uuid,
    rulings    text        COLLATE "C" NOT NULL,
    refs       bigint[],
    decided_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (partition, seq)
);

COMMENT ON TABLE decisions IS 'One row per record of the log. A loser costs one letter, not a row.';
COMMENT ON COLUMN decisions.rulings IS
    'One letter per place: Won, Replay, Sold out, Limit reached, Not started, Ended, Paused, Closed, Malformed, Unknown sale. '
    'A command has one small letter: applied, repeated, unknown sale, already open (o), invalid, stale version (v), below sold, '
    'window passed, limit lowered, closed, no such order (n), cancelled already (d).';
COMMENT ON COLUMN decisions.refs IS 'Packed places (partition 10 bits, seq 42, index 12) of the orders that replays refer to, in their order.';
COMMENT ON COLUMN decisions.decided_at IS 'Postgres'' clock; reported, never decided on.';

CREATE TABLE quarantine (
    partition      smallint    NOT NULL,
    seq            bigint      NOT NULL,
    subject        text        NOT NULL,
    body           bytea       NOT NULL,
    error          text        NOT NULL,
    quarantined_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (partition, seq),
    CONSTRAINT quarantine_decided FOREIGN KEY (partition, seq)
        REFERENCES decisions DEFERRABLE INITIALLY DEFERRED
);

COMMENT ON TABLE quarantine IS 'Records nobody could read, whole, with what was wrong. They are ruled malformed and the log goes on.';

CREATE TABLE operator_actions (
    partition  smallint    NOT NULL,
    seq        bigint      NOT NULL,
    sale_id    uuid        NOT NULL,
    command_id uuid        NOT NULL,
    action     text        NOT NULL,
    details    text        NOT NULL,
    actor      text        NOT NULL,
    reason     text,
    ruling     text        NOT NULL,
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (partition, seq)
);

CREATE UNIQUE INDEX operator_actions_once ON operator_actions (sale_id, command_id) WHERE ruling = 'applied';

COMMENT ON TABLE operator_actions IS 'The audit trail: every command of the log with what was decided for it.';
COMMENT ON COLUMN operator_actions.details IS 'The command''s action as JSON, as the log holds it.';
COMMENT ON COLUMN operator_actions.decided_at IS 'Log time.';
COMMENT ON INDEX operator_actions_once IS 'The same command id changes a sale once.';

CREATE TABLE accounts (
    id            uuid        PRIMARY KEY,
    email         text        NOT NULL,
    password_hash text        NOT NULL,
    role          text        NOT NULL DEFAULT 'shopper',
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT accounts_role CHECK (role IN ('shopper', 'operator')),
    CONSTRAINT accounts_email CHECK (char_length(email) BETWEEN 3 AND 254 AND email = lower(email))
);

CREATE UNIQUE INDEX accounts_by_email ON accounts (email);

COMMENT ON TABLE accounts IS 'People who can sign in. A shopper_id elsewhere may also be a guest, who has no row.';
