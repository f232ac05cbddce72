-- What became of a parked conversion: 0 open, 1 a lead, 2 refused, 3 expired, 4 given up.
ALTER TABLE parked_lead ADD COLUMN state BIGINT NOT NULL DEFAULT 0;
UPDATE parked_lead SET state = CASE WHEN is_open THEN 0 WHEN lead_id IS NOT NULL THEN 1 ELSE 2 END;
CREATE INDEX parked_lead_owner ON parked_lead (advertiser_id, id);
