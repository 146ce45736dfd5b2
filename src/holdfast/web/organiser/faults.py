"""What is wrong with a form, in the reader's language."""

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
"""Problems that the domain and the forms name, to be translated. Others are shown in English."""
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
            field, problem = str(refusal.data["field"]), words.gettext(str(refusal.data["problem"]))
            field = (names or {}).get(field, field)
            self.setdefault(field, problem)
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

    def missing(self, field: str) -> None:
        """Note that a field was left empty."""
        self.setdefault(field, self._visit.words.gettext("is missing"))

    @property
    def whole(self) -> str:
        """What concerns the whole form."""
        return self.get(WHOLE, "")
