-- How a lead came in, and by which rule it found its click (design 6).
ALTER TABLE lead ADD COLUMN way BIGINT NOT NULL DEFAULT 0;
ALTER TABLE lead ADD COLUMN attribution BIGINT NOT NULL DEFAULT 0;
ALTER TABLE lead ADD COLUMN is_signed BOOLEAN NOT NULL DEFAULT FALSE;

-- What is known of a lead's buyer, encrypted as a whole; it stands nowhere else. The keyed hash of the telephone number
-- finds the same buyer again and tells nothing to whoever reads the database.
CREATE TABLE buyer (
    lead_id BIGINT NOT NULL PRIMARY KEY REFERENCES lead (id),
    offer_id BIGINT NOT NULL REFERENCES offer (id),
    phone_hash TEXT NOT NULL,
    sealed TEXT NOT NULL,
    date_created BIGINT NOT NULL
);
CREATE INDEX buyer_phone ON buyer (phone_hash, offer_id, date_created);

-- Which lead of an offer holds a telephone number: whoever reports it again locks this row first (design 6).
CREATE TABLE phone_claim (
    offer_id BIGINT NOT NULL REFERENCES offer (id),
    phone_hash TEXT NOT NULL,
    lead_id BIGINT,
    PRIMARY KEY (offer_id, phone_hash)
);

-- The advertiser's own name of a goal, unique in its offer.
ALTER TABLE goal ADD COLUMN alias TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX goal_alias ON goal (offer_id, alias) WHERE alias <> '';

-- How an advertiser's postbacks must come: signed with a secret (encrypted here), from these networks.
ALTER TABLE person ADD COLUMN postback_secret TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN is_postback_signed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE person ADD COLUMN postback_networks TEXT NOT NULL DEFAULT '';

-- A parked conversion keeps all that was said of it, why it is parked, and how often it was sent.
ALTER TABLE parked_lead ADD COLUMN goal_alias TEXT NOT NULL DEFAULT '';
ALTER TABLE parked_lead ADD COLUMN offer_id BIGINT;
ALTER TABLE parked_lead ADD COLUMN currency TEXT NOT NULL DEFAULT '';
ALTER TABLE parked_lead ADD COLUMN kind BIGINT NOT NULL DEFAULT 1;
ALTER TABLE parked_lead ADD COLUMN way BIGINT NOT NULL DEFAULT 0;
ALTER TABLE parked_lead ADD COLUMN intent BIGINT NOT NULL DEFAULT 0;
ALTER TABLE parked_lead ADD COLUMN is_signed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE parked_lead ADD COLUMN phone_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE parked_lead ADD COLUMN sealed TEXT NOT NULL DEFAULT '';
ALTER TABLE parked_lead ADD COLUMN sent_count BIGINT NOT NULL DEFAULT 1;
ALTER TABLE parked_lead ADD COLUMN date_closed BIGINT;
DROP INDEX parked_lead_natural;
CREATE UNIQUE INDEX parked_lead_natural ON parked_lead (advertiser_id, tid, goal_id, goal_alias, sale_id, phone_hash);
CREATE INDEX parked_lead_offer ON parked_lead (offer_id, id);
