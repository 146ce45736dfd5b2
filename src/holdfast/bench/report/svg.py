"""Small plots as SVG, readable in light and dark pages; no library is needed for bars and lines."""

import math
from collections.abc import Sequence
from html import escape

from holdfast.bench.report.results import Chart

_WIDTH, _HEIGHT = 720, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 74, 20, 62, 62
_COLOURS = ("#2f6fbf", "#d9822b", "#3c9a5f", "#b2477f", "#6f5fbf", "#7a7a7a")
_LOGARITHMIC_FROM = 50.0
"""Lines get a logarithmic axis where their numbers reach this far."""
_STYLE = (
    "text{font:12px sans-serif;fill:#333}.title{font-size:15px;font-weight:bold}.grid{stroke:#ccc;stroke-width:1}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#444}}"
)


def svg_of(chart: Chart) -> str:
    """Draw a chart: bars where `x` are words, lines where they are numbers."""
    top_value, ticks = _scale([value for values in chart.series.values() for value in values])
    parts = [_text(_LEFT, 22, chart.title, "title"), _text(_LEFT, _TOP - 8, chart.unit)]
    parts += _grid(ticks, top_value)
    if len(chart.series) > 1:
        parts += _legend(list(chart.series))
    numbers = [x for x in chart.x if isinstance(x, float | int)]
    parts += _lines(chart, numbers, top_value) if len(numbers) == len(chart.x) else _bars(chart, top_value)
    parts.append(_text(_LEFT + _plot_width() / 2, _HEIGHT - 10, chart.x_title, anchor="middle"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(chart.title, quote=True)}"><style>{_STYLE}</style>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def number(value: float) -> str:
    """A number with three digits that count, and thousands set apart."""
    if math.isnan(value):
        return "none"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def _plot_width() -> float:
    return _WIDTH - _LEFT - _RIGHT


def _scale(values: Sequence[float]) -> tuple[float, list[float]]:
    """Where the axis ends, and its marks: round numbers from 0 to above the highest value."""
    highest = max((value for value in values if math.isfinite(value)), default=1.0) or 1.0
    rough = highest / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough)
    count = math.ceil(highest / step * 0.999)
    return count * step, [step * place for place in range(count + 1)]


def _y(value: float, top_value: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - value / top_value)


def _grid(ticks: Sequence[float], top_value: float) -> list[str]:
    parts = []
    for tick in ticks:
        y = _y(tick, top_value)
        parts.append(f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}"/>')
        parts.append(_text(_LEFT - 6, y + 4, number(tick), anchor="end"))
    return parts


def _legend(names: Sequence[str]) -> list[str]:
    parts = []
    x = float(_LEFT + 90)
    for place, name in enumerate(names):
        parts.append(f'<rect x="{x:.0f}" y="{_TOP - 18}" width="11" height="11" fill="{_colour(place)}"/>')
        parts.append(_text(x + 16, _TOP - 8, name))
        x += 34 + 7 * len(name)
    return parts


def _bars(chart: Chart, top_value: float) -> list[str]:
    parts = []
    group = _plot_width() / len(chart.x)
    width = min(56.0, group * 0.8 / len(chart.series))
    for place, label in enumerate(chart.x):
        middle = _LEFT + group * (place + 0.5)
        for order, values in enumerate(chart.series.values()):
            value = values[place] if math.isfinite(values[place]) else 0.0
            x, y = middle + width * (order - len(chart.series) / 2), _y(value, top_value)
            height = _HEIGHT - _BOTTOM - y
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{width - 2:.1f}" height="{height:.1f}" fill="{_colour(order)}"/>'
            )
            parts.append(_text(x + width / 2, y - 4, number(values[place]), anchor="middle"))
        parts += [
            _text(middle, _HEIGHT - _BOTTOM + 18 + 14 * line, words, anchor="middle")
            for line, words in enumerate(str(label).split(", "))
        ]
    return parts


def _lines(chart: Chart, xs: Sequence[float], top_value: float) -> list[str]:
    logarithmic = min(xs) > 0 and max(xs) / min(xs) >= _LOGARITHMIC_FROM
    places = [math.log10(x) for x in xs] if logarithmic else list(xs)
    span = (max(places) - min(places)) or 1.0
    inner = _plot_width() - 40
    across = [_LEFT + 20 + inner * (place - min(places)) / span for place in places]
    parts = [
        _text(x, _HEIGHT - _BOTTOM + 18, number(value), anchor="middle") for x, value in zip(across, xs, strict=True)
    ]
    for order, values in enumerate(chart.series.values()):
        points = [(x, _y(value, top_value)) for x, value in zip(across, values, strict=True) if math.isfinite(value)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{_colour(order)}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{_colour(order)}"/>' for x, y in points]
    return parts


def _colour(place: int) -> str:
    return _COLOURS[place % len(_COLOURS)]


def _text(x: float, y: float, words: str, kind: str = "", *, anchor: str = "start") -> str:
    styled = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{styled}>{escape(words)}</text>'
