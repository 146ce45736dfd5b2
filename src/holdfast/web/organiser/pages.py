"""The table of the organiser's pages."""

from holdfast.web.kit.page import Page
from holdfast.web.organiser import categories, event, events
from holdfast.web.organiser.channels import channel, channels
from holdfast.web.organiser.hall import hall, importing, preview, section
from holdfast.web.organiser.people import audit, keys, members, organiser
from holdfast.web.organiser.sales import live, reservations

PAGES: tuple[Page, ...] = (
    *events.PAGES,
    *organiser.PAGES,
    *members.PAGES,
    *keys.PAGES,
    *audit.PAGES,
    *event.PAGES,
    *hall.PAGES,
    *section.PAGES,
    *importing.PAGES,
    *preview.PAGES,
    *categories.PAGES,
    *channels.PAGES,
    *channel.PAGES,
    *live.PAGES,
    *reservations.PAGES,
)
