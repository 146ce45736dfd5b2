"""What is wrong with a form, in the reader's language."""

import re
from collections.abc import Mapping

from holdfast.domain.catalogue.refusals import (
    CategoryInUse,
    HallInUse,
    PreconditionFailed,
    SeatNumberTaken,
    SeatsExceedTotal,
    SelectionNotFound,
    TooManyChannels,
    UpgradeUnfinished,
)
from holdfast.domain.refusal import InvalidValue, Refusal
from holdfast.web.kit.languages import mark
from holdfast.web.kit.visit import Visit
from holdfast.web.organiser.file_problems import place_in_words, problem_in_words

WHOLE = ""
"""The name of the field for what concerns a whole form."""

_PROBLEMS = (
    mark("must be a whole number"),
    mark("must be a price, such as 8000"),
    mark("is too high"),
    mark("must be a date and a time, such as 2026-12-26T19:00"),
    mark("does not exist: clocks are put forward over it"),
    mark("must not begin or end with a space"),
    mark("must not be before start_at"),
    mark("must be before start_at"),
    mark("must be after sale_opens_at"),
    mark("must be in the future"),
    mark("is missing"),
    mark("must be the name of a time zone in the IANA database, such as UTC or Asia/Tokyo"),
    mark("must be printable ASCII, without a space at either end"),
    mark("bends the rows so far that they meet themselves"),
    mark("must be a color such as #3a7bd5"),
    mark("cannot be seller where everybody is let in: nobody is known as the seller"),
)
"""Problems that the domain and the forms name, to be translated. Those of files are in `file_problems`."""
_OF_LINE = re.compile(r"(?P<place>line [0-9]+) (?P<problem>.*)", re.DOTALL)
_PATTERNS = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r"must be ([0-9.]+) to ([0-9.]+)(?:, or null for no limit)?", mark("must be {0} to {1}")),
        (r"must have ([0-9]+) to ([0-9]+) characters", mark("must have {0} to {1} characters")),
        (r"must have at most ([0-9]+) characters", mark("must have at most {0} characters")),
        (r"must have at most ([0-9]+) decimal places", mark("must have at most {0} decimal places")),
        (
            r"names row '(.*)', which this section does not have",
            mark("names row {0}, which this section does not have"),
        ),
        (
            r"has '(.*)', which is no seat; .*",
            mark("has {0}, which is no seat; write row and number, such as A3 or A5..8"),
        ),
        (r"has no seat of this event: (.*)", mark("names seats that this event does not have: {0}")),
        (r"is no seat of this row.*", mark("names a seat that its row does not have")),
        (
            r"must begin with an (odd|even) number.*",
            mark("does not fit the first number: one is odd and the other even"),
        ),
    )
)
"""The same for problems that contain something."""
_EXPLAINED: Mapping[type[Refusal], str] = {
    PreconditionFailed: mark(
        "Somebody else has changed this since you opened the page. Nothing of yours was stored. Your entries are still "
        "below: compare them with what is stored now, and save again."
    ),
    SeatsExceedTotal: mark(
        "The hall would have more seats than this event allows. Raise the limit on the event's page."
    ),
    SeatNumberTaken: mark("Two seats would have the same number. Nothing was stored."),
    CategoryInUse: mark("Seats of the hall still have a category that you removed. Give them another one first."),
    TooManyChannels: mark("This event has as many channels as it may. Delete one first."),
    UpgradeUnfinished: mark(
        "This is possible once the upgrade of this installation is finished. Its operator runs "
        "`holdfast migrate finish`."
    ),
}


