"""The types of an ASGI application, and what can go wrong between its messages."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

DIRECT = "holdfast.direct"
"""The scope extension that gives an application direct access to its exchange (see `exchange`)."""


class ClientGoneError(Exception):
    """The client closed the connection before the exchange was complete. Nobody waits for an answer."""
