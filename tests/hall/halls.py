"""Random halls."""

import json

from hypothesis import strategies as st

from holdfast.domain.hall.document import Hall, Row
from holdfast.domain.hall.numbering import numbers_of
from holdfast.domain.hall.reading import read_hall

COORDINATES = st.integers(-2000, 2000).map(lambda quarters: quarters / 4)
POINTS = st.tuples(COORDINATES, COORDINATES).map(list)
CATEGORIES = st.sampled_from(["std", "low", "vip"])
NUMBERINGS = st.sampled_from(["odd", "even", "21..", "from right", "101.. odd from right"])
COLORS = st.sampled_from(["#ff0000", "#00aa77"])


def some_of(**fields):
    """A dictionary in which some of these are missing."""
    return st.fixed_dictionaries({}, optional=fields)


@st.composite
def rows(draw, label: str, guids: str | None) -> dict:
    count = draw(st.integers(1, 8))
    row = {"label": label}
    if draw(st.booleans()):
        row["count"] = count
        row |= draw(some_of(numbering=NUMBERINGS))
    else:
        row["numbers"] = [f"{at}x" for at in range(count)]
    if draw(st.booleans()):
        row |= {"start": draw(POINTS), "end": draw(POINTS), "bend": draw(st.sampled_from([0.1, -0.25, 1]))}
    else:
        row["positions"] = draw(st.lists(POINTS, min_size=count, max_size=count))
    if guids:
        row["seat_numbers"] = [f"{guids}{label}{at}" for at in range(count)]
    row |= draw(some_of(category=CATEGORIES, radius=st.integers(1, 20), label_at=st.sampled_from(["start", "none"])))
    names = row.get("seat_numbers") or numbers_of(Row(**{name: row.get(name) for name in NUMBERED}), "")
    marks = some_of(category=CATEGORIES, accessible=st.just(True), restricted_view=st.just(True), missing=st.just(True))
    chosen = draw(st.lists(st.sampled_from(names[1:] or names), unique=True, max_size=3))
    row["exceptions"] = [{"seats": [name], **draw(marks)} for name in chosen if count > 1]
    return row


NUMBERED = ("label", "count", "numbers", "numbering")


@st.composite
def sections(draw, key: str) -> dict:
    section = {"key": key, "name": f"Section {key}", "category": draw(CATEGORIES)}
    section |= draw(some_of(outline=st.lists(POINTS, min_size=3, max_size=6), focal=POINTS))
    if draw(st.integers(0, 4)) == 0:
        return section | {"capacity": draw(st.integers(1, 30))}
    labels = draw(st.lists(st.text("ABC123äあ", min_size=1, max_size=3), unique=True, min_size=1, max_size=4))
    guids = draw(st.sampled_from([None, f"guid-{key}-"]))
    return section | {"rows": [draw(rows(label, guids)) for label in labels]}


@st.composite
def shapes(draw) -> dict:
    shape = {"at": draw(POINTS), **draw(some_of(rotation=st.sampled_from([15, -90]), color=COLORS))}
    kind = draw(st.sampled_from(["rectangle", "ellipse", "polygon", "text"]))
    if kind == "text":
        return shape | {"shape": "text", "text": draw(st.sampled_from(["Bar", "Exit"]))}
    shape |= draw(some_of(text=st.sampled_from(["Stage", "Bar"]), role=st.just("stage"), border_color=COLORS))
    sizes = st.tuples(st.integers(1, 500), st.integers(1, 500)).map(list)
    match kind:
        case "rectangle":
            return shape | {"shape": kind, "size": draw(sizes)}
        case "ellipse":
            return shape | {"shape": kind, "radii": draw(sizes)}
    return shape | {"shape": kind, "points": draw(st.lists(POINTS, min_size=3, max_size=5))}


@st.composite
def documents(draw) -> dict:
    """A document of a hall that has at least one seat in a row."""
    first = {
        "key": "first",
        "name": "First",
        "category": "std",
        "rows": [{"label": "A", "count": 2, "start": [0, 0], "end": [20, 0]}],
    }
    keys = draw(st.lists(st.sampled_from(["a", "b", "c-1"]), unique=True, max_size=3))
    made = [first, *(draw(sections(key)) for key in keys)]
    hall = {"format": "holdfast-hall/1", "shapes": draw(st.lists(shapes(), max_size=3))}
    hall |= draw(some_of(name=st.just("Random Hall"), focal=POINTS))
    if draw(st.booleans()):
        return hall | {"sections": made}
    floors = [{"key": f"f{at}", "name": f"Floor {at}", "sections": [section]} for at, section in enumerate(made)]
    floors[0]["shapes"] = draw(st.lists(shapes(), max_size=1))
    return hall | {"floors": floors}


def halls() -> st.SearchStrategy[Hall]:
    return documents().map(lambda document: read_hall(json.dumps(document).encode()))
