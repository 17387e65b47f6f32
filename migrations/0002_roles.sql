-- Who may do what. The three roles exist before this where they log in (see roles.sql); where they
-- do not, they are made without a login, so that this migration is the same everywhere.

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['firstcome_ingress', 'firstcome_allocator', 'firstcome_notifier'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
    END LOOP;
EXCEPTION
    -- Another database of the same cluster is being set up this very moment.
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

-- The allocator is the only writer of what the log decides.
GRANT SELECT, UPDATE ON partitions TO firstcome_allocator;
GRANT SELECT, INSERT, UPDATE ON sales, orders TO firstcome_allocator;
GRANT SELECT, INSERT ON decisions, quarantine, operator_actions TO firstcome_allocator;

-- The ingress reads results, and keeps people and the catalogue.
GRANT SELECT ON partitions, sales, orders, decisions, operator_actions TO firstcome_ingress;
GRANT SELECT, INSERT ON products TO firstcome_ingress;
GRANT SELECT, INSERT, UPDATE ON accounts TO firstcome_ingress;

-- The notifier reads results.
GRANT SELECT ON partitions, sales, orders, decisions TO firstcome_notifier;
