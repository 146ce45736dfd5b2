"""No key, secret or password appears in the log or in an error, whatever goes wrong."""

import traceback
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from faults.saboteur import fail
from holdfast.application.identity import accounts, api_keys
from holdfast.application.identity.api_keys import KeyWish
from holdfast.domain.identity.api_keys import SECRET_BYTES, make_api_key
from holdfast.domain.identity.roles import Role
from identity.offices import ADMIN, open_identity

SECRET = bytes(range(SECRET_BYTES))
PASSWORD = "canary canary canary"
WISH = KeyWish(name="canary", role=Role.ADMIN, organiser_id=None, expires_at=None)


@pytest.mark.parametrize("sqlstate", ["22000", "53100", "08006", "42501"])
async def test_a_key_or_password_whose_storing_fails_is_written_nowhere(database_url, sqlstate, monkeypatch, caplog):
    monkeypatch.setattr("holdfast.application.identity.administration.PAUSE_SECONDS", 0.001)
    monkeypatch.setattr("holdfast.application.identity.api_keys.os.urandom", lambda _: SECRET)
    await fail(database_url, sqlstate=sqlstate, table="audit", times=1000)
    said = []
    with capture_logs() as lines:
        async with open_identity(database_url) as identity:
            for act in (
                api_keys.create_api_key(
                    identity, ADMIN, KeyWish(name="canary", role=Role.ADMIN, organiser_id=None, expires_at=None)
                ),
                accounts.add_account(identity, ADMIN, name="ann", password=PASSWORD),
            ):
                with pytest.raises(Exception) as failed:
                    await act
                said += traceback.format_exception(failed.value)
                said.append(repr(failed.value))
    said += [str(line) for line in lines] + [caplog.text]
    assert said
    secret = make_api_key(UUID(int=0), SECRET).text[26:69]
    for word in (secret, SECRET.hex(), PASSWORD, "$argon2"):
        assert not [text for text in said if word in text]
