-- Who judges: reads what the log has made, and neither accounts nor the catalogue. Made without a login where
-- roles.sql has not made it, as in 0002.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'firstcome_auditor') THEN
        CREATE ROLE firstcome_auditor NOLOGIN;
    END IF;
EXCEPTION
    -- Another database of the same cluster is being set up this very moment.
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

GRANT SELECT ON partitions, sales, orders, decisions TO firstcome_auditor;
