"""Reads pages as a visitor does: what they say, and the forms that they have."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx

_HIDDEN = ("script", "style", "svg", "noscript")


def _is_sent(given: dict[str, str | None]) -> bool:
    return given.get("type") != "checkbox" or "checked" in given


@dataclass
class Form:
    """A form, filled in as the page has filled it in."""

    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)


class Document(HTMLParser):
    """A page that was received."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._texts: list[str] = []
        self._hidden = 0
        self.boxes: dict[str, dict[str, str | None]] = {}
        """The boxes of seats by their ids."""
        self.feed(answer.text)

    @property
    def text(self) -> str:
        """What the page says, with single spaces."""
        return " ".join(" ".join(self._texts).split())

    def form(self, ending: str) -> Form:
        """The first form whose address ends so."""
        return next(form for form in self.forms if form.action.endswith(ending))

    def has_form(self, ending: str) -> bool:
        return any(form.action.endswith(ending) for form in self.forms)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self._hidden += tag in _HIDDEN
        if tag == "a":
            self.links.append(given.get("href") or "")
        elif tag == "form":
            self.forms.append(Form(given.get("action") or ""))
        elif tag == "input" and given.get("type") == "checkbox" and given.get("name") == "seats":
            self.boxes[given["value"] or ""] = given
        elif tag in ("input", "button") and given.get("name") and self.forms and _is_sent(given):
            self.forms[-1].fields.setdefault(given["name"] or "", []).append(given.get("value") or "")

    def handle_endtag(self, tag):
        self._hidden -= tag in _HIDDEN

    def handle_data(self, data):
        if not self._hidden:
            self._texts.append(data)
