"""Refusals of who asks.

Refusal
├── Unauthenticated
├── Forbidden
├── InvalidValue
│   └── ConflictingCredentials
├── NotFound
│   ├── OrganiserNotFound
│   ├── MemberNotFound
│   ├── ApiKeyNotFound
│   └── AccountNotFound
└── Conflict
    ├── AccountExists
    ├── TooManyApiKeys
    └── TooManyMembers
"""

from uuid import UUID

from holdfast.domain.refusal import Conflict, InvalidValue, NotFound, Refusal


class Unauthenticated(Refusal):
    """Nobody is known to ask, and this is not for everybody."""

    code = "unauthenticated"

    def __init__(self, *, invalid_token: bool = False) -> None:
        """Say no more than that; why a token is bad would help whoever forges one.

        Args:
            invalid_token: There was a credential, and it proves nothing.
        """
        super().__init__("The credential is not valid." if invalid_token else "This needs a credential.")
        self.invalid_token = invalid_token


class Forbidden(Refusal):
    """The caller is known, may see the thing, and may not do this to it."""

    code = "forbidden"

    def __init__(self, detail: str = "This is not yours to do.") -> None:
        super().__init__(detail)


class ConflictingCredentials(InvalidValue):
    """Two credentials of one request name two callers."""

    code = "conflicting_credentials"

    def __init__(self, header: str) -> None:
        super().__init__(header, "names another caller than the rest of the request")


class OrganiserNotFound(NotFound):
    """No such organiser, or it is not the caller's to see."""

    code = "organiser_not_found"

    def __init__(self, organiser_id: UUID) -> None:
        super().__init__(f"There is no organiser {organiser_id}.", organiser_id=str(organiser_id))


class MemberNotFound(NotFound):
    """The organiser has no such member."""

    code = "member_not_found"

    def __init__(self, user_id: str) -> None:
        super().__init__("The organiser has no such member.", user_id=user_id)


class ApiKeyNotFound(NotFound):
    """No such key, or it is not the caller's to see."""

    code = "api_key_not_found"

    def __init__(self, key_id: UUID) -> None:
        super().__init__(f"There is no API key {key_id}.", api_key_id=str(key_id))


class AccountNotFound(NotFound):
    """No account of this name."""

    code = "account_not_found"

    def __init__(self, name: str) -> None:
        super().__init__("There is no account of this name.", name=name)


class AccountExists(Conflict):
    """There is an account of this name already."""

    code = "account_exists"

    def __init__(self, name: str) -> None:
        super().__init__("There is an account of this name already.", name=name)


class TooManyApiKeys(Conflict):
    """So many keys are live that one has to be revoked first."""

    code = "too_many_api_keys"

    def __init__(self, keys_max: int) -> None:
        super().__init__(f"There are {keys_max} live keys already; revoke one first.", keys_max=keys_max)


class TooManyMembers(Conflict):
    """The organiser has so many members that one has to leave first."""

    code = "too_many_members"

    def __init__(self, members_max: int) -> None:
        super().__init__(f"There are {members_max} members already.", members_max=members_max)
