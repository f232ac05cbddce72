-- Where a webmaster's money goes out. The account itself is sealed; what is shown of it is masked, and a keyed hash tells
-- whether it is the same again.
CREATE TABLE wallet (
    id INTEGER PRIMARY KEY,
    webmaster_id BIGINT NOT NULL REFERENCES person (id),
    kind BIGINT NOT NULL,
    chain TEXT NOT NULL,
    account_sealed TEXT NOT NULL,
    account_masked TEXT NOT NULL,
    account_hash TEXT NOT NULL,
    holder TEXT NOT NULL,
    currency_id BIGINT NOT NULL REFERENCES currency (id),
    name TEXT NOT NULL,
    is_default BOOLEAN NOT NULL,
    is_active BOOLEAN NOT NULL,
    status BIGINT NOT NULL,
    reason TEXT NOT NULL,
    date_created BIGINT NOT NULL,
    date_usable BIGINT NOT NULL
);
CREATE INDEX wallet_webmaster ON wallet (webmaster_id, id);
CREATE UNIQUE INDEX wallet_account ON wallet (webmaster_id, account_hash) WHERE is_active;

-- Money on its way out. Its transfers have the cause (4, id, step).
CREATE TABLE payout (
    id INTEGER PRIMARY KEY,
    webmaster_id BIGINT NOT NULL REFERENCES person (id),
    wallet_id BIGINT NOT NULL REFERENCES wallet (id),
    wallet_kind BIGINT NOT NULL,
    currency_id BIGINT NOT NULL REFERENCES currency (id),
    amount BIGINT NOT NULL CHECK (amount > 0),
    fee BIGINT NOT NULL CHECK (fee >= 0),
    status BIGINT NOT NULL,
    step BIGINT NOT NULL,
    reason TEXT NOT NULL,
    comment TEXT NOT NULL,
    reference TEXT NOT NULL,
    approver_id BIGINT,
    second_approver_id BIGINT,
    date_created BIGINT NOT NULL,
    date_decided BIGINT,
    date_paid BIGINT
);
CREATE INDEX payout_webmaster ON payout (webmaster_id, id);
CREATE INDEX payout_status ON payout (status, id);

-- Money on its way in. Its transfer has the cause (3, id, 1).
CREATE TABLE deposit (
    id INTEGER PRIMARY KEY,
    advertiser_id BIGINT NOT NULL REFERENCES person (id),
    currency_id BIGINT NOT NULL REFERENCES currency (id),
    amount BIGINT NOT NULL CHECK (amount > 0),
    method BIGINT NOT NULL,
    status BIGINT NOT NULL,
    comment TEXT NOT NULL,
    reason TEXT NOT NULL,
    reference TEXT NOT NULL,
    date_created BIGINT NOT NULL,
    date_due BIGINT NOT NULL,
    date_paid BIGINT
);
CREATE INDEX deposit_advertiser ON deposit (advertiser_id, id);
CREATE INDEX deposit_status ON deposit (status, id);
