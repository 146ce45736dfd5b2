"""Draws the pictures of docs/halls.md from the examples in it: `make hall-pictures`."""

import re
from pathlib import Path

from holdfast.domain.catalogue.categories import CategoryDetails
from holdfast.domain.hall.document import Hall
from holdfast.domain.hall.picture import picture_of
from holdfast.domain.hall.reading import read_hall
from holdfast.domain.hall.samples import SAMPLE_CATEGORIES, sample_hall
from holdfast.domain.hall.seats import seats_of

FOLDER = Path(__file__).parent
PAGE = FOLDER.parent / "halls.md"
_EXAMPLE = re.compile(r"```json\n(?P<document>.*?)```\n\n!\[[^]]*\]\(halls/(?P<name>[a-z-]+\.svg)\)", re.DOTALL)
_CATEGORIES = (
    CategoryDetails("std", "Standard", "#1f6feb", 8_000),
    CategoryDetails("low", "Low", "#1a7f37", 5_000),
    CategoryDetails("vip", "Premium", "#b3261e", 12_000),
)
_NUMBERED_SEATS_MAX = 60
"""With more seats, numbers are too small to read."""


def examples() -> dict[str, Hall]:
    """Return the halls of the page by the names of their pictures."""
    found = _EXAMPLE.finditer(PAGE.read_text())
    return {example["name"]: read_hall(example["document"].encode()) for example in found}


def pictures() -> dict[str, str]:
    """Return every picture of the page by its name."""
    drawn = {"sample.svg": "".join(picture_of(sample_hall(), SAMPLE_CATEGORIES))}
    for name, hall in examples().items():
        few = sum(len(seats) for seats in seats_of(hall)) <= _NUMBERED_SEATS_MAX
        drawn[name] = "".join(picture_of(hall, _CATEGORIES, width=480, numbered=few))
    return drawn


if __name__ == "__main__":
    for name, drawn in pictures().items():
        (FOLDER / name).write_text(drawn)
