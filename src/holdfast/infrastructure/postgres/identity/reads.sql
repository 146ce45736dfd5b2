-- rights_version
-- Read the version of all rights, and the time.
SELECT version, clock_timestamp() AS now FROM rights

-- rights_of_keys
-- Find keys, and the version of all rights in the same snapshot.
SELECT r.version, k.id, k.name, k.role, k.organiser_id, k.digest, k.created_at, k.expires_at, k.revoked_at, k.last_used_at
FROM rights r LEFT JOIN api_keys k ON k.id = ANY (:key_ids::uuid[])

-- rights_of_users
-- Find the roles of users, and the version of all rights in the same snapshot.
SELECT r.version, m.user_id, m.organiser_id, m.role
FROM rights r LEFT JOIN members m ON m.user_id = ANY (:user_ids::text[])

-- all_organisers
-- List organisers, newest first.
SELECT id, name, created_at FROM organisers ORDER BY created_at DESC, id DESC LIMIT :limit OFFSET :offset

-- organisers
-- Return those of some organisers that exist, newest first.
SELECT id, name, created_at FROM organisers WHERE id = ANY (:organiser_ids::uuid[])
ORDER BY created_at DESC, id DESC LIMIT :limit OFFSET :offset

-- members
-- List an organiser's members by user id.
SELECT user_id, organiser_id, role, since FROM members WHERE organiser_id = :organiser_id
ORDER BY user_id LIMIT :limit OFFSET :offset

-- all_api_keys
-- List all keys, newest first.
SELECT id, name, role, organiser_id, digest, created_at, expires_at, revoked_at, last_used_at FROM api_keys
ORDER BY created_at DESC, id DESC LIMIT :limit OFFSET :offset

-- api_keys
-- List the keys of organisers, newest first.
SELECT id, name, role, organiser_id, digest, created_at, expires_at, revoked_at, last_used_at FROM api_keys
WHERE organiser_id = ANY (:organiser_ids::uuid[])
ORDER BY created_at DESC, id DESC LIMIT :limit OFFSET :offset

-- place_in_audit
-- Find the position of an entry of the audit that is listed for some organisers, or for all.
SELECT position, at FROM audit
WHERE id = :entry_id AND (:everything::boolean OR organiser_id = ANY (:organiser_ids::uuid[]))

-- position_in_audit
-- Find the newest entry of the audit that is older than a time.
SELECT position FROM audit WHERE at < :until::timestamptz ORDER BY at DESC, position DESC LIMIT 1

-- whole_audit
-- List entries before a position, newest first.
SELECT id, at, subject, proof, verb, kind, thing_id, organiser_id, request_id, details FROM audit
WHERE position < :before ORDER BY position DESC LIMIT :limit

-- audit_of_organisers
-- List entries of organisers before a position, newest first; of each organiser at most a page is read.
SELECT a.id, a.at, a.subject, a.proof, a.verb, a.kind, a.thing_id, a.organiser_id, a.request_id, a.details
FROM unnest(:organiser_ids::uuid[]) AS of_organiser (id)
CROSS JOIN LATERAL (
    SELECT * FROM audit WHERE organiser_id = of_organiser.id AND position < :before ORDER BY position DESC LIMIT :limit
) AS a
ORDER BY a.position DESC LIMIT :limit

-- owners_of_events
-- Find the organisers of events, deleted ones too.
SELECT id, organiser_id FROM events WHERE id = ANY (:event_ids::uuid[])

-- published_events
-- Tell which events are published and which are drafts; not those that were deleted.
SELECT id, published FROM events WHERE id = ANY (:event_ids::uuid[]) AND deleted_at IS NULL

-- owners_of_reservations
-- Find the events, buyers and organisers of reservations.
SELECT r.id, r.event_id, r.user_id, e.organiser_id
FROM reservations r JOIN events e ON e.id = r.event_id
WHERE r.id = ANY (:reservation_ids::uuid[])

-- owners_of_archived_reservations
-- Find the events and organisers of reservations that are in archives, and the digests that tell their buyers.
SELECT a.id, a.event_id, a.buyer, e.organiser_id
FROM archived_reservations a JOIN events e ON e.id = a.event_id
WHERE a.id = ANY (:reservation_ids::uuid[])
