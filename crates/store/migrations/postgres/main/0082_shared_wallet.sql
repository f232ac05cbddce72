-- Who is paid to the same account, found in this index alone.
CREATE INDEX wallet_shared ON wallet (account_hash, webmaster_id, status, is_active);
-- What was done to one resource, newest first.
CREATE INDEX audit_resource ON audit (resource, id);
