-- Statistics of leads. A lead tells what its click was counted by, and when its state was last recorded.
ALTER TABLE lead ADD COLUMN device BIGINT NOT NULL DEFAULT 0;
ALTER TABLE lead ADD COLUMN os TEXT NOT NULL DEFAULT '';
ALTER TABLE lead ADD COLUMN browser TEXT NOT NULL DEFAULT '';
ALTER TABLE lead ADD COLUMN date_recorded BIGINT NOT NULL DEFAULT 0;

-- What became of leads and when it was known, so that a report can be made as of any moment: a state that begins counts
-- 1, one that ends counts -1. Triggers write it in the lead's own transaction, whoever changes the lead.
CREATE TABLE lead_delta (
    id INTEGER PRIMARY KEY,
    lead_id BIGINT NOT NULL,
    date_recorded BIGINT NOT NULL,
    count BIGINT NOT NULL,
    status BIGINT NOT NULL,
    is_closed BIGINT NOT NULL,
    reason_code BIGINT NOT NULL,
    currency_id BIGINT NOT NULL,
    charge BIGINT NOT NULL,
    payout BIGINT NOT NULL
);
CREATE INDEX lead_delta_lead ON lead_delta (lead_id);

-- The leads that are there already, event by event.
UPDATE lead SET date_recorded = COALESCE((SELECT MAX(e.date_created) FROM lead_event e WHERE e.lead_id = lead.id), date_created);
INSERT INTO lead_delta (lead_id, date_recorded, count, status, is_closed, reason_code, currency_id, charge, payout)
SELECT s.lead_id, s.date_created, 1, s.status, s.is_closed, s.told, l.currency_id, l.charge, l.payout
FROM (SELECT e.*, COALESCE((SELECT r.reason_code FROM lead_event r WHERE r.lead_id = e.lead_id AND r.number <= e.number
    AND r.kind IN (1, 2) ORDER BY r.number DESC LIMIT 1), 0) AS told FROM lead_event e) s JOIN lead l ON l.id = s.lead_id;
INSERT INTO lead_delta (lead_id, date_recorded, count, status, is_closed, reason_code, currency_id, charge, payout)
SELECT n.lead_id, n.date_created, -1, s.status, s.is_closed, s.told, l.currency_id, l.charge, l.payout
FROM (SELECT e.*, COALESCE((SELECT r.reason_code FROM lead_event r WHERE r.lead_id = e.lead_id AND r.number <= e.number
    AND r.kind IN (1, 2) ORDER BY r.number DESC LIMIT 1), 0) AS told FROM lead_event e) s
JOIN lead l ON l.id = s.lead_id JOIN lead_event n ON n.lead_id = s.lead_id AND n.number = s.number + 1;

CREATE TRIGGER lead_delta_insert AFTER INSERT ON lead BEGIN
    INSERT INTO lead_delta (lead_id, date_recorded, count, status, is_closed, reason_code, currency_id, charge, payout)
    VALUES (NEW.id, NEW.date_recorded, 1, NEW.status, NEW.is_closed, NEW.reason_code, NEW.currency_id, NEW.charge, NEW.payout);
END;
CREATE TRIGGER lead_delta_change AFTER UPDATE ON lead
WHEN (OLD.status, OLD.is_closed, OLD.reason_code, OLD.currency_id, OLD.charge, OLD.payout)
    IS NOT (NEW.status, NEW.is_closed, NEW.reason_code, NEW.currency_id, NEW.charge, NEW.payout)
BEGIN
    INSERT INTO lead_delta (lead_id, date_recorded, count, status, is_closed, reason_code, currency_id, charge, payout)
    VALUES (OLD.id, NEW.date_recorded, -1, OLD.status, OLD.is_closed, OLD.reason_code, OLD.currency_id, OLD.charge, OLD.payout),
           (NEW.id, NEW.date_recorded, 1, NEW.status, NEW.is_closed, NEW.reason_code, NEW.currency_id, NEW.charge, NEW.payout);
END;
CREATE TRIGGER lead_delta_no_update BEFORE UPDATE ON lead_delta BEGIN SELECT RAISE(ABORT, 'lead_delta rows are immutable'); END;
CREATE TRIGGER lead_delta_no_delete BEFORE DELETE ON lead_delta BEGIN SELECT RAISE(ABORT, 'lead_delta rows are immutable'); END;
