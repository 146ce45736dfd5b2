-- lock_audit
-- Let nobody else append until this transaction ends, so that entries are committed in the order of their positions.
SELECT pg_advisory_xact_lock(:key::bigint)

-- append_to_audit
-- Append an entry, unless an earlier attempt has.
INSERT INTO audit (id, at, subject, proof, verb, kind, thing_id, organiser_id, request_id, details)
VALUES (:entry_id, :now, :subject, :proof, :verb, :kind, :thing_id, :organiser_id, :request_id, :details::jsonb)
ON CONFLICT (id) DO NOTHING

-- has_audit_entry
-- Return whether an entry was appended.
SELECT EXISTS (SELECT 1 FROM audit WHERE id = :entry_id)
