-- Balances: what transfers up to a mark add up to, folded by a job. Who reads a balance adds the transfers above the mark, so that
-- no writer of transfers ever writes, or waits for, the row of an account (design 7). Whole units and micro-units are
-- summed apart: neither sum can overflow.
CREATE TABLE balance (
    account_id BIGINT NOT NULL PRIMARY KEY REFERENCES account (id),
    units BIGINT NOT NULL,
    micros BIGINT NOT NULL
);
CREATE TABLE balance_mark (
    id BIGINT NOT NULL PRIMARY KEY,
    transfer_id BIGINT NOT NULL
);
INSERT INTO balance_mark (id, transfer_id) VALUES (1, 0);
-- An account's transfers in order: its list, and its sum above the mark without a look at the rows.
DROP INDEX transfer_debit;
DROP INDEX transfer_credit;
CREATE INDEX transfer_debit ON transfer (debit_id, id, amount);
CREATE INDEX transfer_credit ON transfer (credit_id, id, amount);
-- A number may be committed after a higher one. Whoever writes transfers shares this lock until his commit; the job takes it
-- alone for a moment, and then knows that no lower number is still to come.
CREATE FUNCTION share_transfer_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(28, 1);
    RETURN NULL;
END $$;
CREATE TRIGGER transfer_share_lock BEFORE INSERT ON transfer FOR EACH STATEMENT EXECUTE FUNCTION share_transfer_lock();
