"""The types of an ASGI application, and what can go wrong between two of its messages."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

DIRECT = "holdfast.direct"
"""The extension of the scope that gives an application the exchange itself (see `http.exchange`)."""


class ClientGoneError(Exception):
    """The caller closed the connection before the exchange was complete; nobody waits for an answer."""
