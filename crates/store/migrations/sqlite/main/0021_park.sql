-- Parked domains: tracking under a webmaster's own name. token: what the network answers there, so that it knows itself.
CREATE TABLE domain (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    webmaster_id BIGINT NOT NULL REFERENCES person (id),
    status BIGINT NOT NULL,
    reason TEXT NOT NULL,
    is_secure BOOLEAN NOT NULL,
    token TEXT NOT NULL,
    date_checked BIGINT,
    date_due BIGINT NOT NULL,
    date_created BIGINT NOT NULL
);
CREATE UNIQUE INDEX domain_name ON domain (name);
CREATE INDEX domain_webmaster ON domain (webmaster_id);
CREATE INDEX domain_due ON domain (date_due);

-- A link with url_to is a deeplink; domain_id: the name that it is shown under.
ALTER TABLE link ADD COLUMN url_to TEXT NOT NULL DEFAULT '';
ALTER TABLE link ADD COLUMN domain_id BIGINT REFERENCES domain (id);
CREATE INDEX link_domain ON link (domain_id) WHERE domain_id IS NOT NULL;

-- Hosts that deeplinks of an offer may lead to, with commas between; empty for the host of url_redirect.
ALTER TABLE offer ADD COLUMN deeplink_hosts TEXT NOT NULL DEFAULT '';
