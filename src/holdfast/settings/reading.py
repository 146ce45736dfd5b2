"""How much is kept in memory for reads."""

from pydantic import Field
from pydantic_settings import BaseSettings


class ReadingSettings(BaseSettings):
    """How much is kept in memory for reads."""

    seat_maps_mib_max: int = Field(
        default=256,
        ge=1,
        le=65_536,
        description=(
            "Memory for the seats of busy events in each process, in MiB; the least recently used are dropped first."
        ),
    )
