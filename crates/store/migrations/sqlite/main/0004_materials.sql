-- What webmasters work with besides the offer itself (design 4): landings, stocks, promos, goods.
-- status and reason: moderation, as for offers; date_published: when an operator first approved it.
CREATE TABLE landing (
    id INTEGER PRIMARY KEY,
    offer_id BIGINT NOT NULL REFERENCES offer (id),
    goal_id BIGINT REFERENCES goal (id),
    kind BIGINT NOT NULL,
    status BIGINT NOT NULL,
    reason TEXT NOT NULL,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    url TEXT NOT NULL,
    is_private BOOLEAN NOT NULL,
    is_exclusive BOOLEAN NOT NULL,
    is_desktop_optimised BOOLEAN NOT NULL,
    is_mobile_optimised BOOLEAN NOT NULL,
    date_created BIGINT NOT NULL,
    date_updated BIGINT NOT NULL,
    date_published BIGINT
);
CREATE INDEX landing_offer ON landing (offer_id, status, id);

-- A stock is a time-limited promotion.
CREATE TABLE stock (
    id INTEGER PRIMARY KEY,
    offer_id BIGINT NOT NULL REFERENCES offer (id),
    status BIGINT NOT NULL,
    reason TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    promo_code TEXT NOT NULL,
    url TEXT NOT NULL,
    image TEXT,
    is_private BOOLEAN NOT NULL,
    date_start BIGINT NOT NULL,
    date_end BIGINT NOT NULL,
    date_created BIGINT NOT NULL,
    date_updated BIGINT NOT NULL,
    date_published BIGINT
);
CREATE INDEX stock_offer ON stock (offer_id, status, id);

CREATE TABLE promo (
    id INTEGER PRIMARY KEY,
    offer_id BIGINT NOT NULL REFERENCES offer (id),
    stock_id BIGINT REFERENCES stock (id),
    kind BIGINT NOT NULL,
    status BIGINT NOT NULL,
    reason TEXT NOT NULL,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    template TEXT NOT NULL,
    url TEXT NOT NULL,
    url_content TEXT NOT NULL,
    image TEXT,
    width BIGINT,
    height BIGINT,
    is_private BOOLEAN NOT NULL,
    date_created BIGINT NOT NULL,
    date_updated BIGINT NOT NULL,
    date_published BIGINT
);
CREATE INDEX promo_offer ON promo (offer_id, status, id);
CREATE INDEX promo_stock ON promo (stock_id);

-- Goods of an offer. run: which run of a feed saw it last, 0 for none.
CREATE TABLE product (
    id INTEGER PRIMARY KEY,
    offer_id BIGINT NOT NULL REFERENCES offer (id),
    external_id TEXT NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    price BIGINT NOT NULL,
    price_old BIGINT,
    currency_id BIGINT NOT NULL REFERENCES currency (id),
    picture TEXT NOT NULL,
    category TEXT NOT NULL,
    vendor TEXT NOT NULL,
    description TEXT NOT NULL,
    is_available BOOLEAN NOT NULL,
    run BIGINT NOT NULL,
    date_created BIGINT NOT NULL,
    date_updated BIGINT NOT NULL
);
CREATE UNIQUE INDEX product_natural ON product (offer_id, external_id);
CREATE INDEX product_offer ON product (offer_id, is_available, id);

-- A feed: where goods come from, and how its last run went. Who runs it holds the fence until date_until.
CREATE TABLE feed (
    id INTEGER PRIMARY KEY,
    offer_id BIGINT NOT NULL REFERENCES offer (id),
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    upload_id BIGINT,
    format BIGINT NOT NULL,
    currency_id BIGINT REFERENCES currency (id),
    is_full BOOLEAN NOT NULL,
    refresh_hours BIGINT NOT NULL,
    status BIGINT NOT NULL,
    message TEXT NOT NULL,
    run BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    date_until BIGINT NOT NULL,
    content_hash TEXT NOT NULL,
    rows_read BIGINT NOT NULL,
    rows_created BIGINT NOT NULL,
    rows_updated BIGINT NOT NULL,
    rows_unchanged BIGINT NOT NULL,
    rows_failed BIGINT NOT NULL,
    rows_missing BIGINT NOT NULL,
    date_created BIGINT NOT NULL,
    date_started BIGINT,
    date_finished BIGINT,
    date_next BIGINT
);
CREATE INDEX feed_offer ON feed (offer_id, id);
CREATE INDEX feed_due ON feed (date_next) WHERE date_next IS NOT NULL;

-- What was wrong in the rows of the last run: the first ones; the number of all is in the feed.
CREATE TABLE feed_error (
    feed_id BIGINT NOT NULL REFERENCES feed (id),
    number BIGINT NOT NULL,
    line BIGINT NOT NULL,
    external_id TEXT NOT NULL,
    field TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (feed_id, number)
);

-- An uploaded feed waits here for its run, compressed and in parts, so that any node can import it.
CREATE TABLE feed_part (
    upload_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    body BLOB NOT NULL,
    date_created BIGINT NOT NULL,
    PRIMARY KEY (upload_id, number)
);
INSERT INTO sequence (name, next) VALUES ('feed_upload', 1), ('feed_run', 1);
