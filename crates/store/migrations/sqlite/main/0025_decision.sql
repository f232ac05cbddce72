-- Decisions about many leads at once, by a list or a file: checked first, then applied row by row.
CREATE TABLE decision (
    id INTEGER PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES person (id),
    is_file BOOLEAN NOT NULL,
    status BIGINT NOT NULL,
    message TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    rows_done BIGINT NOT NULL,
    rows_approved BIGINT NOT NULL,
    rows_rejected BIGINT NOT NULL,
    rows_spam BIGINT NOT NULL,
    rows_unchanged BIGINT NOT NULL,
    rows_failed BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    date_until BIGINT NOT NULL,
    date_created BIGINT NOT NULL,
    date_applied BIGINT,
    date_finished BIGINT,
    date_deleted BIGINT
);
CREATE INDEX decision_user ON decision (user_id, id);
CREATE INDEX decision_due ON decision (date_until) WHERE status IN (1, 3);

CREATE TABLE decision_row (
    decision_id BIGINT NOT NULL REFERENCES decision (id),
    number BIGINT NOT NULL,
    line BIGINT NOT NULL,
    lead_id BIGINT NOT NULL,
    tid TEXT NOT NULL,
    sale_id TEXT NOT NULL,
    status BIGINT NOT NULL,
    reason_code BIGINT NOT NULL,
    comment TEXT NOT NULL,
    amount BIGINT,
    error TEXT NOT NULL,
    PRIMARY KEY (decision_id, number)
);

-- What became of each row, when it was checked (phase 1) and when it was applied (3).
CREATE TABLE decision_verdict (
    decision_id BIGINT NOT NULL REFERENCES decision (id),
    phase BIGINT NOT NULL,
    number BIGINT NOT NULL,
    line BIGINT NOT NULL,
    lead_id BIGINT,
    status BIGINT,
    verdict BIGINT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (decision_id, phase, number)
);

-- Orders whose sale the advertiser named later: their natural key does not hold it.
CREATE INDEX lead_sale ON lead (sale_id) WHERE sale_id <> '' AND substr(natural_key, 1, 2) <> 's:';

-- How long advertisers take to decide, per offer: computed anew by the job of the figures.
ALTER TABLE offer_figure ADD COLUMN undecided BIGINT NOT NULL DEFAULT 0;
ALTER TABLE offer_figure ADD COLUMN date_undecided BIGINT;
ALTER TABLE offer_figure ADD COLUMN decision_seconds BIGINT;
-- When a lead was first decided.
ALTER TABLE lead ADD COLUMN date_decided BIGINT;
UPDATE lead SET date_decided = (SELECT MIN(e.date_created) FROM lead_event e WHERE e.lead_id = lead.id AND e.kind = 2)
WHERE status <> 0;
