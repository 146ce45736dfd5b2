"""Local accounts, with which the pages sign people in if no issuer of tokens is configured."""

from dataclasses import dataclass, field
from datetime import datetime

from holdfast.domain.identity.organisers import require_unicode
from holdfast.domain.identity.principal import USER_ID_MAX
from holdfast.domain.refusal import InvalidValue

ACCOUNT_PREFIX = "account:"
"""Prefix of an account's user id."""
ACCOUNT_NAME_MAX = USER_ID_MAX - len(ACCOUNT_PREFIX)
PASSWORD_MIN = 15
"""Characters. Almost no leaked password is that long, so no other rule is needed."""
PASSWORD_MAX = 1_000
"""Characters; enough for any sentence, but hashing it stays cheap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who signs in with a password."""

    name: str
    password_hash: str = field(repr=False)
    """In PHC string format, with its salt and parameters."""
    created_at: datetime
    password_set_at: datetime

    @property
    def user_id(self) -> str:
        """The user id of their memberships and reservations."""
        return user_id_of(self.name)


def user_id_of(account_name: str) -> str:
    """Return the user id of an account."""
    return ACCOUNT_PREFIX + account_name


def may_be_account_name(name: str) -> bool:
    """Return whether an account can have this name."""
    return 1 <= len(name) <= ACCOUNT_NAME_MAX and name.isascii() and name.isprintable() and name == name.strip()


def require_account_name(name: str) -> None:
    """Refuse an invalid name of an account.

    Raises:
        InvalidValue: The error names the field.
    """
    if not may_be_account_name(name):
        raise InvalidValue("name", f"must be 1 to {ACCOUNT_NAME_MAX} printable ASCII characters, no space at an end")


def require_password(password: str) -> None:
    """Refuse a password that is too short or too long.

    Raises:
        InvalidValue: The error names the field and does not contain the password.
    """
    if len(password) < PASSWORD_MIN:
        raise InvalidValue("password", f"must have at least {PASSWORD_MIN} characters; a sentence is good")
    if len(password) > PASSWORD_MAX:
        raise InvalidValue("password", f"must have at most {PASSWORD_MAX} characters")
    if len(set(password)) < 5:
        raise InvalidValue("password", "must have at least five different characters")
    require_unicode("password", password)
