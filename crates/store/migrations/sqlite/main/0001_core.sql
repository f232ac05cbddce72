-- The network without its clicks. Conventions: all integers are 64 bits; money is micro-units (10^-6 of the
-- currency); moments are seconds since 1970 UTC; text that may be missing is '' and a missing reference is NULL.
-- The same file stands in the other database's folder; a test compares both schemas.

-- Values that all nodes share, for example the keys behind a tid's check: (kind, id) -> hexadecimal text.
CREATE TABLE secret (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    date_created BIGINT NOT NULL
);

-- Numbers given out in blocks, for rows whose id must be known before they are written.
CREATE TABLE sequence (
    name TEXT NOT NULL PRIMARY KEY,
    next BIGINT NOT NULL
);
INSERT INTO sequence (name, next) VALUES ('lead', 1);

-- Work that only one node may do at a time: holder and fencing number (design 11).
CREATE TABLE lease (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    fence BIGINT NOT NULL,
    date_until BIGINT NOT NULL
);

-- Node numbers of click ids, with the last millisecond that each may have issued (design 5.3).
CREATE TABLE node (
    id INTEGER PRIMARY KEY,
    holder TEXT NOT NULL,
    date_until BIGINT NOT NULL,
    issued_ms BIGINT NOT NULL
);

-- What changed for the in-memory catalogue: every node reads it every second (design 5.1).
CREATE TABLE change (
    id INTEGER PRIMARY KEY,
    kind BIGINT NOT NULL,
    object_id BIGINT NOT NULL,
    date_created BIGINT NOT NULL
);
CREATE INDEX change_date ON change (date_created);

CREATE TABLE geo (
    id INTEGER PRIMARY KEY,
    parent_id BIGINT REFERENCES geo (id),
    type BIGINT NOT NULL,
    code TEXT NOT NULL,
    name_en TEXT NOT NULL,
    name_ru TEXT NOT NULL,
    population BIGINT,
    is_displayed BOOLEAN NOT NULL
);
CREATE INDEX geo_parent ON geo (parent_id);

