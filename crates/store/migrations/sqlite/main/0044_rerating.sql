-- Leads of a goal and a period, rated anew by a version of its terms: counted first, then applied chunk by chunk. Sums are of
-- the leads that hold money, micro-units. The cursor is the last lead that was done.
CREATE TABLE rerating (
    id INTEGER PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES person (id),
    goal_id BIGINT NOT NULL REFERENCES goal (id),
    goal_version_id BIGINT NOT NULL REFERENCES goal_version (id),
    advertiser_id BIGINT NOT NULL REFERENCES person (id),
    currency_id BIGINT NOT NULL REFERENCES currency (id),
    date_from BIGINT NOT NULL,
    date_end BIGINT NOT NULL,
    last_lead_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    status BIGINT NOT NULL,
    message TEXT NOT NULL,
    leads BIGINT NOT NULL,
    leads_changed BIGINT NOT NULL,
    leads_failed BIGINT NOT NULL,
    charge_before BIGINT NOT NULL,
    charge_after BIGINT NOT NULL,
    payout_before BIGINT NOT NULL,
    payout_after BIGINT NOT NULL,
    checksum TEXT NOT NULL,
    leads_applied BIGINT NOT NULL,
    checksum_applied TEXT NOT NULL,
    cursor_date BIGINT NOT NULL,
    cursor_id BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    date_until BIGINT NOT NULL,
    date_created BIGINT NOT NULL,
    date_applied BIGINT,
    date_finished BIGINT
);
CREATE INDEX rerating_goal ON rerating (goal_id, id);
CREATE INDEX rerating_due ON rerating (date_until) WHERE status IN (1, 3);

-- The same by webmaster.
CREATE TABLE rerating_row (
    rerating_id BIGINT NOT NULL REFERENCES rerating (id),
    webmaster_id BIGINT NOT NULL REFERENCES person (id),
    leads BIGINT NOT NULL,
    leads_changed BIGINT NOT NULL,
    charge_before BIGINT NOT NULL,
    charge_after BIGINT NOT NULL,
    payout_before BIGINT NOT NULL,
    payout_after BIGINT NOT NULL,
    PRIMARY KEY (rerating_id, webmaster_id)
);
