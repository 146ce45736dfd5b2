"""Turns a page into what the HTTP kit serves: finds out who visits, checks forms, and makes a page of every refusal."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from holdfast.application.failures import OperationalFailure, Unavailable
from holdfast.domain.identity.refusals import Unauthenticated
from holdfast.domain.refusal import Refusal
from holdfast.http.endpoints.answer import Answer
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.operation import Handler as CallHandler
from holdfast.http.protocol.asgi import ClientGoneError
from holdfast.http.protocol.refusal import RequestRefusedError
from holdfast.telemetry import context
from holdfast.web.kit.languages import preferred
from holdfast.web.kit.page import Handler, Page
from holdfast.web.kit.routing import in_its_cell
from holdfast.web.kit.same_origin import require_same_origin
from holdfast.web.kit.site import Site
from holdfast.web.kit.visit import Visit

LANGUAGE = "lang"
"""Short name of the cookie that says which language the reader has chosen."""

ErrorPage = Callable[[Visit, int, Refusal | RequestRefusedError | Unavailable | None], Answer]
"""Makes the page for a refusal, a failure, or (None) a bug, with this status."""
UNAVAILABLE_STATUS = 503
SESSION_OVER = "session-over"
"""Said on the page to sign in to somebody whose session has ended, most often because it was not used."""
INTERNAL_STATUS = 500


@dataclass(frozen=True, slots=True)
class Served:
    """One method of a page, in the form in which an endpoint takes it."""

    method: str
    name: str
    handler: CallHandler
    needs: type[Site] = Site
    id_in_body: None = None
    lists_all: bool = False


def served(page: Page, error_page: ErrorPage) -> list[Served]:
    """Return the methods of a page."""
    methods = {"GET": page.get, "POST": page.post}
    return [
        Served(method, page.name, _answering(page, handler, error_page))
        for method, handler in methods.items()
        if handler is not None
    ]


def _answering(page: Page, handler: Handler, error_page: ErrorPage) -> CallHandler:
    log: Any = structlog.get_logger("holdfast.web").bind(page=page.name)
    handled = in_its_cell(page, handler)

    async def answer(site: Site, call: Call) -> Answer:
        visit = await _begin(site, call, page.body_bytes_max, error_page)
        if isinstance(visit, Answer):
            return visit
        try:
            if call.scope["method"] == "POST":
                require_same_origin(call, site.public.origin)
            made = await handled(visit)
        except (Refusal, RequestRefusedError, Unavailable, OperationalFailure) as failure:
            made = _of_failure(visit, failure, error_page)
        except ClientGoneError:
            raise
        except Exception:
            log.exception("unexpected error")
            made = error_page(visit, INTERNAL_STATUS, None)
        finally:
            await visit.close()
        if page.no_store:
            made.headers = ((b"cache-control", b"no-store"), *made.headers)
        elif not any(name == b"cache-control" for name, _ in made.headers):
            # Not no-store: with it, the browser would load the page again when the reader goes back.
            made.headers = ((b"cache-control", b"private, no-cache"), *made.headers)
        made.headers = (*made.headers, *visit.headers)
        return made

    return answer


async def _begin(site: Site, call: Call, body_bytes_max: int, error_page: ErrorPage) -> Visit | Answer:
    """Find out who visits; where that is not possible, say why to a visitor of whom nothing is known."""
    chosen = site.cookies.read(call.scope["headers"], LANGUAGE)
    # A list may come in several lines (RFC 9110, 5.3).
    wanted = b",".join(value for name, value in call.scope["headers"] if name == b"accept-language")
    language = preferred(wanted.decode("latin-1"), chosen)
    try:
        visitor = await site.visitors.visitor(call)
    except (Refusal, Unavailable, OperationalFailure) as failure:
        nobody = Visit(site, call, site.visitors.nobody(), language, body_bytes_max)
        return _of_failure(nobody, failure, error_page)
    return Visit(site, call, visitor, language, body_bytes_max)


def _of_failure(
    visit: Visit, failure: Refusal | RequestRefusedError | Unavailable | OperationalFailure, error_page: ErrorPage
) -> Answer:
    if isinstance(failure, OperationalFailure):
        failure = Unavailable("The database is away.", outcome="unknown" if context.is_stored() else "none")
    if isinstance(failure, Unavailable):
        made = error_page(visit, UNAVAILABLE_STATUS, failure)
        made.headers = (*made.headers, (b"retry-after", str(failure.retry_after_seconds).encode()))
        return made
    if isinstance(failure, RequestRefusedError):
        return error_page(visit, failure.refusal[0], failure)
    if isinstance(failure, Unauthenticated) and visit.call.scope["method"] in ("GET", "HEAD"):
        over = visit.visitor.session_secret is not None
        return visit.see_other(f"/organise/sign-in?back={visit.here_quoted}", notice=SESSION_OVER if over else None)
    return error_page(visit, visit.site.problems.row(type(failure)).status, failure)
