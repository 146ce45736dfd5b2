"""The form of a section: what is typed, and the section that it makes."""

from collections.abc import Container
from dataclasses import dataclass, fields, replace

from msgspec import structs

from holdfast.domain.hall.document import Section
from holdfast.domain.hall.keys import key_from
from holdfast.domain.hall.numbering import numbers_of
from holdfast.domain.hall.recipes.making import moved, outline_of, rows_of
from holdfast.domain.hall.recipes.naming import seats_named
from holdfast.domain.hall.recipes.reading import recipe_of
from holdfast.domain.hall.recipes.recipe import CURVE_MAX, PITCH, SPACING, AreaRecipe, Labels, RowsRecipe
from holdfast.domain.refusal import InvalidValue
from holdfast.web.kit.forms import Form
from holdfast.web.kit.languages import mark

LABELS: tuple[tuple[Labels, str], ...] = (
    ("letters", mark("A, B, C")),
    ("letters-without-i-o", mark("A, B, C, without I and O")),
    ("numbers", mark("1, 2, 3")),
)
NUMBERINGS = (
    ("", mark("1, 2, 3 from the left")),
    ("from right", mark("1, 2, 3 from the right")),
    ("odd", mark("odd, from the left")),
    ("odd from right", mark("odd, from the right")),
    ("even", mark("even, from the left")),
    ("even from right", mark("even, from the right")),
)
CURVE_PERCENT_MAX = round(CURVE_MAX * 100)
_LEAST_CURVE = 0.0005


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A section's form as it was filled in. Numbers stay texts, so that nothing typed is lost."""

    kind: str = "rows"
    """`rows`, `area`, or `fixed` for a section that no form could have made: it is only named and moved."""
    name: str = ""
    category: str = ""
    floor: str = ""
    rows: str = "10"
    seats: str = "12"
    growth: str = "0"
    curve: str = "8"
    """In percent."""
    labels: str = "letters"
    first_label: str = "A"
    numbering: str = ""
    first_number: str = ""
    x: str = "0"
    y: str = "0"
    rotation: str = "0"
    pitch: str = f"{PITCH:g}"
    spacing: str = f"{SPACING:g}"
    front_rows: str = "0"
    front_category: str = ""
    missing: str = ""
    accessible: str = ""
    restricted_view: str = ""
    capacity: str = "100"
    width: str = "300"
    depth: str = "160"


def typed_in(form: Form) -> Typed:
    """Return what was filled in."""
    return Typed(**{one.name: form.text(one.name) for one in fields(Typed)})


def typed_of(section: Section, floor: str | None) -> Typed:
    """Return the form of a section as it is."""
    recipe = recipe_of(section)
    known = Typed(name=section.name, category=section.category or "", floor=floor or "")
    match recipe:
        case AreaRecipe():
            return replace(
                known,
                kind="area",
                capacity=str(recipe.capacity),
                x=_plain(recipe.x),
                y=_plain(recipe.y),
                width=_plain(recipe.width),
                depth=_plain(recipe.depth),
            )
        case RowsRecipe():
            first, _, rest = (recipe.numbering or "").partition("..")
            numbering = rest.strip() if ".." in (recipe.numbering or "") else first
            return replace(
                known,
                rows=str(recipe.rows),
                seats=str(recipe.seats),
                growth=str(recipe.growth),
                curve=_plain(recipe.curve * 100),
                labels=recipe.labels,
                first_label=recipe.first_label,
                numbering=numbering,
                first_number=first if ".." in (recipe.numbering or "") else "",
                x=_plain(recipe.x),
                y=_plain(recipe.y),
                rotation=_plain(recipe.rotation),
                pitch=_plain(recipe.pitch),
                spacing=_plain(recipe.spacing),
                front_rows=str(recipe.front_rows),
                front_category=recipe.front_category or "",
                missing=", ".join(recipe.missing),
                accessible=", ".join(recipe.accessible),
                restricted_view=", ".join(recipe.restricted_view),
            )
        case None:
            return replace(known, kind="fixed")


def section_from(typed: Typed, *, before: Section | None, taken: Container[str]) -> Section:
    """Return the section that a form makes.

    Args:
        typed: What was filled in.
        before: The section that is edited; None for a new one.
        taken: The keys of the hall's sections.

    Raises:
        InvalidValue: naming the field.
    """
    if not typed.name:
        raise InvalidValue("name", "is missing")
    if not typed.category and typed.kind != "fixed":
        raise InvalidValue("category", "is missing")
    key = before.key if before is not None else key_from(typed.name, taken, otherwise="section")
    category = typed.category or None
    if typed.kind == "fixed":
        if before is None:
            raise InvalidValue("kind", "must be rows or area")
        there = moved(before, _number("x", typed.x), _number("y", typed.y))
        return structs.replace(there, name=typed.name, category=category)
    if typed.kind == "area":
        area = AreaRecipe(
            capacity=_whole("capacity", typed.capacity),
            x=_number("x", typed.x),
            y=_number("y", typed.y),
            width=_number("width", typed.width, least=1),
            depth=_number("depth", typed.depth, least=1),
        )
        return Section(key=key, name=typed.name, category=category, outline=outline_of(area), capacity=area.capacity)
    rows = rows_of(_recipe(typed))
    section = Section(key=key, name=typed.name, category=category, rows=rows)
    numbers_of(rows[0], "numbering")
    return section


def _recipe(typed: Typed) -> RowsRecipe:
    labels: Labels = next((name for name, _ in LABELS if name == typed.labels), "letters")
    if typed.numbering not in [name for name, _ in NUMBERINGS]:
        raise InvalidValue("numbering", "must be one of the choices")
    first = f"{_whole('first_number', typed.first_number)}.." if typed.first_number else ""
    percent = _number("curve", typed.curve or "0")
    if not 0 <= percent <= CURVE_PERCENT_MAX:
        raise InvalidValue("curve", f"must be 0 to {CURVE_PERCENT_MAX}")
    curve = percent / 100
    front_rows = _whole("front_rows", typed.front_rows or "0") if typed.front_category else 0
    return RowsRecipe(
        rows=_whole("rows", typed.rows),
        seats=_whole("seats", typed.seats),
        growth=_whole("growth", typed.growth or "0"),
        curve=0.0 if abs(curve) < _LEAST_CURVE else curve,
        labels=labels,
        first_label=typed.first_label,
        numbering=f"{first} {typed.numbering}".strip() or None,
        x=_number("x", typed.x),
        y=_number("y", typed.y),
        rotation=_number("rotation", typed.rotation or "0"),
        pitch=_number("pitch", typed.pitch, least=1),
        spacing=_number("spacing", typed.spacing, least=1),
        front_rows=front_rows,
        front_category=typed.front_category or None,
        missing=seats_named("missing", typed.missing),
        accessible=seats_named("accessible", typed.accessible),
        restricted_view=seats_named("restricted_view", typed.restricted_view),
    )


def _whole(field: str, text: str) -> int:
    if not (text.isascii() and text.removeprefix("-").isdecimal() and len(text) < 8):
        raise InvalidValue(field, "must be a whole number")
    return int(text)


def _number(field: str, text: str, *, least: float = -100_000) -> float:
    try:
        found = float(text)
    except ValueError:
        raise InvalidValue(field, "must be a number") from None
    if not least <= found <= 100_000:  # also refuses what is not finite
        raise InvalidValue(field, "is out of range")
    return found


def _plain(value: float) -> str:
    return f"{round(value, 2):g}" if abs(value) < 100_000 else str(round(value))
