"""The status of the pages' own refusals, and of those that only pages let through."""

from holdfast.domain.tickets.refusals import TicketsNotIssued
from holdfast.http.endpoints.problems import ProblemTable, Row
from holdfast.web.kit.refusals import CookiesNeeded

PAGE_PROBLEMS: ProblemTable = {
    CookiesNeeded: Row(400, "Cookies needed"),
    TicketsNotIssued: Row(409, "Tickets not issued"),
}
