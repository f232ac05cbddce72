-- Who is signed in, and what he proves himself with besides a password. Tokens and recovery codes stand here as hashes,
-- the secret of the codes is sealed. A session that waits for a code opens nothing.
CREATE TABLE session (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id BIGINT NOT NULL REFERENCES person (id),
    hash TEXT NOT NULL,
    is_confirmed BOOLEAN NOT NULL,
    tries BIGINT NOT NULL,
    ip TEXT NOT NULL,
    ip_used TEXT NOT NULL,
    agent TEXT NOT NULL,
    date_created BIGINT NOT NULL,
    date_used BIGINT NOT NULL,
    date_end BIGINT NOT NULL,
    date_revoked BIGINT
);
CREATE UNIQUE INDEX session_hash ON session (hash);
CREATE INDEX session_person ON session (user_id, id);
CREATE INDEX session_end ON session (date_end);

CREATE TABLE second_factor (
    user_id BIGINT NOT NULL PRIMARY KEY REFERENCES person (id),
    secret_sealed TEXT NOT NULL,
    date_created BIGINT NOT NULL,
    date_confirmed BIGINT,
    step_used BIGINT NOT NULL
);

CREATE TABLE recovery_code (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id BIGINT NOT NULL REFERENCES person (id),
    hash TEXT NOT NULL,
    date_used BIGINT
);
CREATE INDEX recovery_code_user ON recovery_code (user_id, hash);
