-- A transfer has one currency: looked at once for all rows of a statement, because a call for each row costs a tenth of
-- what storing a lead costs. What is refused is the same: nothing of the statement is kept.
CREATE FUNCTION refuse_mixed_currencies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM made
        WHERE (SELECT currency_id FROM account WHERE id = made.debit_id) IS DISTINCT FROM made.currency_id
           OR (SELECT currency_id FROM account WHERE id = made.credit_id) IS DISTINCT FROM made.currency_id
    ) THEN
        RAISE EXCEPTION 'a transfer has one currency';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER transfer_one_currency ON transfer;
DROP FUNCTION refuse_two_currencies();
CREATE TRIGGER transfer_one_currency AFTER INSERT ON transfer REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_mixed_currencies();
