"""What the tests of administrative acts share."""

from uuid import UUID

from box_office import sql
from holdfast.application.identity import api_keys, organisers
from holdfast.application.identity.api_keys import KeyWish
from holdfast.domain.identity.api_keys import ApiKey
from holdfast.domain.identity.organisers import DEFAULT_ORGANISER_ID, StoredKey
from holdfast.domain.identity.roles import Role
from identity.offices import ADMIN

PASSWORD = "correct horse battery staple"


def a_wish(role=Role.ORGANISER, organiser_id=DEFAULT_ORGANISER_ID, *, name="till", expires_at=None) -> KeyWish:
    return KeyWish(name=name, role=role, organiser_id=organiser_id, expires_at=expires_at)


async def a_key(
    identity, role=Role.BOX_OFFICE, organiser_id=DEFAULT_ORGANISER_ID, *, expires_at=None
) -> tuple[StoredKey, ApiKey]:
    """Make a key, an admin's without an organiser; returns it as stored, and with its secret."""
    organiser_id = None if role is Role.ADMIN else organiser_id
    return await api_keys.create_api_key(identity, ADMIN, a_wish(role, organiser_id, expires_at=expires_at))


async def an_organiser(identity, name="Hall") -> UUID:
    return (await organisers.create_organiser(identity, ADMIN, name=name)).id


async def entries_of(database_url):
    return await sql(database_url, "SELECT * FROM audit ORDER BY position")
