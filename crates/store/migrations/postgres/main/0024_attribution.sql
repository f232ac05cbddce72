-- Whose a lead is that only a cookie or a telephone number names the visitor of: 1 the last click, 2 the first.
ALTER TABLE offer ADD COLUMN attribution BIGINT NOT NULL DEFAULT 1;
