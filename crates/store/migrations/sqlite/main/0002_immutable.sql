-- What is written once and never changed: transfers, lead events and money terms (design 6, 7; trust M2).
CREATE TRIGGER transfer_no_update BEFORE UPDATE ON transfer BEGIN SELECT RAISE(ABORT, 'transfers are immutable'); END;
CREATE TRIGGER transfer_no_delete BEFORE DELETE ON transfer BEGIN SELECT RAISE(ABORT, 'transfers are immutable'); END;
CREATE TRIGGER transfer_one_currency BEFORE INSERT ON transfer
WHEN (SELECT currency_id FROM account WHERE id = NEW.debit_id) IS NOT NEW.currency_id
  OR (SELECT currency_id FROM account WHERE id = NEW.credit_id) IS NOT NEW.currency_id
BEGIN SELECT RAISE(ABORT, 'a transfer has one currency'); END;
CREATE TRIGGER account_no_update BEFORE UPDATE ON account BEGIN SELECT RAISE(ABORT, 'accounts are immutable'); END;
CREATE TRIGGER account_no_delete BEFORE DELETE ON account BEGIN SELECT RAISE(ABORT, 'accounts are immutable'); END;
CREATE TRIGGER lead_event_no_update BEFORE UPDATE ON lead_event BEGIN SELECT RAISE(ABORT, 'lead events are immutable'); END;
CREATE TRIGGER lead_event_no_delete BEFORE DELETE ON lead_event BEGIN SELECT RAISE(ABORT, 'lead events are immutable'); END;
CREATE TRIGGER goal_version_no_update BEFORE UPDATE ON goal_version BEGIN SELECT RAISE(ABORT, 'goal versions are immutable'); END;
CREATE TRIGGER goal_version_no_delete BEFORE DELETE ON goal_version BEGIN SELECT RAISE(ABORT, 'goal versions are immutable'); END;
