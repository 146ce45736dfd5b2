"""What is wrong with an imported hall, in the reader's language.

The domain names problems in English, for programs as well. The same sentences stand here with placeholders, so that
they are found again and translated. A test reads the domain's code and finds each that is missing here.
"""

import re
from collections.abc import Callable

from holdfast.web.kit.languages import mark

_PROBLEMS = (
    # Any field of a document.
    mark("is required"),
    mark("is not known"),
    mark("is given twice"),
    mark("is not UTF-8 (byte {0})"),
    mark("is nested too deeply"),
    mark("is not valid JSON: {0}"),
    mark("has too many values"),
    mark("must be a number, not {0}"),
    mark("must be {0}, not {1}"),
    mark("must be at least {0}"),
    mark("must be at most {0}"),
    mark("must have at least {0} characters"),
    mark("must have at least {0} entries"),
    mark("must have at most {0} entries"),
    mark("must not contain the character NUL"),
    mark("must not contain the invisible character U+{0}"),
    mark("must not be negative"),
    mark("must be {0} to {1}, added up"),
    mark("must be {0} to {1}"),
    mark("must have 1 to 30 characters of a-z, 0-9 and -"),
    mark("must be holdfast, pretix or csv"),
    mark("must be such as 21.. or odd from right"),
    mark("must be a number"),
    mark("has {0}, which counts down or too far"),
    mark("names more than {0} seats"),
    mark("gives the last row {0} seats: 1 to {1} are possible"),
    mark("must be one of the letters {0} to {1}"),
    mark("must be left out: this hall has no floors"),
    mark("must be one of this hall's: {0}"),
    # Halls.
    mark("must be given, or floors with sections, and not both"),
    mark("must be given, or a capacity, and not both"),
    mark("must be given, or numbers, and not both"),
    mark("cannot be given together with numbers"),
    mark("cannot be given together with start, end and bend"),
    mark("is required, or positions are"),
    mark("is required here or in the section"),
    mark("repeats that of another section"),
    mark("repeats that of another one"),
    mark("repeats that of another seat"),
    mark("brings the hall to {0} seats: at most {1} fit"),
    mark("brings the plan to {0} seats: at most {1} fit"),
    mark("is {0}, which is none of this event's categories"),
    mark("must have an entry for each of the row's {0} places, and has {1}"),
    mark("must name an accessible seat, and {0} is none"),
    mark("makes the seat number {0}, over {1} characters"),
    mark("makes the seat number {0} a second time"),
    mark("must be another seat"),
    mark("must have seats"),
    # Lists of seats.
    mark("has {0} values for {1} columns"),
    mark("is not valid CSV: {0}"),
    mark("is not UTF-8: save the file as CSV with the encoding UTF-8"),
    mark("must begin with a header: {0}"),
    mark("has the column {0}; the columns are {1}"),
    mark("has the column {0} twice"),
    mark("must have the column category or price"),
    mark("must have both columns x and y, or neither"),
    mark("must have the column {0}"),
    mark("is one seat more than the {0} that fit"),
    mark("makes a seat number of over {0} characters"),
    mark("repeats the seat of line {0}"),
    mark("must be a seat"),
    mark("is required: there are too many rows to place"),
    mark("is required, or a price"),
    mark("is required, because other seats have a position"),
    mark("must be a whole number from {0} to {1}"),
    mark("must be a number from {0} to {1}"),
    mark("must be yes, no or empty"),
    # Categories and their prices.
    mark("would be one more category than the {0} that an event may have"),
    mark("are for other formats; this one takes the event's categories"),
    mark("names the category {0}, and the document has none of that name"),
    mark("must say what the category {0} costs"),
    mark("must have at most {0} lines"),
    mark("must be a category and its price, such as Standard = 8000"),
)
_KINDS = (
    mark("an integer"),
    mark("a number"),
    mark("a number with a fraction"),
    mark("a text"),
    mark("true or false"),
    mark("an array"),
    mark("an object"),
    mark("null"),
)
"""Kinds of values, as they stand in a problem."""
_PLACES = (
    mark("line {0}, column {1}"),
    mark("line {0}"),
    mark("body"),
)


def _finding(text: str) -> re.Pattern[str]:
    """Return what finds a sentence with anything in place of its placeholders."""
    return re.compile("(.*?)".join(map(re.escape, re.split(r"\{\d\}", text))), re.DOTALL)


_FOUND_BY = {text: _finding(text) for text in (*_PROBLEMS, *_PLACES)}


def problem_in_words(problem: str, gettext: Callable[[str], str]) -> str | None:
    """Return a problem in the reader's language; None if it is none of these."""
    for text in _PROBLEMS:
        found = _FOUND_BY[text].fullmatch(problem)
        if found is not None:
            return gettext(text).format(*(gettext(one) if one in _KINDS else one for one in found.groups()))
    return None


def place_in_words(place: str, gettext: Callable[[str], str]) -> str:
    """Return the place of a problem in the reader's language. Places in JSON are the same in all."""
    for text in _PLACES:
        found = _FOUND_BY[text].fullmatch(place)
        if found is not None:
            return gettext(text).format(*found.groups())
    return place
