"""Areas of pretix plans as shapes of a hall, and back."""

from typing import Any

from holdfast.domain.catalogue.event import TEXT_MAX
from holdfast.domain.hall.document import POINTS_MAX, Ellipse, Label, Point, PolygonShape, Rectangle, Shape
from holdfast.domain.hall.pretix.colors import color_from
from holdfast.domain.hall.pretix.plan import PlanArea, PlanText
from holdfast.domain.hall.pretix.values import length_of, point_of, rotation_of, short_text, text_of
from holdfast.domain.refusal import InvalidValue

_STAGES = {"stage", "bühne", "buehne", "podium", "scène", "scene", "escenario", "palco", "舞台", "ステージ"}
_TEXT_SIZE = 16
"""What pretix takes for a text without a size."""


def shape_of(area: PlanArea, base: Point, field: str) -> Shape | None:
    """Return an area as a shape; None if there is nothing to draw.

    Args:
        area: Of either generation.
        base: Where its zone is.
        field: Where it is in the plan.

    Raises:
        InvalidValue: naming the value in the plan.
    """
    at = point_of(f"{field}.position", area.position, base)
    text = area.text if isinstance(area.text, PlanText) else PlanText(text=area.text)
    wording = short_text(f"{field}.text", text.text, TEXT_MAX)
    rotation = rotation_of(f"{field}.rotation", area.rotation)
    text_at = None if text.position is None else point_of(f"{field}.text.position", text.position)
    size = length_of(f"{field}.text.size", text.size)
    kind = text_of(area.shape)
    if kind == "text":
        if not wording:
            return None
        dx, dy = text_at or (0.0, 0.0)
        place = (at[0] + dx, at[1] + dy)
        return Label(at=place, text=wording, size=size, rotation=rotation, color=color_from(text_of(text.color)))
    common: dict[str, Any] = {
        "at": at,
        "rotation": rotation,
        "role": "stage" if wording.lower() in _STAGES else "decoration",
        "text": wording,
        "text_at": text_at if wording else None,
        "text_size": size if wording else None,
        "text_color": color_from(text_of(text.color)) if wording else None,
        "color": color_from(text_of(area.color)),
        "border_color": color_from(text_of(area.border_color)),
    }
    return _figure(area, kind, common, field)


def _figure(area: PlanArea, kind: str, common: dict[str, Any], field: str) -> Shape | None:
    if kind == "polygon" and area.polygon:
        points = [point_of(f"{field}.polygon.points[{at}]", each) for at, each in enumerate(area.polygon.points)]
        if len(points) > POINTS_MAX:
            raise InvalidValue(f"{field}.polygon.points", f"must have at most {POINTS_MAX} entries")
        return PolygonShape(points=points, **common) if len(points) > 2 else None
    if kind == "ellipse" and area.ellipse and area.ellipse.radius:
        a, b = point_of(f"{field}.ellipse.radius", area.ellipse.radius)
        return Ellipse(radii=(abs(a), abs(b)), **common)
    if kind == "circle" and area.circle:
        radius = length_of(f"{field}.circle.radius", area.circle.radius) or 0.0
        return Ellipse(radii=(radius, radius), **common)
    sides = area.rectangle or area
    width = length_of(f"{field}.width", sides.width)
    height = length_of(f"{field}.height", sides.height)
    return None if width is None or height is None else Rectangle(size=(width, height), **common)


def area_of(shape: Shape) -> dict[str, object]:
    """Return a shape as an area of the newer generation."""
    x, y = shape.at
    area: dict[str, object] = {"position": {"x": x, "y": y}, "rotation": shape.rotation}
    if isinstance(shape, Label):
        area["shape"] = "text"
        area["text"] = _text(shape.text, (0.0, 0.0), shape.size, shape.color)
        return area
    area |= {
        "shape": "polygon" if isinstance(shape, PolygonShape) else "rectangle",
        "color": shape.color or "#eeeeee",
        "border_color": shape.border_color or shape.color or "#888888",
    }
    middle = (0.0, 0.0)
    match shape:
        case PolygonShape():
            area["polygon"] = {"points": [{"x": x, "y": y} for x, y in shape.points]}
            xs, ys = [x for x, _ in shape.points], [y for _, y in shape.points]
            middle = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
        case Rectangle(size=(width, height)):
            area["rectangle"] = {"width": round(width), "height": round(height)}
            middle = (width / 2, height / 2)
        case Ellipse(radii=(a, b)):
            round_one = a == b
            area["shape"] = "circle" if round_one else "ellipse"
            area[str(area["shape"])] = {"radius": round(a) if round_one else {"x": a, "y": b}}
    if shape.text:
        area["text"] = _text(shape.text, shape.text_at or middle, shape.text_size, shape.text_color)
    return area


def _text(text: str, at: Point, size: float | None, color: str | None) -> dict[str, object]:
    return {
        "text": text,
        "position": {"x": at[0], "y": at[1]},
        "size": round(size or _TEXT_SIZE),
        "color": color or "#333333",
    }


def outline_area(name: str, outline: list[Point]) -> dict[str, object]:
    """Return an area of the newer generation for a section's outline, with its name in it."""
    return area_of(PolygonShape(points=outline, text=name, color="#f6f8fa", border_color="#57606a"))
