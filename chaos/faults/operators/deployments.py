"""A database that was created wrongly must be refused before the first sale, with one line that says why."""

import asyncio
import os
import sys

from chaos.buyers.caller import Caller, NoAnswerError, NotSentError
from chaos.buyers.client import BASE
from chaos.buyers.load import Habits, answers, until
from chaos.faults.database import execute
from chaos.faults.operators.surroundings import unsound_parts
from chaos.site.processes import off_loop
from chaos.site.whole_run import CHECKOUT
from chaos.trial import Trial, fault
from holdfast.infrastructure.postgres.migrations.migrate import upgrade

_NAME = "latin"
_CREATE = f"CREATE DATABASE {_NAME} OWNER holdfast TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C' ENCODING '{{}}'"
_RENAME_ENCODING = "UPDATE pg_database SET encoding = pg_char_to_encoding('LATIN1') WHERE datname = 'latin'"
_DROP = f"DROP DATABASE IF EXISTS {_NAME} WITH (FORCE)"


async def _migrate(url: str) -> tuple[int, str]:
    """Run `holdfast migrate up`; returns its exit code and its error output."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "holdfast", "migrate", "up"),
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "DATABASE_URL": url},
        cwd=CHECKOUT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60.0):
        _, said = await process.communicate()
    return process.returncode or 0, said.decode(errors="replace")


@fault(
    "database-in-latin-1",
    "operators",
    injection="`holdfast migrate up` and a node get a database whose encoding is LATIN1, beside one that sells",
    expected="migrate refuses it in one line that names UTF-8; /readyz of the node finds it; nobody is told 500",
    invariants="all",
)
async def _database_in_latin_1(trial: Trial) -> None:
    superuser, url = trial.site.postgres.superuser_url, trial.site.postgres.url_of(_NAME)
    async with trial.load(habits=Habits(pause_seconds=0.05)) as load:
        try:
            await execute(superuser, _DROP, _CREATE.format("LATIN1"))
            code, said = await _migrate(url)
            trial.expect(code != 0, f"migrate refuses a LATIN1 database (exit code {code})")
            named = "UTF" in said.upper() and said.count("\n") == 1
            trial.expect(named, f"in one line that names UTF-8 ({said[:200]!r})")
            # A schema from before that check existed: it is created in UTF-8, and then its encoding is relabelled.
            await execute(superuser, _DROP, _CREATE.format("UTF8"))
            await off_loop(lambda: upgrade(url))
            await execute(superuser, _RENAME_ENCODING)
            await _expect_found(trial, url)
        finally:
            await execute(superuser, _DROP)
        trial.expect(load.tally.failures() == 0, f"no buyer of the sound one fails ({load.tally.failures()} did)")


async def _expect_found(trial: Trial, url: str) -> None:
    node = trial.site.program("serve", "node-in-latin-1", {"DATABASE_URL": url})
    try:
        await off_loop(node.child.start)
        await until(lambda: answers(node.address, "/health"), 30.0)
        found = await unsound_parts(node.address)
        trial.expect("UTF" in " ".join(found.values()).upper(), f"/readyz names the encoding ({found})")
        times = {"start_at": "2090-01-01T00:00:00Z", "end_at": "2090-01-01T00:00:00Z"}
        async with Caller(node.address) as caller:
            try:
                made = await caller.call("POST", f"{BASE}/events", {"name": "東京", "total_seats": 1, **times})
            except (NoAnswerError, NotSentError):
                return  # it does not serve at all, which is just as good
        trial.expect(made.status != 500, f"what it cannot store is no internal error ({made.status})")
    finally:
        await node.end()
