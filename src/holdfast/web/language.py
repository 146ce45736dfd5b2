"""The switch between languages."""

from holdfast.http.endpoints.answer import Answer
from holdfast.web.kit.answering import LANGUAGE
from holdfast.web.kit.cookies import YEAR_SECONDS
from holdfast.web.kit.languages import LANGUAGES
from holdfast.web.kit.page import Page
from holdfast.web.kit.visit import Visit, own_path


async def choose(visit: Visit) -> Answer:
    """POST /language: remember the language, and go back to where the reader was."""
    form = await visit.form()
    chosen = form.text("language")
    if chosen in LANGUAGES:
        visit.headers.append(visit.site.cookies.set(LANGUAGE, chosen, seconds=YEAR_SECONDS))
    return visit.see_other(own_path(form.text("back")))


PAGES = (Page(path="/language", name="language", post=choose),)
