-- The body of news is sanitised HTML from now on; its plain text is kept beside it, to be searched and cut.
ALTER TABLE news ADD COLUMN plain TEXT NOT NULL DEFAULT '';
UPDATE news SET plain = replace(body, chr(10), ' ');
UPDATE news SET body = replace(replace(replace(replace(body, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), chr(10), '<br>' || chr(10));
ALTER TABLE news ADD COLUMN stock_id BIGINT REFERENCES stock (id);
CREATE INDEX news_offer ON news (offer_id);
CREATE INDEX news_stock ON news (stock_id);
CREATE INDEX news_read_news ON news_read (news_id);

-- What the network announced by itself, by the name of what happened: nothing is announced twice, not even when an
-- operator has removed the news.
CREATE TABLE news_notice (
    name TEXT NOT NULL PRIMARY KEY,
    date_created BIGINT NOT NULL
);
