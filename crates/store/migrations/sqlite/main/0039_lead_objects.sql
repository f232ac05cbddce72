-- Through which of an offer's objects a lead's click went.
ALTER TABLE lead ADD COLUMN promo_id BIGINT;
ALTER TABLE lead ADD COLUMN product_id BIGINT;
ALTER TABLE lead ADD COLUMN stock_id BIGINT;
ALTER TABLE lead ADD COLUMN landing_id BIGINT;
ALTER TABLE lead ADD COLUMN deeplink_id BIGINT;

-- The promo material that a link stands behind: recorded with its clicks.
ALTER TABLE link ADD COLUMN promo_id BIGINT REFERENCES promo (id);
CREATE INDEX link_promo ON link (promo_id) WHERE promo_id IS NOT NULL;
