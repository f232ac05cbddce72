-- Clicks that each node (by its number in click ids) has counted for the caps of offers, told to the other nodes: the offer, the
-- period, the webmaster (0 for all together), the window that begins at date_start.
CREATE TABLE cap_click (
    node BIGINT NOT NULL,
    offer_id BIGINT NOT NULL,
    period BIGINT NOT NULL,
    webmaster_id BIGINT NOT NULL,
    date_start BIGINT NOT NULL,
    date_end BIGINT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (node, offer_id, period, webmaster_id)
);
CREATE INDEX cap_click_offer ON cap_click (offer_id, period, webmaster_id);
