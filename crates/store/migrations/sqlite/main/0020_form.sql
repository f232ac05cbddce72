-- The order form of an offer, and what it asks besides name and telephone: numbers with commas.
ALTER TABLE offer ADD COLUMN is_form BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE offer ADD COLUMN form_fields TEXT NOT NULL DEFAULT '';
