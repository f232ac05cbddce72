-- A parked order stays an order: whose it is, his own id of it, his traffic source.
ALTER TABLE parked_lead ADD COLUMN webmaster_id BIGINT;
ALTER TABLE parked_lead ADD COLUMN order_id TEXT NOT NULL DEFAULT '';
ALTER TABLE parked_lead ADD COLUMN area_id BIGINT;
-- When it was reported last: what was decided since then is newer.
ALTER TABLE parked_lead ADD COLUMN date_said BIGINT NOT NULL DEFAULT 0;
-- What makes it the same report when it is sent again, as a hash, so that texts of any length fit the index. Those that are
-- there get keys which no other report has.
ALTER TABLE parked_lead ADD COLUMN natural_key TEXT NOT NULL DEFAULT '';
UPDATE parked_lead SET date_said = date_created, natural_key = 'parked ' || id;
DROP INDEX parked_lead_natural;
CREATE UNIQUE INDEX parked_lead_natural ON parked_lead (natural_key);
