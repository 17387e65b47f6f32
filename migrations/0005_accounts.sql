-- People sign in with a password, and out again at every replica.

CREATE TABLE revoked_sessions (
    session_id uuid        PRIMARY KEY,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX revoked_sessions_by_age ON revoked_sessions (revoked_at, session_id);
CREATE INDEX revoked_sessions_by_expiry ON revoked_sessions (expires_at);

COMMENT ON TABLE revoked_sessions IS 'Sessions that ended before their time. Every ingress reads what is new; a row goes when its session would have ended anyway.';
COMMENT ON COLUMN revoked_sessions.session_id IS 'The token''s jti.';
COMMENT ON COLUMN revoked_sessions.expires_at IS 'The token''s own end, in whole seconds.';
COMMENT ON INDEX revoked_sessions_by_age IS 'What is new since the last look, page by page.';

COMMENT ON COLUMN accounts.email IS 'ASCII, in lower case: the name they sign in with, and an operator''s name in the audit trail.';
COMMENT ON COLUMN accounts.password_hash IS 'argon2id in PHC form, its parameters included; replaced at a sign-in when they have changed.';
COMMENT ON COLUMN accounts.role IS 'An operator may also buy. Made by `ingress create-operator` alone, never over HTTP.';

GRANT SELECT, INSERT, DELETE ON revoked_sessions TO firstcome_ingress;
