-- lock_rights
-- Wait until no other administrative action is running; no other statement is sent before it has returned.
SELECT version FROM rights FOR NO KEY UPDATE

-- time_after_lock
-- Return the time once the lock is held.
SELECT clock_timestamp()

-- raise_rights
-- Let every node know that rights may have changed.
UPDATE rights SET version = version + 1

-- organiser
-- Find an organiser.
SELECT id, name, created_at FROM organisers WHERE id = :organiser_id

-- insert_organiser
-- Store a new organiser.
INSERT INTO organisers (id, name, created_at) VALUES (:organiser_id, :name, :now)

-- member
-- Find a member.
SELECT user_id, organiser_id, role, since FROM members WHERE user_id = :user_id AND organiser_id = :organiser_id

-- roles_of
-- Find the roles of a user in all organisers.
SELECT organiser_id, role FROM members WHERE user_id = :user_id

-- count_members
-- Count an organiser's members.
SELECT count(*) FROM members WHERE organiser_id = :organiser_id

-- put_member
-- Store a member, replacing their previous role.
INSERT INTO members (user_id, organiser_id, role, since) VALUES (:user_id, :organiser_id, :role, :now)
ON CONFLICT (user_id, organiser_id) DO UPDATE SET role = EXCLUDED.role, since = EXCLUDED.since

-- delete_member
-- Remove a member.
DELETE FROM members WHERE user_id = :user_id AND organiser_id = :organiser_id

-- api_key
-- Find an API key.
SELECT id, name, role, organiser_id, digest, created_at, expires_at, revoked_at, last_used_at
FROM api_keys WHERE id = :key_id

-- count_live_api_keys
-- Count the live keys of an organiser, or of none.
SELECT count(*) FROM api_keys
WHERE organiser_id IS NOT DISTINCT FROM :organiser_id AND revoked_at IS NULL
    AND (expires_at IS NULL OR expires_at > :now)

-- insert_api_key
-- Store a new key.
INSERT INTO api_keys (id, name, role, organiser_id, digest, created_at, expires_at)
VALUES (:key_id, :name, :role, :organiser_id, :digest, :now, :expires_at)

-- revoke_api_key
-- Mark a key revoked.
UPDATE api_keys SET revoked_at = :now WHERE id = :key_id

-- account
-- Find an account.
SELECT name, password_hash, created_at, password_set_at FROM accounts WHERE name = :name

-- insert_account
-- Store a new account.
INSERT INTO accounts (name, password_hash, created_at, password_set_at) VALUES (:name, :password_hash, :now, :now)

-- set_password
-- Replace the password of an account.
UPDATE accounts SET password_hash = :password_hash, password_set_at = :now WHERE name = :name

-- replace_hash
-- Store a new hash of the same password, unless the password has changed since.
UPDATE accounts SET password_hash = :password_hash WHERE name = :name AND password_hash = :old_hash

-- record_key_uses
-- Record that keys were used just now, except those recorded less than a minute ago and those being changed now.
UPDATE api_keys SET last_used_at = clock_timestamp() WHERE id IN (
    SELECT id FROM api_keys
    WHERE id = ANY (:key_ids::uuid[])
        AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '55 seconds')
    FOR NO KEY UPDATE SKIP LOCKED
)