_LABELS: Mapping[str, str] = {
    "name": mark("Name"),
    "venue": mark("Venue"),
    "description": mark("Description"),
    "starts": mark("Starts"),
    "ends": mark("Ends"),
    "zone": mark("Time zone"),
    "currency": mark("Currency"),
    "opens": mark("Sale opens"),
    "closes": mark("Sale closes"),
    "limit": mark("Seats per buyer at most"),
    "total_seats": mark("Seats in the hall at most"),
    "seller": mark("Who confirms"),
    "category": mark("Category"),
    "rows": mark("Number of rows"),
    "seats": mark("Seats"),
    "growth": mark("More seats in each further row"),
    "curve": mark("Curve, in percent"),
    "first_label": mark("First row"),
    "numbering": mark("Seat numbers"),
    "first_number": mark("Begin with number"),
    "x": mark("Position"),
    "y": mark("Position"),
    "rotation": mark("Turned by, in degrees"),
    "pitch": mark("From seat to seat"),
    "spacing": mark("From row to row"),
    "front_rows": mark("Front rows with another category"),
    "missing": mark("No seat here"),
    "accessible": mark("Wheelchair places"),
    "restricted_view": mark("Restricted view"),
    "capacity": mark("Places"),
    "width": mark("Width"),
    "depth": mark("Depth"),
    "format": mark("Kind of file"),
    "document": mark("File"),
    "prices": mark("Prices of categories"),
    "price": mark("Price"),
    "color": mark("Colour"),
    "access_code": mark("Access code"),
    "numbers": mark("Seat numbers"),
    "user_id": mark("User id"),
    "role": mark("Role"),
    "expires": mark("Ends on"),
    "organiser": mark("Organiser"),
}
"""What the forms call their fields."""


class Faults(dict[str, str]):
    """What is wrong, by the name of the field; `WHOLE` for the form as a whole."""

    def __init__(self, visit: Visit) -> None:
        super().__init__()
        self._visit = visit

    def note(self, refusal: Refusal, names: Mapping[str, str] | None = None) -> None:
        """Add a refusal.

        Args:
            refusal: What was refused, and why.
            names: The names of form fields where the refusal names them otherwise.
        """
        words = self._visit.words
        if isinstance(refusal, InvalidValue):
            field = str(refusal.data["field"])
            self.setdefault((names or {}).get(field, field), self.in_words(str(refusal.data["problem"])))
            return
        if isinstance(refusal, HallInUse):
            text = words.gettext(
                "Seats of this event have been held, so its hall can only grow. This would remove {removed} seats and "
                "change {changed}, such as {seat}. Nothing was stored."
            )
            told = text.format(
                removed=refusal.data["removed"], changed=refusal.data["changed"], seat=refusal.data["seat_number"]
            )
        elif isinstance(refusal, SelectionNotFound):
            missing = refusal.data["missing"]
            assert isinstance(missing, list)
            told = words.gettext("This event has no seats in {names}. Nothing was changed.").format(
                names=", ".join(map(str, missing[:10]))
            )
        else:
            text = next((_EXPLAINED[kind] for kind in type(refusal).__mro__ if kind in _EXPLAINED), "")
            told = words.gettext(text) if text else str(refusal)
        self.setdefault(WHOLE, told)

    def in_words(self, problem: str) -> str:
        """Return a problem in the reader's language, as far as it is known."""
        for pattern, text in _PATTERNS:
            found = pattern.fullmatch(problem)
            if found is not None:
                return self._visit.words.gettext(text).format(*found.groups())
        gettext = self._visit.words.gettext
        of_line = _OF_LINE.fullmatch(problem)
        if of_line is not None:
            place = place_in_words(of_line["place"], gettext)
            return gettext("{place}: {problem}").format(place=place, problem=self.in_words(of_line["problem"]))
        return problem_in_words(problem, gettext) or gettext(problem)

    def missing(self, field: str) -> None:
        """Note that a field was left empty."""
        self.setdefault(field, self._visit.words.gettext("is missing"))

    def with_labels(self) -> dict[str, str]:
        """Return what is wrong with each field, after the field's label; for where it does not stand at the field."""
        labelled = {}
        for name, told in self.items():
            label = _LABELS.get(name.partition("-")[0])
            shown = name if label is None else self._visit.words.gettext(label)
            labelled[name] = f"{shown}: {told}" if shown else told
        return labelled
