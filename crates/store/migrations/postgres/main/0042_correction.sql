-- What a lead is worth after an event that made or changed that, micro-units; empty for all other events.
ALTER TABLE lead_event ADD COLUMN amount BIGINT;
ALTER TABLE lead_event ADD COLUMN charge BIGINT;
ALTER TABLE lead_event ADD COLUMN payout BIGINT;
