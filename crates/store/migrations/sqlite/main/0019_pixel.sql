-- Whether reports of browsers (pixel, script) are taken without a signature.
ALTER TABLE offer ADD COLUMN is_pixel BOOLEAN NOT NULL DEFAULT FALSE;
