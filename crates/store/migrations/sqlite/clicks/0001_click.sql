-- Clicks, in a file of their own on SQLite: no transaction writes both files (design 11).
CREATE TABLE click (
    id INTEGER PRIMARY KEY,
    link_id BIGINT NOT NULL,
    offer_id BIGINT NOT NULL,
    webmaster_id BIGINT NOT NULL,
    area_id BIGINT NOT NULL,
    reason BIGINT NOT NULL,
    code TEXT NOT NULL,
    ip TEXT NOT NULL,
    country TEXT NOT NULL,
    ua TEXT NOT NULL,
    language TEXT NOT NULL,
    referer TEXT NOT NULL,
    keyword TEXT NOT NULL,
    subid1 TEXT NOT NULL,
    subid2 TEXT NOT NULL,
    subid3 TEXT NOT NULL,
    subid4 TEXT NOT NULL,
    subid5 TEXT NOT NULL,
    query TEXT NOT NULL,
    cookie_ttl_days BIGINT NOT NULL
);

-- How far each node's click log is in this table; moved in the transaction that stores the rows (design 5.3).
CREATE TABLE click_mark (
    log TEXT NOT NULL PRIMARY KEY,
    segment BIGINT NOT NULL,
    place BIGINT NOT NULL
);
