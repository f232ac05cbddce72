-- What narrows an operator: his role, and whom he looks after (design 4).
ALTER TABLE person ADD COLUMN role BIGINT NOT NULL DEFAULT 1;
ALTER TABLE person ADD COLUMN manager_id BIGINT REFERENCES person (id);
CREATE INDEX person_manager ON person (manager_id);

-- Every write by a caller: who, from where, what changed (trust P2). Never changed.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    date_created BIGINT NOT NULL,
    level BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    ip TEXT NOT NULL,
    resource TEXT NOT NULL,
    method TEXT NOT NULL,
    object_id BIGINT NOT NULL,
    changes TEXT NOT NULL
);
CREATE INDEX audit_user ON audit (user_id, id);
CREATE INDEX audit_object ON audit (resource, object_id, id);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit entries are immutable'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit entries are immutable'); END;

-- Idempotency keys: a running or finished write under a name that its sender chose (trust 5).
CREATE TABLE claim (
    id INTEGER PRIMARY KEY,
    user_id BIGINT NOT NULL,
    place TEXT NOT NULL,
    name TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    fence BIGINT NOT NULL,
    is_done BOOLEAN NOT NULL,
    answer TEXT NOT NULL,
    date_created BIGINT NOT NULL,
    date_until BIGINT NOT NULL
);
CREATE UNIQUE INDEX claim_name ON claim (user_id, place, name);
CREATE INDEX claim_date ON claim (date_created);
