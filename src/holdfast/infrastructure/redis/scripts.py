"""The Lua scripts of this room."""

from importlib.resources import files

from redis.asyncio import Redis
from redis.commands.core import AsyncScript


def script(redis: Redis, file_name: str) -> AsyncScript:
    """Register a script. It is sent to Redis when it is first called."""
    return redis.register_script((files(__package__) / file_name).read_text(encoding="utf-8"))
