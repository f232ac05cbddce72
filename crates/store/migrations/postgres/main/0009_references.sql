-- On PostgreSQL each reference costs a look-up and a row lock for every new row: a fifth of what storing a lead costs.
-- What something else holds already goes; nothing can dangle afterwards that could not before.
--
-- A transfer's accounts and currency: transfer_one_currency (0010) refuses an account that is not there, and accounts are
-- never changed or deleted (0002).
ALTER TABLE transfer
    DROP CONSTRAINT transfer_debit_id_fkey,
    DROP CONSTRAINT transfer_credit_id_fkey,
    DROP CONSTRAINT transfer_currency_id_fkey;
CREATE TRIGGER account_no_truncate BEFORE TRUNCATE ON account FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- A lead's goal, offer, advertiser and currency: its goal version refers to the goal, which refers to the others, and
-- goal versions are never changed or deleted.
ALTER TABLE lead
    DROP CONSTRAINT lead_goal_id_fkey,
    DROP CONSTRAINT lead_offer_id_fkey,
    DROP CONSTRAINT lead_advertiser_id_fkey,
    DROP CONSTRAINT lead_currency_id_fkey;
CREATE TRIGGER goal_version_no_truncate BEFORE TRUNCATE ON goal_version FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
