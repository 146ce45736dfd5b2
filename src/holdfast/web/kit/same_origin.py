"""Refuses forms that a page of another origin has sent.

A browser sends its cookies along with such a form, so that it would be carried out in the name of whoever looked at
the other page. All browsers since 2020 say where a request comes from in Sec-Fetch-Site, but only over HTTPS and on
localhost; elsewhere they say it in Origin.
"""

from holdfast.http.endpoints.call import Call
from holdfast.http.endpoints.problems import OriginNotAllowed

_FROM_HERE = frozenset({"same-origin", "none"})


def require_same_origin(call: Call, own_origin: str) -> None:
    """Return if a request comes from one of our own pages.

    Args:
        call: The request.
        own_origin: Our origin as browsers see it; empty if it is not known, then Host says it.

    Raises:
        OriginNotAllowed: It comes from elsewhere, or does not say where from.
    """
    site = call.only_header(b"sec-fetch-site")
    if site is not None:
        if site not in _FROM_HERE:
            raise OriginNotAllowed
        return
    origin = call.only_header(b"origin")
    if origin is None:
        raise OriginNotAllowed
    host = call.only_header(b"host")
    if origin != own_origin and (host is None or origin.partition("://")[2] != host):
        raise OriginNotAllowed
