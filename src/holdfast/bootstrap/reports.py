"""Builds what organisers' reports need."""

from holdfast.application.reports.export import Exports
from holdfast.application.reports.kept_sales import KeptSales
from holdfast.application.reports.reports import Reports
from holdfast.application.reports.reservation_csv import rows
from holdfast.infrastructure.postgres.driver.pool import Pool
from holdfast.infrastructure.postgres.reports.reservations import PostgresReservationSource
from holdfast.infrastructure.postgres.reports.sales import PostgresSalesSource


def open_reports(read_pool: Pool, large_pool: Pool) -> Reports:
    """Build the capability.

    Args:
        read_pool: For short reads.
        large_pool: For long ones, of which each kind takes one connection at a time.
    """
    reservations = PostgresReservationSource(read_pool, large_pool)
    kept_sales = KeptSales(PostgresSalesSource(large_pool), reservations)
    return Reports(reservations=reservations, exports=Exports(reservations, rows), kept_sales=kept_sales)
