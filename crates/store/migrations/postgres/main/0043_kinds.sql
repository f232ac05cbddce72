-- Rates of two parts: parts per million beside an amount, or the upper end of a range.
ALTER TABLE goal_version ADD COLUMN payment_more BIGINT NOT NULL DEFAULT 0;
ALTER TABLE goal_version ADD COLUMN charge_more BIGINT NOT NULL DEFAULT 0;
ALTER TABLE condition_version ADD COLUMN payment_more BIGINT;
ALTER TABLE condition_version ADD COLUMN charge_more BIGINT;
-- Other rates for some visitors or from so many leads a month on: a list in JSON, empty for none.
ALTER TABLE goal_version ADD COLUMN lines TEXT NOT NULL DEFAULT '';
-- The line of its goal's version that rated a lead, 0 for none; and how many approved leads its webmaster had in the month
-- before it, where a line asked for that.
ALTER TABLE lead ADD COLUMN goal_line BIGINT NOT NULL DEFAULT 0;
ALTER TABLE lead ADD COLUMN month_leads BIGINT;
