-- Orders of long lists: a page is walked in one of these. Deeplinks are few among the links.
CREATE INDEX link_webmaster_name ON link (webmaster_id, name_folded, id);
CREATE INDEX link_webmaster_created ON link (webmaster_id, date_created, id);
CREATE INDEX link_name ON link (name_folded, id);
CREATE INDEX link_created ON link (date_created, id);
CREATE INDEX link_offer ON link (offer_id, id);
CREATE INDEX link_area ON link (area_id, id) WHERE area_id IS NOT NULL;
CREATE INDEX link_deeplink ON link (webmaster_id, id) WHERE url_to <> '';
CREATE INDEX connection_created ON connection (date_created, id);
CREATE INDEX connection_decided ON connection (date_decided, id);
CREATE INDEX connection_decided_first ON connection ((date_decided IS NULL), date_decided, id);
CREATE INDEX connection_decided_last ON connection ((date_decided IS NULL), date_decided DESC, id DESC);
CREATE INDEX person_created ON person (date_created, id);
-- Last: from here to the end of the migration nobody else reads these tables.
DROP INDEX link_webmaster;
CREATE INDEX link_webmaster ON link (webmaster_id, id);
DROP INDEX connection_offer;
CREATE INDEX connection_offer ON connection (offer_id, id);
