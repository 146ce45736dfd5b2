"""Refusals because of who the caller is.

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
    """The caller has to authenticate."""

    code = "unauthenticated"

    def __init__(self, *, invalid_token: bool = False) -> None:
        """Set no reason: why a token is invalid would help a forger.

        Args:
            invalid_token: There was a credential, and it is not valid.
        """
        super().__init__("The credential is not valid." if invalid_token else "This needs a credential.")
        self.invalid_token = invalid_token


class Forbidden(Refusal):
    """The caller may see the thing, but not do this to it."""

    code = "forbidden"

    def __init__(self, detail: str = "You may not do this.") -> None:
        super().__init__(detail)


class ConflictingCredentials(InvalidValue):
    """Two credentials of one request name two callers."""

    code = "conflicting_credentials"

    def __init__(self, header: str) -> None:
        super().__init__(header, "names another caller than the rest of the request")


class OrganiserNotFound(NotFound):
    """There is no such organiser, or the caller may not see it."""

    code = "organiser_not_found"

    def __init__(self, organiser_id: UUID) -> None:
        super().__init__(f"There is no organiser {organiser_id}.", organiser_id=str(organiser_id))


class MemberNotFound(NotFound):
    """The organiser has no such member."""

    code = "member_not_found"

    def __init__(self, user_id: str) -> None:
        super().__init__("The organiser has no such member.", user_id=user_id)


class ApiKeyNotFound(NotFound):
    """There is no such key, or the caller may not see it."""

    code = "api_key_not_found"

    def __init__(self, key_id: UUID) -> None:
        super().__init__(f"There is no API key {key_id}.", api_key_id=str(key_id))


class AccountNotFound(NotFound):
    """There is no account of this name."""

    code = "account_not_found"

    def __init__(self, name: str) -> None:
        super().__init__("There is no account of this name.", name=name)


class AccountExists(Conflict):
    """There is an account of this name already."""

    code = "account_exists"

    def __init__(self, name: str) -> None:
        super().__init__("There is an account of this name already.", name=name)


class TooManyApiKeys(Conflict):
    """There are so many live keys that one has to be revoked first."""

    code = "too_many_api_keys"

    def __init__(self, keys_max: int) -> None:
        super().__init__(f"There are {keys_max} live keys already; revoke one first.", keys_max=keys_max)


class TooManyMembers(Conflict):
    """The organiser has so many members that one has to be removed first."""

    code = "too_many_members"

    def __init__(self, members_max: int) -> None:
        super().__init__(f"There are {members_max} members already.", members_max=members_max)


class SignInRefused(Refusal):
    """Somebody could not be signed in. It does not say which part of what they sent is wrong."""

    code = "sign_in_refused"

    def __init__(self) -> None:
        super().__init__("What was sent does not sign anybody in.")


class TooManySignIns(Refusal):
    """There were too many wrong passwords."""

    code = "too_many_sign_ins"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(
            f"There were too many wrong passwords. Try again in {retry_after_seconds} s.",
            retry_after_seconds=retry_after_seconds,
        )
        self.retry_after_seconds = retry_after_seconds
