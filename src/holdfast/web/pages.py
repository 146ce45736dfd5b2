"""The table of all pages. Routes, metric labels and tests are made from it."""

from holdfast.web import language, static_files
from holdfast.web.buyer import changing, event, events, hold, reservation, reservations, seats, ticket
from holdfast.web.kit.page import Page
from holdfast.web.organiser import pages as organiser
from holdfast.web.sign_in import at_issuer, by_link
from holdfast.web.sign_in import pages as sign_in

PAGES: tuple[Page, ...] = (
    *static_files.PAGES,
    *language.PAGES,
    *sign_in.PAGES,
    *events.PAGES,
    *event.PAGES,
    *seats.PAGES,
    *hold.PAGES,
    *reservations.PAGES,
    *reservation.PAGES,
    *changing.PAGES,
    *ticket.PAGES,
    *organiser.PAGES,
    *at_issuer.PAGES,
    *by_link.PAGES,
)
