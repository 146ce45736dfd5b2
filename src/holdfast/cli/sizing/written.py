"""The estimate as text and as JSON, with its assumptions and the sources of its figures."""

import json
from dataclasses import asdict

from holdfast.cli.sizing.estimate import BUSY_SHARE_MAX, CELL_CORES, Estimate, OnSale, Range
from holdfast.cli.sizing.figures import ALL, Figure
from holdfast.cli.sizing.measured import measured


def as_json(sale: OnSale, found: Estimate) -> str:
    """Return everything as one JSON document."""
    whole = {
        "on_sale": asdict(sale),
        "estimate": asdict(found),
        "figures": [asdict(figure) for figure in ALL],
        "planned_share_of_a_core": BUSY_SHARE_MAX,
    }
    return json.dumps(whole, indent=1, ensure_ascii=False)


def as_text(sale: OnSale, found: Estimate) -> str:
    """Return it as lines for a terminal."""
    rows = [
        ("busiest second", f"{found.attempts_per_second:,.0f} attempts, {found.reads_per_second:,.0f} reads"),
        ("reservations sold", f"{found.reservations:,}"),
        ("live streams", f"{found.streams:,}"),
        ("API processes", _span(found.processes, "", "one core each")),
        ("PostgreSQL, busy cores", _cores(found.postgres_cores)),
        ("cells", _span(found.cells, "", f"PostgreSQL servers of {CELL_CORES} cores")),
        ("Redis, busy cores", _cores(found.redis_cores)),
        ("connections to cell 0", _span(found.connections, "", "max_connections above that")),
        *([("to each further cell", _span(found.connections_further, ""))] if found.connections_further.high else []),
        ("connections of a process", _span(found.connections_of_process, "", "to all cells together")),
        ("one event sells at most", _span(found.event_rate, "", "holds a second")),
        ("memory of a process", _bytes(found.process_bytes)),
        ("of it, the event's map", _bytes(found.map_bytes)),
        ("disk", _bytes(found.seats_bytes + found.sold_bytes)),
        ("log (WAL) to archive", _bytes(found.log_bytes)),
        ("disk, a million reservations", _bytes(_per_million(found.sold_bytes, found.reservations))),
        ("network, streams", _bits(found.stream_bits_per_second)),
        ("network, answers", _bits(Range(found.answer_bits_per_second, found.answer_bits_per_second))),
    ]
    width = max(len(name) for name, _ in rows)
    of_events = f" of {sale.events} events" if sale.events > 1 else ""
    lines = [
        f"{sale.seats:,} seats{of_events}, {sale.buyers:,} buyers within {sale.minutes:g} minutes",
        "",
        *(f"  {name.ljust(width)}  {value}" for name, value in rows),
        "",
        *(f"Note: {note}." for note in found.notes),
        *([""] if found.notes else []),
        "Assumptions (options change them):",
        f"  a reservation has {sale.seats_each} seats; a buyer reads {sale.looks} and tries {sale.tries:g} times;",
        f"  the busiest second has {sale.peak:g} times the average; {sale.watching:.0%} watch the live map at once;",
        *([f"  {sale.hottest_share:.0%} of the buyers want the hottest event;"] if sale.events > 1 else []),
        f"  a COMMIT waits for {sale.commit_seconds * 1e3:g} ms;",
        f"  {BUSY_SHARE_MAX:.0%} of a core are planned for, and one process more than needed.",
        "",
        "Figures, and where they were measured (two shared cores; on yours, measure again with `holdfast bench`):",
        *(f"  {_figure(figure)}" for figure in ALL),
        f"  steps of a transaction: measured at {measured().machine['measured at']} (docs/scale.md)",
    ]
    return "\n".join(lines)


def _figure(figure: Figure) -> str:
    return f"{figure.what}: {figure.low:,g} to {figure.high:,g} {figure.unit} ({figure.source})"


def _span(found: Range, unit: str, remark: str = "") -> str:
    numbers = f"{found.low:,.0f}" if found.low == found.high else f"{found.low:,.0f} to {found.high:,.0f}"
    return f"{numbers}{unit and ' ' + unit}{remark and ', ' + remark}"


def _cores(found: Range) -> str:
    return f"{found.low:.2f} to {found.high:.2f}"


def _per_million(found: Range, reservations: int) -> Range:
    return Range(found.low / reservations * 1e6, found.high / reservations * 1e6)


def _bytes(found: Range) -> str:
    for unit, size in (("GiB", 2**30), ("MiB", 2**20)):
        if found.high >= size:
            return f"{found.low / size:,.1f} to {found.high / size:,.1f} {unit}"
    return f"{found.low / 2**10:,.0f} to {found.high / 2**10:,.0f} KiB"


def _bits(found: Range) -> str:
    low, high = (f"{bits / 1e6:,.0f}" for bits in (found.low, found.high))
    return f"{low} Mbit/s" if low == high else f"{low} to {high} Mbit/s"
