-- Whom offers, landing pages and links take, and where others go. Texts of targeting, caps and routes are JSON, '' for
-- none; categories are numbers with commas.
ALTER TABLE offer ADD COLUMN targeting TEXT NOT NULL DEFAULT '';
ALTER TABLE offer ADD COLUMN url_traffback TEXT NOT NULL DEFAULT '';
ALTER TABLE offer ADD COLUMN time_zone TEXT NOT NULL DEFAULT '';
ALTER TABLE offer ADD COLUMN caps TEXT NOT NULL DEFAULT '';
-- Some of the caps count leads: whoever writes a lead then says so in the change log.
ALTER TABLE offer ADD COLUMN counts_leads BOOLEAN NOT NULL DEFAULT FALSE;

-- weight: share in the rotation of an offer's landing pages, 0 for pages that only links name.
ALTER TABLE landing ADD COLUMN targeting TEXT NOT NULL DEFAULT '';
ALTER TABLE landing ADD COLUMN weight BIGINT NOT NULL DEFAULT 0;

ALTER TABLE link ADD COLUMN targeting TEXT NOT NULL DEFAULT '';
ALTER TABLE link ADD COLUMN landing_id BIGINT;
ALTER TABLE link ADD COLUMN prelanding_id BIGINT;
ALTER TABLE link ADD COLUMN rotation BIGINT NOT NULL DEFAULT 1;
ALTER TABLE link ADD COLUMN routes TEXT NOT NULL DEFAULT '';
ALTER TABLE link ADD COLUMN categories TEXT NOT NULL DEFAULT '';
ALTER TABLE link ADD COLUMN exploration BIGINT;

-- A webmaster's own traffic-back, for links that have none.
ALTER TABLE person ADD COLUMN url_traffback TEXT NOT NULL DEFAULT '';

-- What caps of an offer count.
CREATE INDEX lead_offer ON lead (offer_id, date_created, status, webmaster_id);
