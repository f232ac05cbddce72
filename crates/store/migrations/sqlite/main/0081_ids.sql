-- A number is never given twice. SQLite would give that of the last row again once it is removed: the audit of what is gone
-- would tell of what came after it, a receiver of messages would drop a new one as a repeat, and who reads the change log
-- from a mark on would pass over what stands before the mark. Only the wording of the tables changes, no row: the way that
-- https://sqlite.org/lang_altertable.html describes for such changes. Tables whose rows are never removed need it not.
PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, 'id INTEGER PRIMARY KEY,', 'id INTEGER PRIMARY KEY AUTOINCREMENT,')
WHERE type = 'table' AND name IN ('category', 'change', 'claim', 'connection', 'delivery', 'feed', 'landing', 'news', 'offer', 'product', 'promo', 'stock');
PRAGMA writable_schema = RESET;
INSERT INTO sqlite_sequence (name, seq) SELECT 'category', COALESCE(MAX(id), 0) FROM category;
INSERT INTO sqlite_sequence (name, seq) SELECT 'change', COALESCE(MAX(id), 0) FROM change;
INSERT INTO sqlite_sequence (name, seq) SELECT 'claim', COALESCE(MAX(id), 0) FROM claim;
INSERT INTO sqlite_sequence (name, seq) SELECT 'connection', COALESCE(MAX(id), 0) FROM connection;
INSERT INTO sqlite_sequence (name, seq) SELECT 'delivery', COALESCE(MAX(id), 0) FROM delivery;
INSERT INTO sqlite_sequence (name, seq) SELECT 'feed', COALESCE(MAX(id), 0) FROM feed;
INSERT INTO sqlite_sequence (name, seq) SELECT 'landing', COALESCE(MAX(id), 0) FROM landing;
INSERT INTO sqlite_sequence (name, seq) SELECT 'news', COALESCE(MAX(id), 0) FROM news;
INSERT INTO sqlite_sequence (name, seq) SELECT 'offer', COALESCE(MAX(id), 0) FROM offer;
INSERT INTO sqlite_sequence (name, seq) SELECT 'product', COALESCE(MAX(id), 0) FROM product;
INSERT INTO sqlite_sequence (name, seq) SELECT 'promo', COALESCE(MAX(id), 0) FROM promo;
INSERT INTO sqlite_sequence (name, seq) SELECT 'stock', COALESCE(MAX(id), 0) FROM stock;
-- Lists of news come in this order. It also tells other connections that the schema has changed.
DROP INDEX news_start;
CREATE INDEX news_start ON news (date_start, id);
