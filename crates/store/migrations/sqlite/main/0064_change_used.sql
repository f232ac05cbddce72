-- How many leads a change is about and what is paid for them: caps that are far from their limit need not be counted anew.
ALTER TABLE change ADD COLUMN leads BIGINT NOT NULL DEFAULT 0;
ALTER TABLE change ADD COLUMN payout BIGINT NOT NULL DEFAULT 0;
