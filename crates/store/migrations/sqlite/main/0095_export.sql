-- Lists as files. Who asked for one, how far it is, and its content in pieces: every node can give it out, and a backup has it.
CREATE TABLE export (
    id INTEGER PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES person (id),
    key_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    resource TEXT NOT NULL,
    format BIGINT NOT NULL,
    query TEXT NOT NULL,
    fields TEXT NOT NULL,
    status BIGINT NOT NULL,
    reason TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    row_total BIGINT,
    size BIGINT NOT NULL,
    stored BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    fence BIGINT NOT NULL,
    date_until BIGINT NOT NULL,
    date_created BIGINT NOT NULL,
    date_ready BIGINT,
    date_expires BIGINT,
    date_deleted BIGINT
);
CREATE INDEX export_user ON export (user_id, id);
CREATE INDEX export_due ON export (date_until) WHERE status IN (0, 1);
CREATE INDEX export_expires ON export (date_expires) WHERE status = 2;

-- Deflated, each piece by itself. Pieces of another fence than the file's are left over from a run that broke off.
CREATE TABLE export_piece (
    export_id BIGINT NOT NULL REFERENCES export (id),
    fence BIGINT NOT NULL,
    number BIGINT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (export_id, fence, number)
);
