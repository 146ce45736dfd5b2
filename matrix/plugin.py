"""A pytest plugin that makes the tests' servers out of other programs than the ones that Holdfast comes with.

`python -m pytest -p matrix.plugin` with these variables:

    MATRIX_POSTGRES  folder with `postgres`, `initdb` and `psql`
    MATRIX_REDIS     a redis-server or valkey-server; empty for a run without
    MATRIX_VERSIONS  file that gets what the servers say of themselves, as JSON

It is loaded before tests/conftest.py, and by the workers of pytest-xdist too.
"""

import json
import os
import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

import redis

from holdfast.infrastructure.embedded import EmbeddedPostgres, EmbeddedRedis, binaries, cluster

_BUILTIN_LOCALES_SINCE = 17
_programs = Path(os.environ["MATRIX_POSTGRES"])
_redis = os.environ["MATRIX_REDIS"]
_versions_path = Path(os.environ["MATRIX_VERSIONS"])
_said: dict[str, str] = {"Python": platform.python_version()}


def _major() -> int:
    said = subprocess.run([_programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.split()[2].split(".")[0])


def _replace(place: object, name: str, make: Callable[..., Callable[..., None]]) -> None:
    """Replace a function or method by one that `make` makes around it."""
    setattr(place, name, make(getattr(place, name)))


def _without_builtin_locale(make_cluster_with: Callable[..., None]) -> Callable[..., None]:
    """Make clusters in the C locale where initdb knows no built-in one."""

    def run(command: list[str], *rest: object) -> None:
        make_cluster_with([word for word in command if "builtin" not in word], *rest)

    return run


def _note_postgres(start: Callable[[EmbeddedPostgres], None]) -> Callable[..., None]:
    """Write down what the first server of the run, which the tests share, says that it is."""

    def start_and_note(server: EmbeddedPostgres) -> None:
        start(server)
        _note("PostgreSQL", server.psql("SHOW server_version").split()[0])

    return start_and_note


def _note_redis(start: Callable[[EmbeddedRedis], None]) -> Callable[..., None]:
    def start_and_note(server: EmbeddedRedis) -> None:
        start(server)
        with redis.Redis.from_url(server.url) as client:
            about = client.info("server")
        kind = str(about.get("server_name", "redis"))
        _note("Redis", f"{kind.capitalize()} {about.get(f'{kind}_version', about['redis_version'])}")

    return start_and_note


def _note(name: str, version: str) -> None:
    _said.setdefault(name, version)
    _versions_path.write_text(json.dumps(_said), encoding="utf-8")


binaries.POSTGRES_MAJOR = _major()
binaries.postgres_programs = lambda: _programs
binaries.redis_program = lambda: Path(_redis) if _redis else None
if binaries.POSTGRES_MAJOR < _BUILTIN_LOCALES_SINCE:
    _replace(cluster, "_run", _without_builtin_locale)
if "PYTEST_XDIST_WORKER" not in os.environ:
    _replace(EmbeddedPostgres, "start", _note_postgres)
    _replace(EmbeddedRedis, "start", _note_redis)
