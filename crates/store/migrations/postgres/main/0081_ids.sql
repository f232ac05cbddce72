-- Sequences never give a number twice; what SQLite needs for that stands in its own folder.
-- Lists of news come in this order.
DROP INDEX news_start;
CREATE INDEX news_start ON news (date_start, id);
