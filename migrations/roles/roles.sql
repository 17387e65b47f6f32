-- Who may log in. Run once by a superuser, connected to the database of Firstcome, before `allocator setup`;
-- compose does it when the data volume is empty. Running it again sets new passwords.
--
--   psql "$SUPERUSER_URL" -v ON_ERROR_STOP=1 -f migrations/roles/roles.sql
--
-- Passwords come from the environment (psql 14 or newer): OWNER_DB_PASSWORD, INGRESS_DB_PASSWORD,
-- ALLOCATOR_DB_PASSWORD, NOTIFIER_DB_PASSWORD, AUDITOR_DB_PASSWORD. What each role may touch is granted by the
-- migrations.

\getenv owner_password OWNER_DB_PASSWORD
\getenv ingress_password INGRESS_DB_PASSWORD
\getenv allocator_password ALLOCATOR_DB_PASSWORD
\getenv notifier_password NOTIFIER_DB_PASSWORD
\getenv auditor_password AUDITOR_DB_PASSWORD

-- A statement that failed would be logged with the password in it.
SET log_min_error_statement = panic;

SELECT format('CREATE ROLE %I', role)
  FROM unnest(ARRAY['firstcome_owner', 'firstcome_ingress', 'firstcome_allocator', 'firstcome_notifier',
                    'firstcome_auditor']) AS role
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role)
\gexec

ALTER ROLE firstcome_owner LOGIN PASSWORD :'owner_password';
ALTER ROLE firstcome_ingress LOGIN PASSWORD :'ingress_password';
ALTER ROLE firstcome_allocator LOGIN PASSWORD :'allocator_password';
ALTER ROLE firstcome_notifier LOGIN PASSWORD :'notifier_password';
ALTER ROLE firstcome_auditor LOGIN PASSWORD :'auditor_password';

-- The owner runs the migrations and is no superuser; everybody else gets in by name only.
SELECT format('ALTER DATABASE %I OWNER TO firstcome_owner', current_database()) \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO firstcome_ingress, firstcome_allocator, firstcome_notifier, firstcome_auditor',
              current_database()) \gexec
