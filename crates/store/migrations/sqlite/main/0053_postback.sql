-- Addresses that are told what happens to leads. Addresses, bodies, headers and signing secrets are sealed: they hold keys of
-- other systems. What a worker changes (lease, fence, counts of failures) stands in the same row.
CREATE TABLE postback (
    id INTEGER PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES person (id),
    level BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    template BIGINT NOT NULL,
    name TEXT NOT NULL,
    url_sealed TEXT NOT NULL,
    url_masked TEXT NOT NULL,
    format BIGINT NOT NULL,
    body_sealed TEXT NOT NULL,
    headers_sealed TEXT NOT NULL,
    header_names TEXT NOT NULL,
    events BIGINT NOT NULL,
    offer_ids TEXT NOT NULL,
    goal_ids TEXT NOT NULL,
    area_ids TEXT NOT NULL,
    link_ids TEXT NOT NULL,
    is_zero_sent BOOLEAN NOT NULL,
    secret_sealed TEXT NOT NULL,
    secret_old_sealed TEXT NOT NULL,
    date_secret_old BIGINT,
    status BIGINT NOT NULL,
    reason TEXT NOT NULL,
    is_active BOOLEAN NOT NULL,
    failure_count BIGINT NOT NULL,
    down_count BIGINT NOT NULL,
    date_failing BIGINT,
    date_delivered BIGINT,
    date_paused BIGINT,
    date_retry BIGINT NOT NULL,
    date_turn BIGINT NOT NULL,
    date_until BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    date_created BIGINT NOT NULL
);
CREATE INDEX postback_user ON postback (user_id, id);

-- One event for one address. It is written in the transaction that caused it; what it says is read from the lead's event when
-- it is sent.
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY,
    postback_id BIGINT NOT NULL REFERENCES postback (id),
    user_id BIGINT NOT NULL,
    event BIGINT NOT NULL,
    lead_id BIGINT,
    event_number BIGINT NOT NULL,
    is_test BOOLEAN NOT NULL,
    status BIGINT NOT NULL,
    attempt_count BIGINT NOT NULL,
    try_count BIGINT NOT NULL,
    http_status BIGINT,
    empty TEXT NOT NULL,
    date_created BIGINT NOT NULL,
    date_next BIGINT NOT NULL,
    date_delivered BIGINT
);
CREATE INDEX delivery_due ON delivery (postback_id, date_next, id) WHERE status = 0;
CREATE INDEX delivery_postback ON delivery (postback_id, id);
CREATE INDEX delivery_user ON delivery (user_id, id);
CREATE INDEX delivery_lead ON delivery (lead_id, postback_id, id);

-- One try, as its owner may see it: secrets are covered, the answer is cut.
CREATE TABLE delivery_attempt (
    delivery_id BIGINT NOT NULL REFERENCES delivery (id),
    number BIGINT NOT NULL,
    url TEXT NOT NULL,
    http_status BIGINT,
    duration_ms BIGINT NOT NULL,
    error TEXT NOT NULL,
    answer TEXT NOT NULL,
    date_created BIGINT NOT NULL,
    PRIMARY KEY (delivery_id, number)
);
