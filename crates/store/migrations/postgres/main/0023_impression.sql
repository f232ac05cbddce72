-- How often pages showed a link's banner, by day (days since 1970, UTC).
CREATE TABLE impression (
    link_id BIGINT NOT NULL REFERENCES link (id),
    day BIGINT NOT NULL,
    shown BIGINT NOT NULL,
    PRIMARY KEY (link_id, day)
);
