"""The static files as an entry of the table of pages."""

from holdfast.http.endpoints.answer import Answer
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit


async def file(visit: Visit) -> Answer:
    """GET /static/…: a style sheet, a module or a picture."""
    return visit.site.assets.answer(visit.call)


PAGES = (Page(path="/static/{digest}/{file:path}", name="static", get=file, is_page=False),)
