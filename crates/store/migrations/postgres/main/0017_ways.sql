-- Days for which a buyer's telephone number is one lead of an offer; 0: the number is not looked at.
ALTER TABLE offer ADD COLUMN phone_double_days BIGINT NOT NULL DEFAULT 0;
