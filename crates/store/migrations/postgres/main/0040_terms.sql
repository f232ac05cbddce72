-- What an offer pays for leads that come after it stopped or a cap was reached: 0 all, 1 none, 2 those of young clicks.
-- Each click carries the version that held when it was sent, and its lead is judged by that.
ALTER TABLE offer ADD COLUMN late_rule BIGINT NOT NULL DEFAULT 0;
ALTER TABLE offer ADD COLUMN late_days BIGINT NOT NULL DEFAULT 0;
ALTER TABLE offer ADD COLUMN terms_version BIGINT NOT NULL DEFAULT 0;
-- When it was stopped or archived; empty while it is neither.
ALTER TABLE offer ADD COLUMN date_stopped BIGINT;
ALTER TABLE lead ADD COLUMN terms_version BIGINT NOT NULL DEFAULT 0;

CREATE TABLE offer_terms (
    offer_id BIGINT NOT NULL REFERENCES offer (id),
    version BIGINT NOT NULL,
    late_rule BIGINT NOT NULL,
    late_days BIGINT NOT NULL,
    date_from BIGINT NOT NULL,
    PRIMARY KEY (offer_id, version)
);
CREATE TRIGGER offer_terms_no_update BEFORE UPDATE ON offer_terms FOR EACH ROW EXECUTE FUNCTION refuse_change();
