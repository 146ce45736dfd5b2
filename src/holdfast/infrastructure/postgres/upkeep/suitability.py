"""What Holdfast requires of a PostgreSQL. Checked before the first migration, and by readiness."""

OLDEST_VERSION = 15
ENCODING = "UTF8"


def unsuitable(*, version_number: int, encoding: str) -> str | None:
    """Return a sentence about why a database cannot be used and what to do about it; None if it can be used.

    Any locale will do, because whatever is sorted or compared names its collation.

    Args:
        version_number: `server_version_num`.
        encoding: The database's encoding, as PostgreSQL names it.
    """
    if version_number < OLDEST_VERSION * 10_000:
        return f"PostgreSQL {version_number // 10_000} is too old: use {OLDEST_VERSION} or newer."
    if encoding != ENCODING:
        return (
            f"The database's encoding is {encoding}, which cannot hold every text: make another with "
            f"CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
        )
    return None
