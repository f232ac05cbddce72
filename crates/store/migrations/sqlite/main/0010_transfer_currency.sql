-- PostgreSQL looks at the currencies once for all rows of a statement, after them; SQLite has row triggers only.
DROP TRIGGER transfer_one_currency;
CREATE TRIGGER transfer_one_currency AFTER INSERT ON transfer
WHEN (SELECT currency_id FROM account WHERE id = NEW.debit_id) IS NOT NEW.currency_id
  OR (SELECT currency_id FROM account WHERE id = NEW.credit_id) IS NOT NEW.currency_id
BEGIN SELECT RAISE(ABORT, 'a transfer has one currency'); END;
