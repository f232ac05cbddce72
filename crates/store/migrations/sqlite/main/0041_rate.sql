-- Exchange rates: one unit of base_id is value * 10^-12 units of currency_id, from date_from until date_end. Never changed:
-- a better one is stated later. source: 1 the operator, 2 the European Central Bank.
CREATE TABLE rate (
    id INTEGER PRIMARY KEY,
    base_id BIGINT NOT NULL REFERENCES currency (id),
    currency_id BIGINT NOT NULL REFERENCES currency (id),
    value BIGINT NOT NULL CHECK (value > 0),
    date_from BIGINT NOT NULL,
    date_end BIGINT NOT NULL,
    date_recorded BIGINT NOT NULL,
    source BIGINT NOT NULL,
    user_id BIGINT REFERENCES person (id),
    comment TEXT NOT NULL,
    CHECK (base_id <> currency_id)
);
CREATE INDEX rate_pair ON rate (currency_id, base_id, date_from);
CREATE INDEX rate_base ON rate (base_id, date_from);
-- The bank states one a day: loading its file again adds nothing twice.
CREATE UNIQUE INDEX rate_reference ON rate (base_id, currency_id, date_from) WHERE source = 2;
CREATE TRIGGER rate_no_update BEFORE UPDATE ON rate BEGIN SELECT RAISE(ABORT, 'rates are immutable'); END;
CREATE TRIGGER rate_no_delete BEFORE DELETE ON rate BEGIN SELECT RAISE(ABORT, 'rates are immutable'); END;

-- A payout in another currency than its balance's: what arrives, and by which rate (10^-12), recorded when it was asked for.
ALTER TABLE payout ADD COLUMN currency_paid_id BIGINT REFERENCES currency (id);
ALTER TABLE payout ADD COLUMN amount_paid BIGINT;
ALTER TABLE payout ADD COLUMN rate BIGINT
    CHECK ((rate IS NULL) = (amount_paid IS NULL) AND (rate IS NULL) = (currency_paid_id IS NULL));
ALTER TABLE payout ADD COLUMN rate_source TEXT NOT NULL DEFAULT '';
