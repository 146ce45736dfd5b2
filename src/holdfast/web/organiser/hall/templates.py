"""Halls to start from."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.catalogue.currencies import MINOR_DIGITS
from holdfast.domain.hall.document import Hall, Rectangle, Section
from holdfast.domain.hall.recipes.making import outline_of, rows_of
from holdfast.domain.hall.recipes.recipe import AreaRecipe, RowsRecipe
from holdfast.domain.hall.samples import SAMPLE_CATEGORIES, sample_hall
from holdfast.web.kit.languages import Words, mark

RED, BLUE, GREEN = "#b3261e", "#1f6feb", "#1a7f37"
STAGE_WIDTH, STAGE_DEPTH, STAGE_GAP = 320.0, 80.0, 60.0
_THREE_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Template:
    """A hall to start from."""

    name: str
    title: str
    about: str
    make: Callable[[Words], tuple[Hall, list[CategoryDetails]]]
    """Makes the hall with its categories, whose prices are in yen or cents."""


def stage(words: Words, width: float = STAGE_WIDTH) -> Rectangle:
    """Return a stage above the seats; the best ones are near it."""
    return Rectangle(
        at=(-width / 2, -STAGE_DEPTH - STAGE_GAP), size=(width, STAGE_DEPTH), role="stage", text=words.gettext("Stage")
    )


def _theatre(words: Words) -> tuple[Hall, list[CategoryDetails]]:
    recipe = RowsRecipe(
        rows=12, seats=14, growth=1, curve=0.08, labels="letters-without-i-o", front_rows=4, front_category="front"
    )
    stalls = Section(key="stalls", name=words.gettext("Stalls"), category="standard", rows=rows_of(recipe))
    categories = [
        CategoryDetails("front", words.gettext("Front rows"), RED, 6_000),
        CategoryDetails("standard", words.gettext("Standard"), BLUE, 4_500),
    ]
    return Hall(format="holdfast-hall/1", sections=[stalls], shapes=[stage(words)]), categories


def _concert_hall(_: Words) -> tuple[Hall, list[CategoryDetails]]:
    return sample_hall(), list(SAMPLE_CATEGORIES)


def _standing(words: Words) -> tuple[Hall, list[CategoryDetails]]:
    outline = outline_of(AreaRecipe(capacity=300, x=0, y=0, width=480, depth=280))
    floor = Section(key="floor", name=words.gettext("Standing"), category="standing", outline=outline, capacity=300)
    categories = [CategoryDetails("standing", words.gettext("Standing"), GREEN, 4_000)]
    return Hall(format="holdfast-hall/1", sections=[floor], shapes=[stage(words)]), categories


TEMPLATES = (
    Template("theatre", mark("Small theatre"), mark("234 seats in 12 curved rows, two prices"), _theatre),
    Template(
        "concert-hall",
        mark("Concert hall"),
        mark("2,008 places: stalls, two balconies and standing, three prices"),
        _concert_hall,
    ),
    Template("standing", mark("Standing only"), mark("300 places without numbers, one price"), _standing),
)


def hall_from_template(
    name: str, words: Words, currency: str, known: list[CategoryDetails]
) -> tuple[Hall, list[CategoryDetails]] | None:
    """Return the hall of a template and all categories that the event then has; None if there is no such template.

    Args:
        name: Of the template.
        words: The organiser's language, in which sections and categories are named.
        currency: The event's.
        known: The categories that the event has. They stay as they are.
    """
    template = next((one for one in TEMPLATES if one.name == name), None)
    if template is None:
        return None
    hall, categories = template.make(words)
    keys = {one.key for one in known}
    factor = 10 if MINOR_DIGITS[currency] == _THREE_DIGITS else 1
    return hall, [*known, *(replace(one, price=one.price * factor) for one in categories if one.key not in keys)]
