-- Rules about the quality of traffic, of one offer or (offer_id NULL) of all. limit_percent in micro-units.
CREATE TABLE rule (
    id INTEGER PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES person (id),
    offer_id BIGINT REFERENCES offer (id),
    name TEXT NOT NULL,
    kind BIGINT NOT NULL,
    source BIGINT NOT NULL,
    action BIGINT NOT NULL,
    limit_percent BIGINT NOT NULL,
    seconds BIGINT NOT NULL,
    min_leads BIGINT NOT NULL,
    window_hours BIGINT NOT NULL,
    is_active BOOLEAN NOT NULL,
    date_created BIGINT NOT NULL,
    date_deleted BIGINT
);
CREATE INDEX rule_offer ON rule (offer_id, id);

-- What they found: a source of a webmaster on an offer, with the figures and the limit that held then.
CREATE TABLE finding (
    id INTEGER PRIMARY KEY,
    rule_id BIGINT NOT NULL REFERENCES rule (id),
    offer_id BIGINT NOT NULL REFERENCES offer (id),
    webmaster_id BIGINT NOT NULL REFERENCES person (id),
    source BIGINT NOT NULL,
    area_id BIGINT NOT NULL,
    subid1 TEXT NOT NULL,
    kind BIGINT NOT NULL,
    action BIGINT NOT NULL,
    part BIGINT NOT NULL,
    whole BIGINT NOT NULL,
    limit_percent BIGINT NOT NULL,
    seconds BIGINT NOT NULL,
    state BIGINT NOT NULL,
    comment TEXT NOT NULL,
    ticket_id BIGINT REFERENCES ticket (id),
    date_from BIGINT NOT NULL,
    date_created BIGINT NOT NULL,
    date_seen BIGINT NOT NULL,
    date_ended BIGINT
);
CREATE UNIQUE INDEX finding_open ON finding (rule_id, offer_id, webmaster_id, area_id, subid1) WHERE state = 0;
CREATE INDEX finding_webmaster ON finding (webmaster_id, id);
CREATE INDEX finding_offer ON finding (offer_id, id);
