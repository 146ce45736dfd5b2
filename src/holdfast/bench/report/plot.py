"""Plots as SVG by matplotlib, readable on light and dark pages, with equal bytes for equal figures."""

import math
from collections.abc import Sequence
from html import escape
from io import StringIO
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator, NullLocator, StrMethodFormatter

from holdfast.bench.report.results import Chart

_INCHES = (8.4, 4.2)
_COLOURS = ("#2f6fbf", "#d9822b", "#3c9a5f", "#b2477f", "#6f5fbf", "#7a7a7a")
_LOGARITHMIC_FROM = 50.0
"""Lines have a logarithmic axis if their numbers reach this value."""
_SPAN = "#777777"
"""Colour of error bars: readable on light and on dark."""
_BAR_SHARE = 0.8
_BAR_WIDTH_MAX = 0.5
_INK = "#333333"
"""Colour of all text, as in `plot.mplstyle`."""
_STYLE = f"<style>@media(prefers-color-scheme:dark){{text[style*='{_INK}']{{fill:#ddd!important}}}}</style>"
"""The page may be light or dark: the plot has no background, and only the colour of its text changes."""
_SETTINGS = Path(__file__).with_name("plot.mplstyle")


def svg_of(chart: Chart) -> str:
    """Draw a chart: bars where `x` are words, lines where they are numbers."""
    with mpl.rc_context(fname=_SETTINGS):
        drawing = Drawing(figsize=_INCHES, layout="constrained")
        axes = drawing.add_subplot()
        axes.set_title(chart.title, pad=26 if len(chart.series) > 1 else 20)
        axes.annotate(chart.unit, (0, 1), xytext=(0, 6), xycoords="axes fraction", textcoords="offset points")
        axes.set_xlabel(chart.x_title)
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.6g}"))
        numbers = [x for x in chart.x if isinstance(x, float | int)]
        if len(numbers) == len(chart.x):
            _lines(axes, chart, numbers)
        else:
            _bars(axes, chart)
        axes.set_ylim(bottom=0)
        if len(chart.series) > 1:
            axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(chart.series), borderaxespad=0.2)
        written = StringIO()
        drawing.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _for_any_page(written.getvalue(), chart.title)


def number(value: float) -> str:
    """Return a number with three significant digits and separated thousands."""
    if math.isnan(value):
        return "none"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def _bars(axes: Axes, chart: Chart) -> None:
    width = min(_BAR_WIDTH_MAX, _BAR_SHARE / len(chart.series))
    for order, (name, values) in enumerate(chart.series.items()):
        places = [place + width * (order - (len(chart.series) - 1) / 2) for place in range(len(chart.x))]
        heights = [value if math.isfinite(value) else 0.0 for value in values]
        bars = axes.bar(places, heights, width * 0.94, color=_colour(order), label=name)
        spans = chart.spans.get(name, [])
        if not spans:
            axes.bar_label(bars, [number(value) for value in values], padding=2)
        for place, value, (low, high) in zip(places, values, spans, strict=bool(spans)):
            axes.plot([place, place], [low, high], color=_SPAN, linewidth=1.2)
            above = (place, max(high, value))
            axes.annotate(number(value), above, xytext=(0, 2), textcoords="offset points", ha="center")
    axes.set_xticks(range(len(chart.x)), [str(label).replace(", ", "\n") for label in chart.x])
    axes.tick_params(axis="x", length=0)


def _lines(axes: Axes, chart: Chart, xs: Sequence[float]) -> None:
    for order, (name, values) in enumerate(chart.series.items()):
        axes.plot(xs, values, color=_colour(order), marker="o", markersize=4.5, label=name)
    if min(xs) > 0 and max(xs) / min(xs) >= _LOGARITHMIC_FROM:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(xs, [number(x) for x in xs])


def _colour(place: int) -> str:
    return _COLOURS[place % len(_COLOURS)]


def _for_any_page(svg: str, title: str) -> str:
    """Add a title for screen readers, let the text's colour follow the page, and drop the XML declaration."""
    start = svg.index("<svg ")
    end = svg.index(">", start)
    return f'{svg[start:end]} role="img" aria-label="{escape(title, quote=True)}">{_STYLE}{svg[end + 1 :]}'
