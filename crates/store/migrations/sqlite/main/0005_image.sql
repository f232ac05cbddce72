-- Pictures in three sizes under the hash of their content; what shows one refers to its name.
CREATE TABLE image (
    name TEXT NOT NULL PRIMARY KEY,
    small BLOB NOT NULL,
    middle BLOB NOT NULL,
    big BLOB NOT NULL,
    date_used BIGINT NOT NULL
);
CREATE INDEX image_used ON image (date_used);

-- An offer's picture is uploaded: a foreign address could show another picture after moderation.
ALTER TABLE offer ADD COLUMN image TEXT REFERENCES image (name);
CREATE INDEX offer_image ON offer (image);
ALTER TABLE offer DROP COLUMN img_small;
ALTER TABLE offer DROP COLUMN img_middle;
ALTER TABLE offer DROP COLUMN img_big;
