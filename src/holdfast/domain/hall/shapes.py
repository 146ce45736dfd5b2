"""Where the shapes of a hall are."""

from math import cos, hypot, pi, sin

from holdfast.domain.hall.document import Ellipse, Point, PolygonShape, Rectangle, Shape


def corners_of(shape: Shape) -> list[Point]:
    """Return the corners of a shape, or of a rectangle around it."""
    x, y = shape.at
    match shape:
        case Rectangle(size=(width, height)):
            corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]
        case PolygonShape():
            corners = shape.points
        case Ellipse(radii=(a, b)):
            turned = shape.rotation * pi / 180
            reach_x, reach_y = hypot(a * cos(turned), b * sin(turned)), hypot(a * sin(turned), b * cos(turned))
            return [
                (x - reach_x, y - reach_y),
                (x + reach_x, y - reach_y),
                (x + reach_x, y + reach_y),
                (x - reach_x, y + reach_y),
            ]
        case _:
            corners = [(0.0, 0.0)]
    return [(x + dx, y + dy) for dx, dy in (turned_about_zero(corner, shape.rotation) for corner in corners)]


def turned_about_zero(point: Point, degrees: float) -> Point:
    """Turn a point clockwise about the origin."""
    if not degrees:
        return point
    turned = degrees * pi / 180
    x, y = point
    return (x * cos(turned) - y * sin(turned), x * sin(turned) + y * cos(turned))
