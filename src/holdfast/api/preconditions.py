"""If-Match: changes that are made only if the caller has seen the present state (RFC 9110, section 13)."""

import re

from holdfast.domain.catalogue.event import Event
from holdfast.domain.refusal import InvalidValue
from holdfast.http.endpoints.call import Call

_TAG = re.compile(rb'(W/)?"([!#-~\x80-\xff]*)"')
_PREFIX = b"event-"


def event_tag(event: Event) -> bytes:
    """Return the entity tag of an event. Edits change it, and sales do not."""
    return b'"%s%s"' % (_PREFIX, event.edition.encode())


def expected_editions(call: Call) -> frozenset[str] | None:
    """Read which editions of an event a change is meant for; None if for any.

    Weak tags match nothing here, as the standard says, and neither do those of other answers.

    Raises:
        InvalidValue: if If-Match is neither `*` nor a list of entity tags.
    """
    given = call.headers.get(b"if-match")
    if given is None or given.strip(b" \t") == b"*":
        return None
    editions = set()
    for weak, opaque in _tags(given):
        if not weak and opaque.startswith(_PREFIX):
            editions.add(opaque.removeprefix(_PREFIX).decode("latin-1"))
    return frozenset(editions)


def _tags(given: bytes) -> list[tuple[bool, bytes]]:
    """Read a list of entity tags. They may contain commas, and the list may have empty places."""
    tags: list[tuple[bool, bytes]] = []
    place = 0
    separated = True
    while place < len(given):
        if given[place] in b", \t":
            separated = separated or given[place] == ord(",")
            place += 1
            continue
        tag = _TAG.match(given, place)
        if tag is None or not separated:
            break
        tags.append((tag[1] is not None, tag[2]))
        place, separated = tag.end(), False
    if place < len(given) or not tags:
        raise InvalidValue("If-Match", "must be *, or entity tags in quotes, separated by commas")
    return tags
