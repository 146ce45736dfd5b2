"""Keeps pages that many visitors see alike, for as long as what they show stays the same.

On an on-sale day, thousands open the page of one event within seconds, and each seat that is sold changes it. Rendering
it takes milliseconds, in which the process sells nothing. So a page that is rendered very often is shown again for a
second, although a seat has been sold meanwhile. Its map follows the sale anyway.
"""

import time
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

PAGES_MAX = 128
OFTEN = 10
"""Renderings within a second, from which on the page is shown again for a second."""
LAG_SECONDS = 1.0


@dataclass(slots=True)
class _Kept:
    version: Hashable
    text: str
    until: float
    """Until when the text is shown although the version is another one."""
    rendered_at: deque[float] = field(default_factory=lambda: deque(maxlen=OFTEN))


class KeptPages:
    """The pages that one process keeps; the least recently used leave."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[Hashable, _Kept] = {}

    def text(self, page: Hashable, version: Hashable, render: Callable[[], str]) -> str:
        """Return the text of a page.

        Args:
            page: Which page it is, and in which language.
            version: Changes with what the page shows.
            render: Makes the text.
        """
        kept = self._kept.pop(page, None)
        now = self._clock()
        if kept is None:
            kept = _Kept(version, render(), 0.0)
            kept.rendered_at.append(now)
        elif kept.version != version and now >= kept.until:
            kept.version, kept.text = version, render()
            often = len(kept.rendered_at) == OFTEN and now - kept.rendered_at[0] < 1.0
            kept.rendered_at.append(now)
            kept.until = now + LAG_SECONDS if often else 0.0
        self._kept[page] = kept
        if len(self._kept) > PAGES_MAX:
            del self._kept[next(iter(self._kept))]
        return kept.text
