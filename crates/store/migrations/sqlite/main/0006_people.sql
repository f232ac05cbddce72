-- The card of an account: how to reach the person, and what operators know about him (whocpa.md 3.2).
ALTER TABLE person ADD COLUMN email TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN telegram TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN phone TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN site TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
ALTER TABLE person ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';
ALTER TABLE person ADD COLUMN notify BIGINT NOT NULL DEFAULT 15;
ALTER TABLE person ADD COLUMN rank BIGINT NOT NULL DEFAULT 0;
ALTER TABLE person ADD COLUMN trust BIGINT NOT NULL DEFAULT 1;
ALTER TABLE person ADD COLUMN traffic_kinds TEXT NOT NULL DEFAULT '';
-- From here on postback_token holds the token encrypted; it is found by its hash. The one before it works until the date.
ALTER TABLE person ADD COLUMN postback_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN postback_hash_old TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN date_postback_old BIGINT;

CREATE TABLE person_category (
    person_id BIGINT NOT NULL REFERENCES person (id),
    category_id BIGINT NOT NULL REFERENCES category (id) ON DELETE CASCADE,
    PRIMARY KEY (person_id, category_id)
);
CREATE INDEX person_category_category ON person_category (category_id);

-- What narrows a key, and when it was last used.
ALTER TABLE api_key ADD COLUMN can_read BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE api_key ADD COLUMN can_write BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE api_key ADD COLUMN can_money BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE api_key ADD COLUMN networks TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN parent_id BIGINT REFERENCES api_key (id);
ALTER TABLE api_key ADD COLUMN date_expires BIGINT;
ALTER TABLE api_key ADD COLUMN date_used BIGINT;
ALTER TABLE api_key ADD COLUMN ip_used TEXT NOT NULL DEFAULT '';

CREATE TABLE ticket (
    id INTEGER PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES person (id),
    subject TEXT NOT NULL,
    category BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    status BIGINT NOT NULL,
    offer_id BIGINT REFERENCES offer (id),
    lead_id BIGINT REFERENCES lead (id),
    operator_id BIGINT REFERENCES person (id),
    unread_user BIGINT NOT NULL,
    unread_operator BIGINT NOT NULL,
    message_count BIGINT NOT NULL,
    date_created BIGINT NOT NULL,
    date_updated BIGINT NOT NULL
);
CREATE INDEX ticket_user ON ticket (user_id, date_updated);
CREATE INDEX ticket_updated ON ticket (date_updated);

CREATE TABLE ticket_message (
    id INTEGER PRIMARY KEY,
    ticket_id BIGINT NOT NULL REFERENCES ticket (id),
    user_id BIGINT NOT NULL REFERENCES person (id),
    side BIGINT NOT NULL,
    is_internal BOOLEAN NOT NULL,
    body TEXT NOT NULL,
    date_created BIGINT NOT NULL
);
CREATE INDEX ticket_message_ticket ON ticket_message (ticket_id, id);

CREATE INDEX audit_date ON audit (date_created, id);
CREATE INDEX audit_key ON audit (key_id, id);
CREATE INDEX audit_ip ON audit (ip, id);
