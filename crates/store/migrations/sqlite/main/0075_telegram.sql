-- Where people are written to in Telegram; how often a chat was connected makes each code for it work once.
CREATE TABLE letter_chat (
    user_id BIGINT NOT NULL PRIMARY KEY REFERENCES person (id),
    chat_id BIGINT,
    link_count BIGINT NOT NULL,
    date_linked BIGINT
);
CREATE INDEX letter_chat_chat ON letter_chat (chat_id) WHERE chat_id IS NOT NULL;

-- How far the events are that a person was written of, and the day of his last summary.
CREATE TABLE letter_digest (
    user_id BIGINT NOT NULL PRIMARY KEY REFERENCES person (id),
    event_id BIGINT NOT NULL,
    date_events BIGINT NOT NULL,
    date_digest BIGINT NOT NULL
);

-- What people want to be written of in Telegram, once they connect it: what they have as letters when they do.
ALTER TABLE person ADD COLUMN notify_telegram BIGINT NOT NULL DEFAULT 31;
