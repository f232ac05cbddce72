-- Letters to people, written with the change that they tell of. Their values are sealed: there are links among them that open
-- an account.
CREATE TABLE letter (
    id INTEGER PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES person (id),
    channel BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    values_sealed TEXT NOT NULL,
    status BIGINT NOT NULL,
    try_count BIGINT NOT NULL,
    error TEXT NOT NULL,
    date_created BIGINT NOT NULL,
    date_next BIGINT NOT NULL,
    date_until BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    date_sent BIGINT
);
CREATE INDEX letter_due ON letter (channel, date_next, id) WHERE status = 0;
CREATE INDEX letter_user ON letter (user_id, channel, date_sent);
CREATE INDEX letter_old ON letter (status, date_created) WHERE status <> 0;

-- Links that open something once: only their hashes are here.
CREATE TABLE letter_token (
    hash TEXT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES person (id),
    kind BIGINT NOT NULL,
    address TEXT NOT NULL,
    date_created BIGINT NOT NULL,
    date_expires BIGINT NOT NULL,
    date_used BIGINT
);
CREATE INDEX letter_token_user ON letter_token (user_id, kind, date_created);

-- News that are being written to their readers, and to whom they are written already: everybody up to this number.
CREATE TABLE letter_news (
    news_id BIGINT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL,
    date_created BIGINT NOT NULL
);

-- Addresses that are there already stay in use; the new choice is on for everybody as the others were.
ALTER TABLE person ADD COLUMN is_email_confirmed BOOLEAN NOT NULL DEFAULT TRUE;
UPDATE person SET notify = notify + 16;
