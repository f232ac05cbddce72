-- An advertiser's own system: what its answer says, and where its decision is asked for.
ALTER TABLE postback ADD COLUMN answer TEXT NOT NULL DEFAULT '';
ALTER TABLE postback ADD COLUMN poll_url_sealed TEXT NOT NULL DEFAULT '';
ALTER TABLE postback ADD COLUMN poll_minutes BIGINT NOT NULL DEFAULT 0;

-- A lead in an advertiser's own system: its id there, what that system last said of it, the decision that follows and is not
-- made yet, and when it is asked again.
CREATE TABLE forward (
    lead_id BIGINT NOT NULL,
    postback_id BIGINT NOT NULL REFERENCES postback (id),
    user_id BIGINT NOT NULL,
    crm_id TEXT NOT NULL,
    word TEXT NOT NULL,
    wanted BIGINT,
    refusal TEXT NOT NULL,
    poll_count BIGINT NOT NULL,
    date_sent BIGINT NOT NULL,
    date_next BIGINT,
    PRIMARY KEY (lead_id, postback_id)
);
CREATE INDEX forward_next ON forward (date_next) WHERE date_next IS NOT NULL;
CREATE INDEX forward_wanted ON forward (lead_id) WHERE wanted IS NOT NULL;
