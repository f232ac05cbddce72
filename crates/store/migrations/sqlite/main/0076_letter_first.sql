-- Letters that cannot wait are found without those that can, however many news are on their way.
CREATE INDEX letter_urgent ON letter (channel, date_next, id) WHERE status = 0 AND kind <= 9;
CREATE INDEX letter_other ON letter (channel, date_next, id) WHERE status = 0 AND kind > 9;
DROP INDEX letter_due;

-- Who forgot his password is found by his address in any case of letters.
CREATE INDEX person_email ON person (lower(email));
