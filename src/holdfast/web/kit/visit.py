"""One visit of a page, as its handler sees it."""

import gzip
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, TypeVar, cast
from urllib.parse import quote
from uuid import UUID

from markupsafe import escape

from holdfast.application.identity.caller import Caller
from holdfast.application.identity.verbs import Verb
from holdfast.domain.identity.audit import Actor
from holdfast.domain.identity.principal import Principal
from holdfast.domain.identity.sessions import guest_id, new_secret
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.answer import Answer, Header
from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.problems import PathNotFound
from holdfast.http.protocol.security_headers import security_headers
from holdfast.web.kit.cookies import YEAR_SECONDS
from holdfast.web.kit.forms import Form, read_form
from holdfast.web.kit.languages import Language, Words, words_of
from holdfast.web.kit.refusals import CookiesNeeded
from holdfast.web.kit.site import Site
from holdfast.web.kit.visitors import GUEST, OPEN_SESSION, SESSION, Visitor

Capability = TypeVar("Capability")

HTML: Header = (b"content-type", b"text/html; charset=utf-8")
VARY: Header = (b"vary", b"Accept-Language, Accept-Encoding, Cookie")
NOTICE = "notice"
_NOTICE_SECONDS = 60
_NOW_MARK = "\N{SYMBOL FOR NULL}now\N{SYMBOL FOR NULL}"
_KEY_MARK = "\N{SYMBOL FOR NULL}key\N{SYMBOL FOR NULL}"
_HERE_MARK = "\N{SYMBOL FOR NULL}here\N{SYMBOL FOR NULL}"
"""Stand in kept pages for what differs from visit to visit."""
_ZIP_FROM_BYTES = 1_000

POLICY = security_headers(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'; manifest-src 'self'"
)
"""The headers of every page: it loads and calls nothing but this server, and runs no script that stands in it."""


