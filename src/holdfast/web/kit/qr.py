"""Draws QR codes as SVG that stands in the page itself, without a style attribute."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import segno
from markupsafe import Markup, escape

_MASK = 3
"""One of the eight patterns that a code can be masked with. The standard wants the one with the best score, but trying
all takes five times as long, and readers read both alike (decision 0028)."""
_KEPT = 256

_thread = ThreadPoolExecutor(1, thread_name_prefix="qr")


async def qr_svg(text: str, label: str) -> Markup:
    """Return an SVG of a QR code, black on white in both colour schemes, of any size that a style sheet gives `.qr`.

    It takes about 5 ms, so it is done off the event loop, one at a time. The last 256 are kept.

    Args:
        text: What the code says. Letters, digits and `$%*+-./:` make it smaller than other characters.
        label: What a screen reader says instead of the picture.
    """
    drawn = await asyncio.get_running_loop().run_in_executor(_thread, _drawn, text)
    return Markup(f'<svg class="qr" role="img" aria-label="{escape(label)}"{drawn}')  # noqa: S704 - segno's own numbers


@lru_cache(maxsize=_KEPT)
def _drawn(text: str) -> str:
    code = segno.make(text, error="M", micro=False, boost_error=False, mask=_MASK)
    svg: str = code.svg_inline(omitsize=True, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None)
    return svg.removeprefix("<svg")
