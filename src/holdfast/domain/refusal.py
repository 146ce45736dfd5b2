"""What every refusal is. The refusals of a capability stand in its room, in `refusals`.

    Refusal
    ├── NotFound
    ├── Conflict
    └── InvalidValue

A refusal is expected: it carries a stable `code` and the data that explains it, never an HTTP status. `decide()`
returns refusals inside outcomes; the use cases raise them.
"""

from typing import ClassVar


class Refusal(Exception):
    """The request is understood and may not be fulfilled. `str()` is a sentence for the caller."""

    code: ClassVar[str]

    def __init__(self, detail: str, **data: object) -> None:
        super().__init__(detail)
        self.data: dict[str, object] = data
        """Names and JSON-ready values that explain the refusal."""
        self.version: int | None = None
        """The event's version at which the refusal was true, where one event is concerned."""

    def at(self, version: int | None) -> "Refusal":
        """Note the event's version at which this refusal was true."""
        self.version = version
        return self


class NotFound(Refusal):
    """Something named in the request does not exist, or is not the caller's to see."""


class Conflict(Refusal):
    """The present state does not allow the request."""


class InvalidValue(Refusal):
    """A value breaks a rule; `field` names it as the caller wrote it."""

    code = "invalid_request"

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}", field=field, problem=problem)
