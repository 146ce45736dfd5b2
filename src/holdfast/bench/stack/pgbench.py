"""What PostgreSQL alone achieves: `pgbench` with the bare transaction of a reservation, on the same server."""

import re
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from holdfast.bench.failure import LoadError
from holdfast.infrastructure.embedded.binaries import postgres_programs

_SEATS = 100_000
_DATABASE = "holdfast_pgbench"
_TABLES = f"""
CREATE TABLE seat (id bigint PRIMARY KEY, status smallint NOT NULL, reservation_id uuid);
CREATE TABLE reservation
    (id uuid PRIMARY KEY, seat_id bigint NOT NULL, user_id text NOT NULL, created_at timestamptz NOT NULL);
INSERT INTO seat SELECT number, 0, NULL FROM generate_series(1, {_SEATS}) AS number;
"""  # noqa: S608 - our own number
_TRANSACTION = f"""\\set seat random(1, {_SEATS})
BEGIN;
UPDATE seat SET status = 1, reservation_id = gen_random_uuid() WHERE id = :seat;
INSERT INTO reservation VALUES (gen_random_uuid(), :seat, 'buyer', now());
COMMIT;
"""  # noqa: S608 - our own number
_RESULT = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


class Pgbench:
    """A separate database on the measured server, with only two tables."""

    def __init__(self, database_url: str) -> None:
        """Create the database.

        Args:
            database_url: A database of the server, with a role that may create databases.

        Raises:
            LoadError: psql or the server fails.
        """
        self._url = urlunsplit(urlsplit(database_url)._replace(path=f"/{_DATABASE}"))
        for statement in (f"DROP DATABASE IF EXISTS {_DATABASE}", f"CREATE DATABASE {_DATABASE}"):
            psql(database_url, statement)
        psql(self._url, _TABLES)
        psql(self._url, "VACUUM ANALYZE seat")

    def transactions_per_second(self, *, clients: int, seconds: float) -> float:
        """Run the transaction, an UPDATE by primary key and an INSERT, repeatedly with each client.

        Raises:
            LoadError: pgbench failed.
        """
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(_TRANSACTION)
            script.flush()
            words = ["-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(max(1, round(seconds)))]
            output = _run("pgbench", [*words, "-f", script.name, self._url])
        found = _RESULT.search(output)
        if found is None:
            raise LoadError(f"pgbench gave no rate: {output[-200:]}")
        return float(found[1])


def psql(url: str, statement: str) -> str:
    """Run statements and return the rows as text, columns separated by `|`.

    Raises:
        LoadError: They failed.
    """
    return _run("psql", ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement, url]).strip()


def _run(name: str, words: list[str]) -> str:
    program: Path = postgres_programs() / name
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
        [str(program), *words], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise LoadError(f"{name} failed: {' '.join(done.stderr.split())[-300:]}")
    return done.stdout
