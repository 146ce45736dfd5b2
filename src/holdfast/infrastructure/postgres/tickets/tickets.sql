-- signing_key
-- Find the key that signs.
SELECT id, private_key FROM ticket_keys WHERE retired_at IS NULL

-- keys
-- List all keys without their private halves, newest first.
SELECT id, public_key, created_at, retired_at, revoked_at FROM ticket_keys ORDER BY created_at DESC, id DESC

-- lock_keys
-- Wait until no other transaction makes or retires a key; no other statement is sent before it has returned.
SELECT pg_advisory_xact_lock(:key)

-- time_after_lock
-- Return the time once the lock is held.
SELECT clock_timestamp()

-- insert_key
-- Store a new key that signs.
INSERT INTO ticket_keys (id, private_key, public_key, created_at) VALUES (:key_id, :private_key, :public_key, :now)

-- has_key
-- Tell whether there is a key.
SELECT EXISTS (SELECT 1 FROM ticket_keys WHERE id = :key_id)

-- retire_signing_key
-- Let the key that signs sign no more, and forget its private half.
UPDATE ticket_keys SET private_key = NULL, retired_at = :now WHERE retired_at IS NULL

-- revoke_key
-- Revoke a key, unless it is revoked already, and forget its private half.
UPDATE ticket_keys SET private_key = NULL, retired_at = coalesce(retired_at, :now), revoked_at = :now
WHERE id = :key_id AND revoked_at IS NULL

-- seats_of_tickets
-- Find seats as their tickets name them.
SELECT id, seat_number, section, row_name FROM seats WHERE event_id = :event_id AND id = ANY (:seat_ids::uuid[])