CREATE TABLE currency (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    digits BIGINT NOT NULL,
    name_en TEXT NOT NULL,
    name_ru TEXT NOT NULL,
    is_active BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX currency_code ON currency (code);

CREATE TABLE category (
    id INTEGER PRIMARY KEY,
    name_en TEXT NOT NULL,
    name_ru TEXT NOT NULL,
    is_active BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX category_name ON category (name_en);

-- People. A webmaster's or advertiser's id is his user id. The login is kept in lower case.
CREATE TABLE person (
    id INTEGER PRIMARY KEY,
    level BIGINT NOT NULL,
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    status BIGINT NOT NULL,
    comment TEXT NOT NULL,
    postback_token TEXT NOT NULL,
    date_created BIGINT NOT NULL
);
CREATE UNIQUE INDEX person_login ON person (login);

-- API keys: looked up by hash. The profile key is also kept as ciphertext, readable to its owner.
CREATE TABLE api_key (
    id INTEGER PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES person (id),
    kind BIGINT NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    hash TEXT NOT NULL,
    cipher TEXT NOT NULL,
    date_created BIGINT NOT NULL,
    date_revoked BIGINT
);
CREATE UNIQUE INDEX api_key_hash ON api_key (hash);
CREATE INDEX api_key_user ON api_key (user_id);

CREATE TABLE offer (
    id INTEGER PRIMARY KEY,
    advertiser_id BIGINT NOT NULL REFERENCES person (id),
    status BIGINT NOT NULL,
    is_private BOOLEAN NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    description_short TEXT NOT NULL,
    rules_full TEXT NOT NULL,
    rules_short TEXT NOT NULL,
    is_deeplink BOOLEAN NOT NULL,
    is_exclusive BOOLEAN NOT NULL,
    is_phone_tracking BOOLEAN NOT NULL,
    is_mobile BOOLEAN NOT NULL,
    is_mobile_optimised BOOLEAN NOT NULL,
    is_auto_connect BOOLEAN NOT NULL,
    rating BIGINT NOT NULL,
    is_recommended BOOLEAN NOT NULL,
    url_homepage TEXT NOT NULL,
    url_redirect TEXT NOT NULL,
    url_name TEXT NOT NULL,
    img_small TEXT NOT NULL,
    img_middle TEXT NOT NULL,
    img_big TEXT NOT NULL,
    cookie_ttl_days BIGINT NOT NULL,
    date_created BIGINT NOT NULL
);
CREATE INDEX offer_advertiser ON offer (advertiser_id);

CREATE TABLE offer_category (
    offer_id BIGINT NOT NULL REFERENCES offer (id),
    category_id BIGINT NOT NULL REFERENCES category (id),
    PRIMARY KEY (offer_id, category_id)
);
CREATE INDEX offer_category_category ON offer_category (category_id);

CREATE TABLE offer_geo (
    offer_id BIGINT NOT NULL REFERENCES offer (id),
    geo_id BIGINT NOT NULL REFERENCES geo (id),
    PRIMARY KEY (offer_id, geo_id)
);
CREATE INDEX offer_geo_geo ON offer_geo (geo_id);

CREATE TABLE goal (
    id INTEGER PRIMARY KEY,
    offer_id BIGINT NOT NULL REFERENCES offer (id),
    description TEXT NOT NULL,
    is_active BOOLEAN NOT NULL,
    is_auto_approve BOOLEAN NOT NULL,
    is_otol BOOLEAN NOT NULL,
    category BIGINT NOT NULL,
    currency_id BIGINT NOT NULL REFERENCES currency (id),
    date_created BIGINT NOT NULL
);
CREATE INDEX goal_offer ON goal (offer_id);

-- Money terms of a goal: immutable; the newest whose date_from has come is in force (design 7).
CREATE TABLE goal_version (
    id INTEGER PRIMARY KEY,
    goal_id BIGINT NOT NULL REFERENCES goal (id),
    date_from BIGINT NOT NULL,
    date_recorded BIGINT NOT NULL,
    money_type BIGINT NOT NULL,
    payment BIGINT NOT NULL,
    charge BIGINT NOT NULL,
    hold_period BIGINT NOT NULL
);
CREATE INDEX goal_version_goal ON goal_version (goal_id, date_from);

CREATE TABLE news (
    id INTEGER PRIMARY KEY,
    type BIGINT NOT NULL,
    offer_id BIGINT REFERENCES offer (id),
    header TEXT NOT NULL,
    body TEXT NOT NULL,
    img TEXT NOT NULL,
    is_important BOOLEAN NOT NULL,
    date_created BIGINT NOT NULL,
    date_start BIGINT NOT NULL,
    date_end BIGINT
);
CREATE INDEX news_start ON news (date_start);

CREATE TABLE news_read (
    user_id BIGINT NOT NULL REFERENCES person (id),
    news_id BIGINT NOT NULL REFERENCES news (id),
    date_read BIGINT NOT NULL,
    PRIMARY KEY (user_id, news_id)
);

CREATE TABLE area (
    id INTEGER PRIMARY KEY,
    webmaster_id BIGINT NOT NULL REFERENCES person (id),
    kind BIGINT NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    status BIGINT NOT NULL,
    reason TEXT NOT NULL,
    comment TEXT NOT NULL,
    date_created BIGINT NOT NULL
);
CREATE INDEX area_webmaster ON area (webmaster_id);

CREATE TABLE connection (
    id INTEGER PRIMARY KEY,
    webmaster_id BIGINT NOT NULL REFERENCES person (id),
    offer_id BIGINT NOT NULL REFERENCES offer (id),
    status BIGINT NOT NULL,
    comment TEXT NOT NULL,
    reason TEXT NOT NULL,
    date_created BIGINT NOT NULL,
    date_decided BIGINT
);
CREATE UNIQUE INDEX connection_pair ON connection (webmaster_id, offer_id);
CREATE INDEX connection_offer ON connection (offer_id);

CREATE TABLE link (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    webmaster_id BIGINT NOT NULL REFERENCES person (id),
    offer_id BIGINT NOT NULL REFERENCES offer (id),
    area_id BIGINT REFERENCES area (id),
    name TEXT NOT NULL,
    subid1 TEXT NOT NULL,
    subid2 TEXT NOT NULL,
    subid3 TEXT NOT NULL,
    subid4 TEXT NOT NULL,
    subid5 TEXT NOT NULL,
    url_traffback TEXT NOT NULL,
    date_created BIGINT NOT NULL,
    date_deleted BIGINT
);
CREATE UNIQUE INDEX link_code ON link (code);
CREATE INDEX link_webmaster ON link (webmaster_id);

-- A lead is the current view of its events; its click's facts are copied, the click row is never needed again.
CREATE TABLE lead (
    id INTEGER PRIMARY KEY,
    advertiser_id BIGINT NOT NULL REFERENCES person (id),
    webmaster_id BIGINT NOT NULL REFERENCES person (id),
    offer_id BIGINT NOT NULL REFERENCES offer (id),
    goal_id BIGINT NOT NULL REFERENCES goal (id),
    goal_version_id BIGINT NOT NULL REFERENCES goal_version (id),
    click_id BIGINT NOT NULL,
    otol_click_id BIGINT,
    natural_key TEXT NOT NULL,
    sale_id TEXT NOT NULL,
    type BIGINT NOT NULL,
    status BIGINT NOT NULL,
    is_closed BIGINT NOT NULL,
    substatus TEXT NOT NULL,
    first_lead_id BIGINT,
    event_count BIGINT NOT NULL,
    hold_period BIGINT NOT NULL,
    currency_id BIGINT NOT NULL REFERENCES currency (id),
    amount BIGINT,
    charge BIGINT NOT NULL,
    payout BIGINT NOT NULL,
    date_created BIGINT NOT NULL,
    date_redirect BIGINT NOT NULL,
    date_approved BIGINT,
    date_hold_end BIGINT NOT NULL,
    date_closed BIGINT,
    link_id BIGINT NOT NULL,
    area_id BIGINT,
    subid1 TEXT NOT NULL,
    subid2 TEXT NOT NULL,
    subid3 TEXT NOT NULL,
    subid4 TEXT NOT NULL,
    subid5 TEXT NOT NULL,
    keyword TEXT NOT NULL,
    ip TEXT NOT NULL,
    country TEXT NOT NULL,
    ua TEXT NOT NULL,
    url_from TEXT NOT NULL,
    language TEXT NOT NULL,
    cookie_ttl_days BIGINT NOT NULL
);
-- The same action of an advertiser is one lead, whatever is sent how often (design 6).
CREATE UNIQUE INDEX lead_natural ON lead (natural_key, goal_id, offer_id, advertiser_id);
-- A goal with is_otol pays one action per click: the one that holds this claim (the click id, else NULL).
CREATE UNIQUE INDEX lead_otol ON lead (otol_click_id, goal_id);
CREATE INDEX lead_webmaster ON lead (webmaster_id, id);
CREATE INDEX lead_advertiser ON lead (advertiser_id, id);
-- The closing job reads due leads only.
CREATE INDEX lead_due ON lead (date_hold_end) WHERE is_closed = 0 AND status <> 0;

-- What happened to a lead, numbered from 1; never changed (triggers in 0002).
CREATE TABLE lead_event (
    lead_id BIGINT NOT NULL REFERENCES lead (id),
    number BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    status BIGINT NOT NULL,
    is_closed BIGINT NOT NULL,
    level BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    date_created BIGINT NOT NULL,
    PRIMARY KEY (lead_id, number)
);

-- Claims of conversions whose click is not known yet: matched by a sweep, never lost (design 6).
CREATE TABLE parked_lead (
    id INTEGER PRIMARY KEY,
    advertiser_id BIGINT NOT NULL REFERENCES person (id),
    tid TEXT NOT NULL,
    click_id BIGINT NOT NULL,
    goal_id BIGINT NOT NULL,
    sale_id TEXT NOT NULL,
    amount BIGINT,
    status BIGINT NOT NULL,
    comment TEXT NOT NULL,
    is_open BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    lead_id BIGINT,
    date_created BIGINT NOT NULL,
    date_tried BIGINT NOT NULL
);
CREATE UNIQUE INDEX parked_lead_natural ON parked_lead (advertiser_id, click_id, goal_id, sale_id);
CREATE INDEX parked_lead_open ON parked_lead (date_tried) WHERE is_open;

CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    kind BIGINT NOT NULL,
    owner_id BIGINT NOT NULL,
    currency_id BIGINT NOT NULL REFERENCES currency (id)
);
CREATE UNIQUE INDEX account_natural ON account (owner_id, kind, currency_id);

-- The ledger. Natural id: the same leg of the same cause exists once, whatever is retried.
CREATE TABLE transfer (
    id INTEGER PRIMARY KEY,
    cause BIGINT NOT NULL,
    cause_id BIGINT NOT NULL,
    cause_number BIGINT NOT NULL,
    leg BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    debit_id BIGINT NOT NULL REFERENCES account (id),
    credit_id BIGINT NOT NULL REFERENCES account (id),
    currency_id BIGINT NOT NULL REFERENCES currency (id),
    amount BIGINT NOT NULL CHECK (amount > 0),
    date_created BIGINT NOT NULL,
    CHECK (debit_id <> credit_id)
);
CREATE UNIQUE INDEX transfer_natural ON transfer (cause, cause_id, cause_number, leg);
CREATE INDEX transfer_debit ON transfer (debit_id, amount);
CREATE INDEX transfer_credit ON transfer (credit_id, amount);
