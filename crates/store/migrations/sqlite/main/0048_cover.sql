-- What covers an advertiser's leads in one currency: what he is trusted with beside his balance, when he is warned, and
-- whether visitors are sent elsewhere when nothing is left. A job counts the rest: what is available, and what a week costs.
CREATE TABLE cover (
    id INTEGER PRIMARY KEY,
    advertiser_id BIGINT NOT NULL REFERENCES person (id),
    currency_id BIGINT NOT NULL REFERENCES currency (id),
    credit_limit BIGINT NOT NULL CHECK (credit_limit >= 0),
    is_postpaid BOOLEAN NOT NULL,
    warn_below BIGINT,
    is_traffback BOOLEAN NOT NULL,
    is_warned BOOLEAN NOT NULL,
    state BIGINT NOT NULL,
    available BIGINT NOT NULL,
    week_charge BIGINT NOT NULL,
    date_week BIGINT NOT NULL,
    date_counted BIGINT NOT NULL,
    date_created BIGINT NOT NULL
);
CREATE UNIQUE INDEX cover_of ON cover (advertiser_id, currency_id);
