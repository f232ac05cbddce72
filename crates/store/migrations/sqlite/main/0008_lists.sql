-- Lists of leads stay fast on ten million rows: pages are found in these indexes alone, newest first within a webmaster,
-- an advertiser, or the network, and only the rows of the page are read from the table. How it was measured stands in
-- docs/performance.md.
DROP INDEX lead_webmaster;
DROP INDEX lead_advertiser;
CREATE INDEX lead_webmaster ON lead (webmaster_id, date_created, id, offer_id, goal_id, status, is_closed, subid1, country, link_id);
CREATE INDEX lead_advertiser ON lead (advertiser_id, date_created, id, offer_id, goal_id, status, is_closed);
CREATE INDEX lead_created ON lead (date_created, id, status, is_closed);
-- By the click: each lead is in one of these two, so that looking for a tid costs a new lead nothing.
DROP INDEX lead_otol;
CREATE UNIQUE INDEX lead_otol ON lead (otol_click_id, goal_id) WHERE otol_click_id IS NOT NULL;
CREATE INDEX lead_click ON lead (click_id) WHERE otol_click_id IS NULL;
-- By the end of the hold: written when a lead closes, not when it comes in.
CREATE INDEX lead_closed ON lead (date_closed, id) WHERE date_closed IS NOT NULL;
CREATE INDEX lead_closed_webmaster ON lead (webmaster_id, date_closed, id) WHERE date_closed IS NOT NULL;
CREATE INDEX lead_closed_advertiser ON lead (advertiser_id, date_closed, id) WHERE date_closed IS NOT NULL;

-- How many leads there are, so that nobody has to count them: per webmaster, per day of creation (webmaster_id 0), and
-- all together (webmaster_id -1; day -1 for all days, else UTC days since 1970), each by goal and state.
CREATE TABLE lead_count (
    webmaster_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    advertiser_id BIGINT NOT NULL,
    offer_id BIGINT NOT NULL,
    goal_id BIGINT NOT NULL,
    currency_id BIGINT NOT NULL,
    status BIGINT NOT NULL,
    is_closed BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (webmaster_id, day, advertiser_id, offer_id, goal_id, currency_id, status, is_closed)
) WITHOUT ROWID;
-- Cells that have become empty, to be removed.
CREATE INDEX lead_count_empty ON lead_count (count) WHERE count = 0;

-- What has changed since a job last added it to the table above. Triggers write it in the lead's own transaction and
-- only ever insert, so that no writer waits for another one; a reader adds both tables up.
CREATE TABLE lead_count_change (
    id INTEGER PRIMARY KEY,
    webmaster_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    advertiser_id BIGINT NOT NULL,
    offer_id BIGINT NOT NULL,
    goal_id BIGINT NOT NULL,
    currency_id BIGINT NOT NULL,
    status BIGINT NOT NULL,
    is_closed BIGINT NOT NULL,
    count BIGINT NOT NULL
);
CREATE TRIGGER lead_count_insert AFTER INSERT ON lead BEGIN
    INSERT INTO lead_count_change (webmaster_id, day, advertiser_id, offer_id, goal_id, currency_id, status, is_closed, count)
    VALUES (NEW.webmaster_id, NEW.date_created / 86400, NEW.advertiser_id, NEW.offer_id, NEW.goal_id, NEW.currency_id, NEW.status, NEW.is_closed, 1);
END;
CREATE TRIGGER lead_count_update AFTER UPDATE ON lead
WHEN (OLD.webmaster_id, OLD.date_created / 86400, OLD.advertiser_id, OLD.offer_id, OLD.goal_id, OLD.currency_id, OLD.status, OLD.is_closed)
    IS NOT (NEW.webmaster_id, NEW.date_created / 86400, NEW.advertiser_id, NEW.offer_id, NEW.goal_id, NEW.currency_id, NEW.status, NEW.is_closed)
BEGIN
    INSERT INTO lead_count_change (webmaster_id, day, advertiser_id, offer_id, goal_id, currency_id, status, is_closed, count)
    VALUES (OLD.webmaster_id, OLD.date_created / 86400, OLD.advertiser_id, OLD.offer_id, OLD.goal_id, OLD.currency_id, OLD.status, OLD.is_closed, -1),
           (NEW.webmaster_id, NEW.date_created / 86400, NEW.advertiser_id, NEW.offer_id, NEW.goal_id, NEW.currency_id, NEW.status, NEW.is_closed, 1);
END;
CREATE TRIGGER lead_count_delete AFTER DELETE ON lead BEGIN
    INSERT INTO lead_count_change (webmaster_id, day, advertiser_id, offer_id, goal_id, currency_id, status, is_closed, count)
    VALUES (OLD.webmaster_id, OLD.date_created / 86400, OLD.advertiser_id, OLD.offer_id, OLD.goal_id, OLD.currency_id, OLD.status, OLD.is_closed, -1);
END;

-- The leads that are there already.
INSERT INTO lead_count
SELECT webmaster_id, -1, advertiser_id, offer_id, goal_id, currency_id, status, is_closed, count(*)
FROM lead GROUP BY webmaster_id, advertiser_id, offer_id, goal_id, currency_id, status, is_closed;
INSERT INTO lead_count
SELECT 0, date_created / 86400, advertiser_id, offer_id, goal_id, currency_id, status, is_closed, count(*)
FROM lead GROUP BY date_created / 86400, advertiser_id, offer_id, goal_id, currency_id, status, is_closed;
INSERT INTO lead_count
SELECT -1, -1, advertiser_id, offer_id, goal_id, currency_id, status, is_closed, count(*)
FROM lead GROUP BY advertiser_id, offer_id, goal_id, currency_id, status, is_closed;
