-- Who brought whom: told when the account is made, never changed. Share and end are agreed on with the person.
CREATE TABLE referral (
    person_id BIGINT NOT NULL PRIMARY KEY REFERENCES person (id),
    referrer_id BIGINT NOT NULL REFERENCES person (id),
    ppm BIGINT NOT NULL CHECK (ppm >= 0 AND ppm <= 1000000),
    date_end BIGINT,
    date_created BIGINT NOT NULL
);
CREATE INDEX referral_referrer ON referral (referrer_id, person_id);

-- Frozen on the lead: who is paid a share of it, by which rate, and how much.
ALTER TABLE lead ADD COLUMN referrer_id BIGINT;
ALTER TABLE lead ADD COLUMN referral_ppm BIGINT NOT NULL DEFAULT 0;
ALTER TABLE lead ADD COLUMN referral BIGINT NOT NULL DEFAULT 0 CHECK (referral >= 0 AND (referral = 0 OR referrer_id IS NOT NULL));
CREATE INDEX lead_referrer ON lead (referrer_id, webmaster_id) WHERE referrer_id IS NOT NULL;
