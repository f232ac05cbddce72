-- Sums of clicks, few and narrow (design 8): a cube of all dimensions would be as large as the clicks. A bucket is a
-- quarter of an hour since 1970 UTC, so that the days of every zone are made of whole ones; a day is one of UTC. Each is
-- written in the transaction that stores the clicks. Clicks, uniques and unsent are of people, bots are counted apart.
-- One webmaster by time.
CREATE TABLE stat_webmaster (
    webmaster_id BIGINT NOT NULL,
    bucket BIGINT NOT NULL,
    clicks BIGINT NOT NULL,
    uniques BIGINT NOT NULL,
    bots BIGINT NOT NULL,
    unsent BIGINT NOT NULL,
    PRIMARY KEY (webmaster_id, bucket)
);
-- One offer by time: an advertiser's days.
CREATE TABLE stat_offer (
    offer_id BIGINT NOT NULL,
    bucket BIGINT NOT NULL,
    clicks BIGINT NOT NULL,
    uniques BIGINT NOT NULL,
    bots BIGINT NOT NULL,
    unsent BIGINT NOT NULL,
    PRIMARY KEY (offer_id, bucket)
);
-- The network by time, country and device.
CREATE TABLE stat_country (
    bucket BIGINT NOT NULL,
    country TEXT NOT NULL,
    device BIGINT NOT NULL,
    clicks BIGINT NOT NULL,
    uniques BIGINT NOT NULL,
    bots BIGINT NOT NULL,
    unsent BIGINT NOT NULL,
    PRIMARY KEY (bucket, country, device)
);
-- Whole days, for the middle of a period whatever its zone: only its two ends are read from what is finer.
CREATE TABLE stat_day (
    day BIGINT NOT NULL,
    webmaster_id BIGINT NOT NULL,
    offer_id BIGINT NOT NULL,
    clicks BIGINT NOT NULL,
    uniques BIGINT NOT NULL,
    bots BIGINT NOT NULL,
    unsent BIGINT NOT NULL,
    PRIMARY KEY (day, webmaster_id, offer_id)
);
CREATE TABLE stat_offer_day (
    day BIGINT NOT NULL,
    offer_id BIGINT NOT NULL,
    country TEXT NOT NULL,
    device BIGINT NOT NULL,
    clicks BIGINT NOT NULL,
    uniques BIGINT NOT NULL,
    bots BIGINT NOT NULL,
    unsent BIGINT NOT NULL,
    PRIMARY KEY (day, offer_id, country, device)
);
CREATE TABLE stat_country_day (
    day BIGINT NOT NULL,
    country TEXT NOT NULL,
    device BIGINT NOT NULL,
    clicks BIGINT NOT NULL,
    uniques BIGINT NOT NULL,
    bots BIGINT NOT NULL,
    unsent BIGINT NOT NULL,
    PRIMARY KEY (day, country, device)
);
-- From which second on all clicks are kept as rows; sums are kept for ever.
CREATE TABLE stat_kept (
    id BIGINT NOT NULL PRIMARY KEY,
    kept_from BIGINT NOT NULL
);
INSERT INTO stat_kept (id, kept_from) VALUES (1, 0);
-- What a webmaster asks most is answered in his index alone: labels have too many values to be summed up.
DROP INDEX click_webmaster;
CREATE INDEX click_webmaster ON click (webmaster_id, id, offer_id, reason, bot_mark, is_unique, subid1);
-- The sums of the clicks that are there already.
INSERT INTO stat_webmaster SELECT webmaster_id, (id >> 22) / 900000 + 1753152, SUM(CASE WHEN bot_mark = 0 THEN 1 ELSE 0 END), SUM(CASE WHEN bot_mark = 0 AND is_unique THEN 1 ELSE 0 END), SUM(CASE WHEN bot_mark <> 0 THEN 1 ELSE 0 END), SUM(CASE WHEN bot_mark = 0 AND reason <> 0 THEN 1 ELSE 0 END) FROM click GROUP BY 1, 2;
INSERT INTO stat_offer SELECT offer_id, (id >> 22) / 900000 + 1753152, SUM(CASE WHEN bot_mark = 0 THEN 1 ELSE 0 END), SUM(CASE WHEN bot_mark = 0 AND is_unique THEN 1 ELSE 0 END), SUM(CASE WHEN bot_mark <> 0 THEN 1 ELSE 0 END), SUM(CASE WHEN bot_mark = 0 AND reason <> 0 THEN 1 ELSE 0 END) FROM click GROUP BY 1, 2;
INSERT INTO stat_country SELECT (id >> 22) / 900000 + 1753152, country, device, SUM(CASE WHEN bot_mark = 0 THEN 1 ELSE 0 END), SUM(CASE WHEN bot_mark = 0 AND is_unique THEN 1 ELSE 0 END), SUM(CASE WHEN bot_mark <> 0 THEN 1 ELSE 0 END), SUM(CASE WHEN bot_mark = 0 AND reason <> 0 THEN 1 ELSE 0 END) FROM click GROUP BY 1, 2, 3;
INSERT INTO stat_day SELECT (id >> 22) / 86400000 + 18262, webmaster_id, offer_id, SUM(CASE WHEN bot_mark = 0 THEN 1 ELSE 0 END), SUM(CASE WHEN bot_mark = 0 AND is_unique THEN 1 ELSE 0 END), SUM(CASE WHEN bot_mark <> 0 THEN 1 ELSE 0 END), SUM(CASE WHEN bot_mark = 0 AND reason <> 0 THEN 1 ELSE 0 END) FROM click GROUP BY 1, 2, 3;
INSERT INTO stat_offer_day SELECT (id >> 22) / 86400000 + 18262, offer_id, country, device, SUM(CASE WHEN bot_mark = 0 THEN 1 ELSE 0 END), SUM(CASE WHEN bot_mark = 0 AND is_unique THEN 1 ELSE 0 END), SUM(CASE WHEN bot_mark <> 0 THEN 1 ELSE 0 END), SUM(CASE WHEN bot_mark = 0 AND reason <> 0 THEN 1 ELSE 0 END) FROM click GROUP BY 1, 2, 3, 4;
INSERT INTO stat_country_day SELECT (id >> 22) / 86400000 + 18262, country, device, SUM(CASE WHEN bot_mark = 0 THEN 1 ELSE 0 END), SUM(CASE WHEN bot_mark = 0 AND is_unique THEN 1 ELSE 0 END), SUM(CASE WHEN bot_mark <> 0 THEN 1 ELSE 0 END), SUM(CASE WHEN bot_mark = 0 AND reason <> 0 THEN 1 ELSE 0 END) FROM click GROUP BY 1, 2, 3;
