-- lock_audit
-- Let nobody else append until this transaction ends, so that entries are committed in the order of their positions.
SELECT pg_advisory_xact_lock(:key::bigint)

-- append_to_audit
-- Append an entry, unless an earlier attempt has. Its time is not before that of the entry in front of it: the audits of
-- several cells are merged by time and read on by position, so both must have the same order. An act that read the clock
-- first may get the lock second, and the clock may be set back a little; after more than that, the true time is kept.
INSERT INTO audit (id, at, subject, proof, verb, kind, thing_id, organiser_id, request_id, details)
SELECT
    :entry_id,
    greatest(:now::timestamptz, (
        SELECT last.at FROM (SELECT at FROM audit ORDER BY position DESC LIMIT 1) AS last
        WHERE last.at < :now::timestamptz + interval '10 seconds'
    )),
    :subject, :proof, :verb, :kind, :thing_id, :organiser_id, :request_id, :details::jsonb
ON CONFLICT (id) DO NOTHING

-- has_audit_entry
-- Return whether an entry was appended.
SELECT EXISTS (SELECT 1 FROM audit WHERE id = :entry_id)
