-- insert_session
-- Store a session that begins now. A few that are over go at the same time, so that they never gather, and the oldest of
-- the same user where that would be more than :sessions_max.
WITH over AS (
    DELETE FROM sessions WHERE digest IN (
        SELECT digest FROM sessions WHERE expires_at < clock_timestamp() ORDER BY expires_at LIMIT 10 FOR UPDATE SKIP LOCKED
    )
), too_many AS (
    DELETE FROM sessions WHERE digest IN (
        SELECT digest FROM sessions WHERE user_id = :user_id ORDER BY created_at DESC OFFSET :sessions_max - 1
    )
)
INSERT INTO sessions (digest, user_id, admin, created_at, expires_at)
SELECT
    :digest, :user_id, :admin, now, now + least(make_interval(hours => :hours), make_interval(mins => :idle_minutes))
FROM clock_timestamp() AS now
RETURNING user_id, admin, created_at, expires_at

-- sessions
-- Return those of some sessions that are not over, and whether their use is to be recorded, which is done once a minute.
SELECT
    digest, user_id, admin, created_at, expires_at,
    expires_at < least(
        created_at + make_interval(hours => :hours),
        clock_timestamp() + make_interval(mins => :idle_minutes - 1)
    ) AS to_be_prolonged
FROM sessions WHERE digest = ANY (:digests::bytea[]) AND expires_at > clock_timestamp()

-- prolong_sessions
-- Record that sessions are in use: from now on they may be idle for as long as a session may be.
UPDATE sessions SET
    expires_at = least(
        created_at + make_interval(hours => :hours), clock_timestamp() + make_interval(mins => :idle_minutes)
    )
WHERE digest IN (
    SELECT digest FROM sessions WHERE digest = ANY (:digests::bytea[]) AND expires_at > clock_timestamp()
    FOR NO KEY UPDATE SKIP LOCKED
)

-- has_session
-- Tell whether a user has a session that is not over.
SELECT EXISTS (SELECT 1 FROM sessions WHERE user_id = :user_id AND expires_at > clock_timestamp())

-- delete_session
-- Remove a session.
DELETE FROM sessions WHERE digest = :digest

-- delete_sessions_of_user
-- Remove all sessions of a user.
DELETE FROM sessions WHERE user_id = :user_id

-- insert_link
-- Store a sign-in link that begins now. Those that are over go at the same time.
WITH over AS (
    DELETE FROM sign_in_links WHERE expires_at < clock_timestamp()
)
INSERT INTO sign_in_links (digest, user_id, admin, created_at, expires_at)
SELECT :digest, :user_id, :admin, now, now + make_interval(mins => :minutes) FROM clock_timestamp() AS now

-- delete_links_of_user
-- Remove all sign-in links of a user.
DELETE FROM sign_in_links WHERE user_id = :user_id

-- take_link
-- Remove a sign-in link, and return it if it was still valid. Of two who use it at once, one gets it.
DELETE FROM sign_in_links WHERE digest = :digest RETURNING user_id, admin, expires_at > clock_timestamp() AS valid