class Visit:
    """A request for a page, and the means to answer it."""

    def __init__(self, site: Site, call: Call, visitor: Visitor, language: Language, body_bytes_max: int) -> None:
        self.site = site
        self.call = call
        self.visitor = visitor
        self.language = language
        self.words: Words = words_of(language)
        self.capabilities = site.capabilities
        """What use cases work with: of the cell that the page is about, where there are several."""
        self.listing_since: float | None = None
        """When the page began to read what is in all cells, if it does."""
        self._body_bytes_max = body_bytes_max
        self._form: Form | None = None
        self._guest_secret = visitor.guest_secret
        self.headers: list[Header] = []
        """Headers for the answer, such as cookies."""

    def capability(self, kind: type[Capability]) -> Capability:
        """Return what use cases work with."""
        return cast("Capability", self.capabilities[kind])

    def capabilities_at(self, kind: type[Capability], event_id: UUID) -> Iterator[Capability]:
        """Yield what use cases work with that are about another event than the page is, in the order to ask."""
        routing = self.site.routing
        if routing is None:
            yield self.capability(kind)
            return
        for number in routing.where(event_id):
            yield cast("Capability", routing.at(number)[kind])

    @property
    def caller(self) -> Caller:
        """The visitor, with what the policy permits them."""
        return self.visitor.caller

    @property
    def principal(self) -> Principal:
        """The visitor as the policy knows them."""
        return self.visitor.principal

    @property
    def actor(self) -> Actor:
        """The visitor as recorded in the audit."""
        return Actor(principal=self.principal, request_id=self.call.request_id)

    @property
    def signed_in_as(self) -> str | None:
        """The user id of somebody who has signed in, or whom the gateway names; None for a guest."""
        return self.principal.user_id if self.visitor.signed_in else None

    @property
    def guest_id(self) -> str:
        """The visitor's user id as a guest. If they have none yet, this gives them one, with a cookie.

        A page with a form that holds seats asks for it. If only the answer to the form set the cookie, a double click
        would come from two guests.
        """
        if self._guest_secret is None:
            self._guest_secret = new_secret()
            self.headers.append(self.site.cookies.set(GUEST, self._guest_secret, seconds=YEAR_SECONDS))
        return guest_id(self._guest_secret)

    def keep_guest(self) -> None:
        """Have the browser know its guest for another year.

        Somebody whose first visit was a year ago would lose the tickets that they bought last week.
        """
        if self._guest_secret is not None:
            self.headers.append(self.site.cookies.set(GUEST, self._guest_secret, seconds=YEAR_SECONDS))

    @property
    def buyer_id(self) -> str:
        """The user id under which the visitor holds seats.

        Raises:
            CookiesNeeded: A form was sent without the cookie of the page that it stands on.
        """
        return self.buyer_ids[0]

    @property
    def buyer_ids(self) -> tuple[str, ...]:
        """All user ids under which the visitor may have reservations: who has signed in may have bought as a guest.

        Raises:
            CookiesNeeded: A form was sent without the cookie of the page that it stands on.
        """
        signed_in = () if self.signed_in_as is None or self.site.visitors.mode == "open" else (self.signed_in_as,)
        if self._guest_secret is None:
            if signed_in:
                return signed_in
            if self.call.scope["method"] == "POST":
                raise CookiesNeeded
        return (*signed_in, self.guest_id)

    async def may(self, verb: Verb, event_id: UUID) -> bool:
        """Return whether the policy permits something on an event."""
        return await self.caller.may(verb, event_id)

    def path_id(self, name: str) -> UUID:
        """Return an id from the path.

        Raises:
            PathNotFound: It is not a UUID: a link was cut short, or mistyped. Nobody has filled in anything wrong.
        """
        try:
            return self.call.path_id(name)
        except InvalidValue:
            raise PathNotFound from None

    def query(self, name: str) -> str:
        """Return a text from the query; empty where it was not sent."""
        return self.call.query().get(name, "").strip()

    async def form(self) -> Form:
        """Read the form that was sent.

        Raises:
            BodyTooLarge, InvalidValue: It is too large, or no form.
        """
        if self._form is None:
            self._form = await read_form(self.call, self._body_bytes_max)
        return self._form

    async def close(self) -> None:
        """Remove the files that were sent with the form."""
        if self._form is not None:
            await self._form.close()
            self._form = None

    @property
    def notice(self) -> str:
        """The name of what the page before wanted said on this one (`see_other`); it is said once."""
        name = self.site.cookies.read(self.call.scope["headers"], NOTICE) or ""
        if name:
            self.headers.append(self.site.cookies.set(NOTICE, ""))
        return name if name.isascii() and name.replace("-", "").isalnum() else ""

    def render(self, template: str, *, status: int = 200, code: str | None = None, **values: Any) -> Answer:  # noqa: ANN401 - templates take anything
        """Answer with a page.

        Args:
            template: The template's name, such as `buyer/event.html`.
            status: The HTTP status.
            code: The code of the refusal that the page explains, for the log.
            **values: What the template needs beside what all have (see `templates/shell.html`).
        """
        notice = self.notice
        text = self._text(template, notice=notice, now_ms=str(_now_ms()), **values)
        return self._html(text, status, code)

    def render_alike(
        self, template: str, *, of: Hashable, version: Hashable, key: str, values: Callable[[], Mapping[str, Any]]
    ) -> Answer:
        """Answer with a page that all visitors see alike who have done nothing here yet.

        Args:
            template: The template's name.
            of: What it is about. Addresses do not tell: a link in a mail or on another site has a query of its own for
                each reader who clicks on it, and would be rendered for each of them.
            version: Changes with what the page shows.
            key: The idempotency key in the page's form, which no other visitor gets.
            values: Returns what the template needs, the same for all of these visitors.
        """
        if self.visitor.signed_in or self.site.cookies.read(self.call.scope["headers"], NOTICE):
            return self.render(template, key=key, **values())

        def render() -> str:
            return self._text(template, notice="", now_ms=_NOW_MARK, key=_KEY_MARK, here=_HERE_MARK, **values())

        kept = self.site.kept_pages.text((template, self.language, of), version, render)
        text = kept.replace(_NOW_MARK, str(_now_ms())).replace(_KEY_MARK, key).replace(_HERE_MARK, escape(self.here))
        return self._html(text, 200, None)

    def _text(self, template: str, **values: Any) -> str:  # noqa: ANN401 - as above
        shell = {
            "here": self.here,
            "mode": self.site.visitors.mode,
            "incomplete": self._is_incomplete(),
            "signed_in_as": self.signed_in_as,
            "is_organiser": self.visitor.signed_in and (self.principal.admin or bool(self.principal.roles)),
        }
        return self.site.templates.render(self.language, template, {**shell, **values})

    def _is_incomplete(self) -> bool:
        """Return whether a list on the page lacks what is in a cell that is away."""
        routing = self.site.routing
        return routing is not None and self.listing_since is not None and bool(routing.missing(self.listing_since))

    def _html(self, page: str, status: int, code: str | None) -> Answer:
        text = page.encode()
        headers: tuple[Header, ...] = (VARY, (b"content-language", self.language.encode()))
        if len(text) >= _ZIP_FROM_BYTES and self.call.accepts_gzip():
            text = gzip.compress(text, compresslevel=5, mtime=0)
            headers += ((b"content-encoding", b"gzip"),)
        return Answer(status, text, headers, HTML, code, security=POLICY)

    def see_other(self, path: str, *, notice: str | None = None) -> Answer:
        """Send the browser to another of our pages (303), as the answer to a form.

        Args:
            path: Its path, and a query if need be.
            notice: The name of something to say there, made of letters, digits and hyphens.
        """
        if notice is not None:
            self.headers.append(self.site.cookies.set(NOTICE, notice, seconds=_NOTICE_SECONDS))
        location = self.site.public.path + quote(path, safe="/%?&=#:@!$'()*+,;~-._")
        return Answer(303, b"", ((b"location", location.encode("ascii")), VARY), HTML, security=POLICY)

    def go_to(self, address: str) -> Answer:
        """Send the browser to an address of another server, where people sign in."""
        return Answer(303, b"", ((b"location", address.encode("ascii")), VARY), HTML, security=POLICY)

    def sign_in(self, secret: str) -> None:
        """Have the browser keep a session."""
        self.headers.append(self.site.cookies.set(SESSION, secret))

    def sign_in_open(self) -> None:
        """Have the browser act as the organiser where nobody has to prove anything."""
        self.headers.append(self.site.cookies.set(SESSION, OPEN_SESSION))

    def forget_session(self) -> None:
        """Have the browser forget its session."""
        self.headers.append(self.site.cookies.set(SESSION, ""))

    @property
    def here(self) -> str:
        """The path of this page with its query, from the service's root."""
        query = self.call.scope["query_string"].decode("latin-1")
        path: str = quote(self.call.scope["path"], safe="/:@!$'()*+,;~-._")
        return f"{path}?{query}" if query else path

    @property
    def here_quoted(self) -> str:
        """The same, to be put into the query of another path."""
        return quote(self.here, safe="")


def _now_ms() -> int:
    return int(time.time() * 1000)


def own_path(text: str, *, otherwise: str = "/events") -> str:
    """Return a path of ours that a form or a query names; anything else could lead to another site."""
    ours = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return text if ours and len(text) < 1_000 else otherwise
