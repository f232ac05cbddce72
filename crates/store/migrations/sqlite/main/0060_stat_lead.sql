-- Statistics of leads are answered in the indexes of their sides alone: what is summed up stands in them too.
DROP INDEX lead_webmaster;
DROP INDEX lead_advertiser;
CREATE INDEX lead_webmaster ON lead (webmaster_id, date_created, id, offer_id, goal_id, status, is_closed, subid1, country, link_id,
    currency_id, charge, payout, hold_period);
CREATE INDEX lead_advertiser ON lead (advertiser_id, date_created, id, offer_id, goal_id, status, is_closed, webmaster_id, country,
    currency_id, charge, payout, hold_period);
