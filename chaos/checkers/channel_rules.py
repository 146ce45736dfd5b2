"""The rules of channels: nobody holds a seat that is kept back without its code, and what is freed goes back to it."""

from chaos.checkers.judged import JudgedEvent
from chaos.histories.kept_back import channel_of_user


def check_channels(judged: JudgedEvent) -> None:
    """Check every hold of a seat that was kept back, and every entry that freed one."""
    kept = judged.log.kept_back
    if kept is None:
        return
    for version, reservation, seat, channel in kept.reached:
        row = judged.log.rows.get(reservation)
        if row is not None and channel_of_user(row.user) != channel:
            text = f"seat {seat} was kept back for {channel} when {row.user} held it with reservation {reservation}"
            judged.report.add("kept_back", judged.event, version, text)
    for version, seat in kept.strays:
        judged.report.add("kept_back", judged.event, version, f"seat {seat} was freed without regard to its channel")
