"""How an event's chart has changed, other than by seats that were added at its end."""

from typing import NamedTuple


class Edits(NamedTuple):
    """Counts the edits of an event's chart. Each has an entry in the log, after which maps are loaded again."""

    chart: int = 0
    """Changes of the hall, and of categories in anything but their prices."""
    prices: int = 0
    """Changes of the prices of categories. They leave the chart's version as it is."""

    def chart_version(self, seats: int) -> int:
        """Return the version of a chart with this number of seats.

        It rises with every change of the chart. A node of the version before, which does not know edits, raises it too
        when it adds seats.
        """
        return seats + self.chart


NO_EDITS = Edits()
