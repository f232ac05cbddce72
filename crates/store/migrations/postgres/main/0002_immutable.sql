-- What is written once and never changed: transfers, lead events and money terms (design 6, 7; trust M2).
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% rows are immutable', TG_TABLE_NAME; END $$;
CREATE FUNCTION refuse_two_currencies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM account WHERE id IN (NEW.debit_id, NEW.credit_id) AND currency_id = NEW.currency_id) <> 2 THEN
        RAISE EXCEPTION 'a transfer has one currency';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER transfer_no_update BEFORE UPDATE ON transfer FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER transfer_no_delete BEFORE DELETE ON transfer FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER transfer_no_truncate BEFORE TRUNCATE ON transfer FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER transfer_one_currency BEFORE INSERT ON transfer FOR EACH ROW EXECUTE FUNCTION refuse_two_currencies();
CREATE TRIGGER account_no_update BEFORE UPDATE ON account FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_no_delete BEFORE DELETE ON account FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER lead_event_no_update BEFORE UPDATE ON lead_event FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER lead_event_no_delete BEFORE DELETE ON lead_event FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER lead_event_no_truncate BEFORE TRUNCATE ON lead_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER goal_version_no_update BEFORE UPDATE ON goal_version FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER goal_version_no_delete BEFORE DELETE ON goal_version FOR EACH ROW EXECUTE FUNCTION refuse_change();
