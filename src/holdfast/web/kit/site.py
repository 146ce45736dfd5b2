"""What all visits of one process share."""

from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.application.identity.sessions import Sessions
from holdfast.http.endpoints.problems import Problems
from holdfast.http.endpoints.public_url import PublicUrl
from holdfast.http.endpoints.routing import Routing
from holdfast.web.kit.assets import Assets
from holdfast.web.kit.cookies import Cookies
from holdfast.web.kit.kept_pages import KeptPages
from holdfast.web.kit.templates import Templates
from holdfast.web.kit.visitors import Visitors


@dataclass(frozen=True, slots=True)
class Site:
    """Made once per process by the composition root."""

    capabilities: Mapping[type, object]
    """What handlers work with, by type (`Booking`, `Catalogue`, …)."""
    sessions: Sessions
    visitors: Visitors
    cookies: Cookies
    templates: Templates
    assets: Assets
    kept_pages: KeptPages
    public: PublicUrl
    problems: Problems
    """Knows the HTTP status of every refusal."""
    routing: Routing | None = None
    """Knows in which database everything is; None if there is only one."""
