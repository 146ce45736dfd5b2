"""What all reports of a process share."""

from dataclasses import dataclass

from holdfast.application.reports.export import Exports
from holdfast.application.reports.kept_sales import KeptSales
from holdfast.application.reports.ports import ReservationSource


@dataclass(frozen=True, slots=True)
class Reports:
    """The capability to read what organisers want to know about the sales of an event. Nothing in it takes a lock."""

    reservations: ReservationSource
    exports: Exports
    kept_sales: KeptSales
