"""The command `holdfast size`."""

from typing import Annotated

import typer

SEATS_OF_EVENT_MAX = 1_000_000


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("size")(size)


def size(
    *,
    seats: Annotated[int, typer.Option(min=1, max=100_000_000, help="Seats on sale, of all events.")],
    buyers: Annotated[int, typer.Option(min=1, max=100_000_000, help="People who come.")],
    minutes: Annotated[float, typer.Option(min=0.1, max=100_000, help="Within how many minutes.")],
    seats_each: Annotated[int, typer.Option(min=1, max=20, help="Seats of one reservation.")] = 2,
    looks: Annotated[int, typer.Option(min=0, max=10_000, help="Reads of one buyer.")] = 20,
    tries: Annotated[float, typer.Option(min=0.01, max=1_000, help="Attempts of one buyer to hold seats.")] = 1.5,
    peak: Annotated[float, typer.Option(min=1, max=1_000, help="The busiest second ÷ the average.")] = 5.0,
    watching: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the buyers with the live map open at the same time.")
    ] = 0.3,
    events: Annotated[int, typer.Option(min=1, max=100_000, help="Over how many events the seats are spread.")] = 1,
    hottest: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the buyers who want the hottest of several events.")
    ] = 0.25,
    commit: Annotated[
        float, typer.Option(min=0.01, max=10_000, help="Milliseconds that a COMMIT waits for disk and standby.")
    ] = 0.2,
    cells: Annotated[
        int | None, typer.Option(min=1, max=4_096, help="Cells that there are. Without it: those that CELLS names.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Estimate the nodes, PostgreSQL, disk, memory and network that an on-sale needs, with the assumptions."""
    from holdfast.cli.sizing.estimate import OnSale, Pools, estimate  # noqa: PLC0415
    from holdfast.cli.sizing.written import as_json, as_text  # noqa: PLC0415
    from holdfast.settings import load_settings  # noqa: PLC0415

    if seats > SEATS_OF_EVENT_MAX * events:
        raise typer.BadParameter(f"an event has at most {SEATS_OF_EVENT_MAX:,}", param_hint="--seats")
    settings = load_settings()
    sale = OnSale(
        seats, buyers, minutes, seats_each, looks, tries, peak, watching, events, hottest, commit_seconds=commit / 1e3
    )
    pools = Pools(
        settings.write_pool_size,
        settings.read_pool_size,
        settings.catalogue_pool_size,
        cells=cells or 1 + len(settings.further_cells()),
    )
    found = estimate(sale, pools)
    typer.echo(as_json(sale, found) if json_ else as_text(sale, found))
