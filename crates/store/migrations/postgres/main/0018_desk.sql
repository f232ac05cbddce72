-- Why a lead has its status, from a closed list; 0 where nobody told a reason. What is there already told none.
ALTER TABLE lead ADD COLUMN reason_code BIGINT NOT NULL DEFAULT 0;
ALTER TABLE lead_event ADD COLUMN reason_code BIGINT NOT NULL DEFAULT 0;
ALTER TABLE parked_lead ADD COLUMN reason_code BIGINT NOT NULL DEFAULT 0;

-- How long an advertiser may take to decide, and what his silence means; a lead keeps what was agreed when it came.
ALTER TABLE offer ADD COLUMN decision_days BIGINT NOT NULL DEFAULT 0;
ALTER TABLE offer ADD COLUMN is_silence_approval BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE lead ADD COLUMN date_decide_until BIGINT;
ALTER TABLE lead ADD COLUMN date_auto_approve BIGINT;
CREATE INDEX lead_auto_approve ON lead (date_auto_approve) WHERE status = 0 AND date_auto_approve IS NOT NULL;

-- Why a lead's click is counted apart (design 5): a fact of the click, which decides nothing by itself.
ALTER TABLE lead ADD COLUMN bot_mark BIGINT NOT NULL DEFAULT 0;
-- The story of a lead tells where it waited.
CREATE INDEX parked_lead_lead ON parked_lead (lead_id) WHERE lead_id IS NOT NULL;

-- A webmaster's protest against a refusal is a ticket; the lead knows what became of it.
ALTER TABLE lead ADD COLUMN contest BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ticket ADD COLUMN is_contest BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX ticket_lead ON ticket (lead_id, id) WHERE lead_id IS NOT NULL;
