"""One entry of the table of pages."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from holdfast.http.endpoints.answer import Answer
from holdfast.web.kit.visit import Visit

Handler: TypeAlias = Callable[[Visit], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A path, and who answers it. Its parameters are written as in Starlette's routes (`/events/{event_id}`)."""

    path: str
    name: str
    get: Handler | None = None
    post: Handler | None = None
    no_store: bool = False
    """Whether browsers may not keep it: it shows what only an organiser may see, and the computer may be shared."""
    body_bytes_max: int = 64 * 1024
    """The largest form. A hall that is imported is larger than all others."""
    lists_all: bool = False
    """Whether it shows what is in all databases, so that it says if it lacks some."""
    is_page: bool = True
    """Whether it answers GET with HTML, whoever asks: then tests walk it (accessibility, languages, budgets)."""
