-- When a parked domain was last found here: one that failed long ago goes to whoever parks it next.
ALTER TABLE domain ADD COLUMN date_seen BIGINT;
UPDATE domain SET date_seen = COALESCE(date_checked, date_created) WHERE status IN (1, 2);
