"""The base classes of all refusals. Each capability defines its own in its `refusals` module.

    Refusal
    ├── NotFound
    ├── Conflict
    └── InvalidValue

A refusal is an expected result. It carries a stable `code` and the data that explains it, and knows no HTTP status.
`decide()` returns refusals inside outcomes; the use cases raise them.
"""

from typing import ClassVar


class Refusal(Exception):
    """A request that was understood but cannot be fulfilled. `str()` gives a sentence for the caller."""

    code: ClassVar[str]

    def __init__(self, detail: str, **data: object) -> None:
        super().__init__(detail)
        self.data: dict[str, object] = data
        """Names and JSON-ready values that explain the refusal."""
        self.version: int | None = None
        """The event's version at which the refusal was true, if it concerns one event."""

    def at(self, version: int | None) -> "Refusal":
        """Record the event's version at which this refusal was true."""
        self.version = version
        return self


class NotFound(Refusal):
    """Something named in the request does not exist, or the caller may not see it."""


class Conflict(Refusal):
    """The current state does not allow the request."""


class InvalidValue(Refusal):
    """A value breaks a rule. `field` names it the way the caller wrote it."""

    code = "invalid_request"

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}", field=field, problem=problem)
