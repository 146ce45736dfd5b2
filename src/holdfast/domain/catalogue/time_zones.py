"""Time zones that an event can be in: the names of the IANA database, as `zoneinfo` knows them.

They are read from the `tzdata` package, which is locked, so that all nodes know the same ones and a container needs no
package of its system. `zoneinfo.available_timezones()` would open every file of the system's database, and includes
`localtime`, which is another zone on each machine.
"""

from importlib.resources import files

from holdfast.domain.refusal import InvalidValue

DEFAULT_TIME_ZONE = "UTC"
"""The zone of an event that names none (contract)."""
NAME_MAX = 64
"""Characters in a name, more than any has."""

_STANDS_FOR_NONE = {"Factory"}
"""What a machine has whose zone was never set."""
TIME_ZONES = frozenset(files("tzdata").joinpath("zones").read_text("ascii").split()) - _STANDS_FOR_NONE


def require_time_zone(field: str, name: str) -> None:
    """Refuse what is not the name of a time zone.

    Raises:
        InvalidValue: naming `field`.
    """
    if name not in TIME_ZONES:
        raise InvalidValue(field, "must be the name of a time zone in the IANA database, such as UTC or Asia/Tokyo")
