-- Whether a link tells the advertiser's site which page its visitors come from.
ALTER TABLE link ADD COLUMN referrer BIGINT NOT NULL DEFAULT 0;
