-- Offers as people choose and describe them. date_live: when it first went live. reason: the operator's word.
ALTER TABLE offer ADD COLUMN name_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE offer ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE offer ADD COLUMN comment TEXT NOT NULL DEFAULT '';
ALTER TABLE offer ADD COLUMN call_hours TEXT NOT NULL DEFAULT '';
ALTER TABLE offer ADD COLUMN utm_mask TEXT NOT NULL DEFAULT '';
ALTER TABLE offer ADD COLUMN price_from BIGINT;
ALTER TABLE offer ADD COLUMN price_to BIGINT;
ALTER TABLE offer ADD COLUMN price_currency_id BIGINT REFERENCES currency (id);
ALTER TABLE offer ADD COLUMN date_start BIGINT;
ALTER TABLE offer ADD COLUMN date_stop BIGINT;
ALTER TABLE offer ADD COLUMN date_live BIGINT;
UPDATE offer SET date_live = date_created WHERE status IN (2, 3);
-- Both are computed now, see offer_figure.
ALTER TABLE offer DROP COLUMN rating;
ALTER TABLE offer DROP COLUMN is_recommended;

-- Names as searches compare them; empty until the program has folded them.
ALTER TABLE goal ADD COLUMN description_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE link ADD COLUMN name_folded TEXT NOT NULL DEFAULT '';

-- Kinds of traffic that an offer allows or forbids.
CREATE TABLE offer_traffic (
    offer_id BIGINT NOT NULL REFERENCES offer (id),
    kind BIGINT NOT NULL,
    is_allowed BOOLEAN NOT NULL,
    PRIMARY KEY (offer_id, kind)
);
CREATE INDEX offer_traffic_kind ON offer_traffic (kind, is_allowed, offer_id);

-- Languages of an offer's pages and call centre, ISO 639-1.
CREATE TABLE offer_language (
    offer_id BIGINT NOT NULL REFERENCES offer (id),
    language TEXT NOT NULL,
    PRIMARY KEY (offer_id, language)
);
CREATE INDEX offer_language_language ON offer_language (language, offer_id);

-- Clicks sent to an offer on a day (days since 1970 UTC), counted once by a job up to offer_day_mark.
CREATE TABLE offer_day (
    offer_id BIGINT NOT NULL REFERENCES offer (id),
    day BIGINT NOT NULL,
    clicks BIGINT NOT NULL,
    PRIMARY KEY (offer_id, day)
);
CREATE INDEX offer_day_day ON offer_day (day);
CREATE TABLE offer_day_mark (
    id INTEGER PRIMARY KEY,
    counted_ms BIGINT NOT NULL
);

-- How offers did in the last days: computed anew by a job, nothing of it is anybody's word.
CREATE TABLE offer_figure (
    offer_id BIGINT NOT NULL PRIMARY KEY REFERENCES offer (id),
    clicks BIGINT NOT NULL,
    leads BIGINT NOT NULL,
    currency_id BIGINT REFERENCES currency (id),
    epc BIGINT,
    cr BIGINT,
    approve_rate BIGINT,
    rating BIGINT NOT NULL,
    is_recommended BOOLEAN NOT NULL
);
