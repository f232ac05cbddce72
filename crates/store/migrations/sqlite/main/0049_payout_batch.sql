-- Payouts by schedule: 0 on request, 1 weekly, 2 monthly; the due day that was asked for last.
ALTER TABLE wallet ADD COLUMN schedule BIGINT NOT NULL DEFAULT 0;
ALTER TABLE wallet ADD COLUMN date_asked BIGINT NOT NULL DEFAULT 0;
CREATE INDEX wallet_schedule ON wallet (schedule, date_asked) WHERE schedule <> 0;

-- Approved payouts of one way of payment and currency that are sent together, each in one batch.
CREATE TABLE payout_batch (
    id INTEGER PRIMARY KEY,
    wallet_kind BIGINT NOT NULL,
    currency_id BIGINT NOT NULL REFERENCES currency (id),
    payout_count BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    operator_id BIGINT NOT NULL REFERENCES person (id),
    date_created BIGINT NOT NULL
);
ALTER TABLE payout ADD COLUMN batch_id BIGINT REFERENCES payout_batch (id);
CREATE INDEX payout_of_batch ON payout (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX payout_queue ON payout (wallet_kind, currency_id, id) WHERE status = 1 AND batch_id IS NULL;

-- Money that the network advanced to a webmaster: repaid by a share (parts per million) of what his leads earn from then
-- on; base is what they had earned before.
CREATE TABLE advance (
    id INTEGER PRIMARY KEY,
    webmaster_id BIGINT NOT NULL REFERENCES person (id),
    currency_id BIGINT NOT NULL REFERENCES currency (id),
    amount BIGINT NOT NULL CHECK (amount > 0),
    repaid BIGINT NOT NULL CHECK (repaid >= 0 AND repaid <= amount),
    ppm BIGINT NOT NULL CHECK (ppm > 0 AND ppm <= 1000000),
    base BIGINT NOT NULL,
    step BIGINT NOT NULL,
    comment TEXT NOT NULL,
    operator_id BIGINT NOT NULL REFERENCES person (id),
    date_created BIGINT NOT NULL,
    date_repaid BIGINT
);
CREATE INDEX advance_webmaster ON advance (webmaster_id, id);
CREATE INDEX advance_open ON advance (id) WHERE date_repaid IS NULL;
