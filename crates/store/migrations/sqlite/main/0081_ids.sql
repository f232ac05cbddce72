-- A number is never given twice. SQLite would give that of the last row again once it is removed: the audit of what is gone
-- would tell of what came after it, a receiver of messages would drop a new one as a repeat, and who reads the change log
-- from a mark on would pass over what stands before the mark. Only the wording of the tables changes, no row: the way that
-- https://sqlite.org/lang_altertable.html describes for such changes. Tables whose rows are never removed need it not.
PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, 'id INTEGER PRIMARY KEY,', 'id INTEGER PRIMARY KEY AUTOINCREMENT,')
WHERE type = 'table' AND name IN ('category', 'change', 'claim', 'connection', 'delivery', 'feed', 'landing', 'news', 'offer', 'product', 'promo', 'stock');
PRAGMA writable_schema = RESET;
-- Of what was removed before, the audit knows the numbers.
INSERT INTO sqlite_sequence (name, seq) SELECT 'category', MAX(COALESCE((SELECT MAX(id) FROM category), 0), COALESCE((SELECT MAX(object_id) FROM audit WHERE resource = 'category'), 0));
INSERT INTO sqlite_sequence (name, seq) SELECT 'change', COALESCE(MAX(id), 0) FROM change;
INSERT INTO sqlite_sequence (name, seq) SELECT 'claim', COALESCE(MAX(id), 0) FROM claim;
INSERT INTO sqlite_sequence (name, seq) SELECT 'connection', MAX(COALESCE((SELECT MAX(id) FROM connection), 0), COALESCE((SELECT MAX(object_id) FROM audit WHERE resource = 'connection'), 0));
INSERT INTO sqlite_sequence (name, seq) SELECT 'delivery', COALESCE(MAX(id), 0) FROM delivery;
INSERT INTO sqlite_sequence (name, seq) SELECT 'feed', MAX(COALESCE((SELECT MAX(id) FROM feed), 0), COALESCE((SELECT MAX(object_id) FROM audit WHERE resource = 'feed'), 0));
INSERT INTO sqlite_sequence (name, seq) SELECT 'landing', MAX(COALESCE((SELECT MAX(id) FROM landing), 0), COALESCE((SELECT MAX(object_id) FROM audit WHERE resource = 'landing'), 0));
INSERT INTO sqlite_sequence (name, seq) SELECT 'news', MAX(COALESCE((SELECT MAX(id) FROM news), 0), COALESCE((SELECT MAX(object_id) FROM audit WHERE resource = 'news'), 0));
INSERT INTO sqlite_sequence (name, seq) SELECT 'offer', MAX(COALESCE((SELECT MAX(id) FROM offer), 0), COALESCE((SELECT MAX(object_id) FROM audit WHERE resource = 'offer'), 0));
INSERT INTO sqlite_sequence (name, seq) SELECT 'product', MAX(COALESCE((SELECT MAX(id) FROM product), 0), COALESCE((SELECT MAX(object_id) FROM audit WHERE resource = 'product'), 0));
INSERT INTO sqlite_sequence (name, seq) SELECT 'promo', MAX(COALESCE((SELECT MAX(id) FROM promo), 0), COALESCE((SELECT MAX(object_id) FROM audit WHERE resource = 'promo'), 0));
INSERT INTO sqlite_sequence (name, seq) SELECT 'stock', MAX(COALESCE((SELECT MAX(id) FROM stock), 0), COALESCE((SELECT MAX(object_id) FROM audit WHERE resource = 'stock'), 0));
-- Lists of news come in this order. It also tells other connections that the schema has changed.
DROP INDEX news_start;
CREATE INDEX news_start ON news (date_start, id);
