-- What was told, one row an event, in the order in which readers fetch it: those of leads, and later those that have words
-- of their own. There is one writer, and no row is ever removed: what is committed later has a higher number.
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    event BIGINT NOT NULL,
    webmaster_id BIGINT,
    advertiser_id BIGINT,
    lead_id BIGINT,
    number BIGINT NOT NULL,
    body TEXT NOT NULL,
    date_created BIGINT NOT NULL
);

-- The events that are there already.
INSERT INTO event (event, webmaster_id, advertiser_id, lead_id, number, body, date_created)
SELECT CASE s.kind WHEN 1 THEN 1 WHEN 3 THEN 6 WHEN 4 THEN 7 WHEN 7 THEN 8 WHEN 8 THEN 9 ELSE s.status + 1 END,
    l.webmaster_id, l.advertiser_id, s.lead_id, s.number, '', s.date_created
FROM (SELECT e.*, LAG(e.status) OVER (PARTITION BY e.lead_id ORDER BY e.number) AS former FROM lead_event e) s
JOIN lead l ON l.id = s.lead_id
WHERE s.kind IN (1, 3, 4, 7, 8) OR (s.kind = 2 AND s.status <> s.former)
ORDER BY s.date_created, s.lead_id, s.number;

CREATE INDEX event_webmaster ON event (webmaster_id, id) WHERE webmaster_id IS NOT NULL;
CREATE INDEX event_advertiser ON event (advertiser_id, id) WHERE advertiser_id IS NOT NULL;

-- Who asked for everything gets what is new: corrected and re-rated leads.
UPDATE postback SET events = events + 768 WHERE events = 254;

-- What ended is looked for by its age.
CREATE INDEX delivery_ended ON delivery (date_created) WHERE status IN (1, 2);

CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are immutable'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are immutable'); END;
