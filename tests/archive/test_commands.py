"""`holdfast archive`: what it does, prints, and answers where there is nothing to do."""

import asyncio
import io
import json
import os
import re
import signal
import subprocess
import sys
from uuid import UUID

import pytest
from rich.console import Console
from rich.progress import Progress

from archive.past_events import a_past_event, counted, open_archive, rows_of
from archive.test_due import damage
from box_office import open_engine, sql
from holdfast.cli import app
from holdfast.cli.archive import work
from holdfast.cli.archive.progress import ShownPace
from holdfast.cli.console import print_rows
from holdfast.infrastructure.embedded.errors import EmbeddedError
from holdfast.settings import Settings, SettingsError


@pytest.fixture
def settings(database_url, tmp_path):
    return Settings(database_url=database_url, archive_after_days=30, archive_to=str(tmp_path))


async def test_events_go_and_come_back_by_commands(database_url, engine, settings, tmp_path, capsys):
    events = [(await a_past_event(database_url, engine, days=days)).event_id for days in (90, 60)]
    before = [await rows_of(database_url, event_id) for event_id in events]

    def shown(command, *given, sound=True, **named):
        assert command(settings, *given, **named) is sound
        return capsys.readouterr()

    assert (await asyncio.to_thread(shown, work.list_archives)).out == ""
    ran = (await asyncio.to_thread(shown, work.run, fast=True)).out.splitlines()
    assert [line.split("\t")[:2] for line in ran] == [[str(event_id), "6 reservations"] for event_id in events]
    assert (await asyncio.to_thread(shown, work.run)).out == "nothing is due\n"
    listed = (await asyncio.to_thread(shown, work.list_archives)).out.splitlines()
    assert {line.split("\t")[0] for line in listed} == set(map(str, events))
    assert (await asyncio.to_thread(shown, work.verify)).out == "2 files read: all are what was written\n"

    one, other = events
    told = (await asyncio.to_thread(shown, work.restore, [one])).out
    assert told == f"{one}\trestored: 7 claims, 6 reservations, 15 changes\n"
    told = await asyncio.to_thread(shown, work.restore, [one, UUID(int=7)], sound=False)
    assert f"{one} is not archived: it was restored at 20" in told.err
    assert f"{UUID(int=7)} is no event" in told.err
    verified = (await asyncio.to_thread(shown, work.verify)).out
    assert verified.startswith("1 more files there belong to no archived event")

    [path] = tmp_path.glob(f"{other}-*")
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    told = await asyncio.to_thread(shown, work.verify, sound=False)
    assert re.search(rf"{other}: the file .* has [\d,]+ bytes instead of", told.err)
    told = await asyncio.to_thread(shown, work.restore, (), every=True, sound=False)
    assert f"{other} is not restored: the file" in told.err
    path.write_bytes(content)
    await asyncio.to_thread(shown, work.restore, (), every=True)
    assert [await rows_of(database_url, event_id) for event_id in events] == before


async def test_nothing_is_archived_by_two_or_before_the_upgrade_is_finished(database_url, engine, settings, tmp_path):
    event_id = (await a_past_event(database_url, engine)).event_id
    async with open_archive(database_url, tmp_path) as worker:
        assert await worker.removal.lead()
        with pytest.raises(EmbeddedError, match="another process is archiving"):
            await asyncio.to_thread(work.run, settings)
    await sql(database_url, "UPDATE installation SET finished = '0008'")
    with pytest.raises(EmbeddedError, match="holdfast migrate finish"):
        await asyncio.to_thread(work.run, settings)
    assert (await counted(database_url, event_id))["archives"] == 0


def test_ids_are_whole_in_a_narrow_terminal(monkeypatch, capsys):
    """They are copied into `holdfast archive restore`."""
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    name = f"{UUID(int=7)}-0123456789abcdef.jsonl.gz"
    print_rows(("event", "state", "file"), [(str(UUID(int=7)), "a sentence that is broken " * 4, name)])
    told = capsys.readouterr().out
    assert f" {UUID(int=7)} " in told
    assert f" {name} " in told
    assert "a sentence that is broken " * 4 not in told


def test_what_is_not_configured_or_named_is_said(database_url, tmp_path):
    with pytest.raises(SettingsError, match="ARCHIVE_AFTER_DAYS: must be set"):
        work.run(Settings(database_url=database_url, archive_to=str(tmp_path)))
    with pytest.raises(SettingsError, match="ARCHIVE_TO: must be set"):
        work.verify(Settings(database_url=database_url))
    for given in ([], [UUID(int=1)]):
        with pytest.raises(EmbeddedError, match="name the events to restore, or give --all"):
            work.restore(Settings(database_url=database_url), given, every=bool(given))


def test_a_command_ends_with_one_line(database_url, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "holdfast", "archive", "restore", str(UUID(int=7))],
        env={"PATH": os.environ["PATH"], "DATABASE_URL": database_url, "ARCHIVE_TO": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"holdfast: {UUID(int=7)} is no event\n"


async def test_an_event_at_which_the_database_fails_is_left_out(database_url, engine, settings, capsys):
    bad = await a_past_event(database_url, engine, days=90)
    good = await a_past_event(database_url, engine, days=60)
    await damage(database_url, bad.event_id)
    assert not await asyncio.to_thread(work.run, settings, fast=True)
    told = capsys.readouterr()
    assert [line.split("\t")[0] for line in told.out.splitlines() if "\t" in line] == [str(good.event_id)]
    assert told.err.startswith("holdfast: an event is left out: XX001 invalid page")
    await sql(database_url, "ALTER TABLE archives RENAME TO gone")
    with pytest.raises(EmbeddedError, match="archives"):  # and not once for each event
        await asyncio.to_thread(work.run, settings, fast=True)


def test_a_wrong_role_is_one_line_that_names_it_and_is_not_among_the_results(database_url, tmp_path):
    role = {"ARCHIVE_DB_USER": "nobody", "ARCHIVE_DB_PASSWORD": "never-to-be-shown"}
    done = subprocess.run(
        [sys.executable, "-m", "holdfast", "archive", "list"],
        env={"PATH": os.environ["PATH"], "DATABASE_URL": database_url, "ARCHIVE_TO": str(tmp_path), **role},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert (done.returncode, done.stdout) == (1, "")
    told = r"holdfast: the database cannot be used as nobody \(ARCHIVE_DB_USER\): 28P01: .*\n"
    assert re.fullmatch(told, done.stderr)
    assert "never-to-be-shown" not in done.stderr


def test_an_interrupt_is_one_line(database_url, tmp_path, monkeypatch, capsys):
    for name, value in {"DATABASE_URL": database_url, "ARCHIVE_TO": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(asyncio, "run", lambda running: running.close() or signal.raise_signal(signal.SIGINT))
    with pytest.raises(SystemExit) as ended:
        app(["archive", "verify"])
    assert ended.value.code == 130
    assert capsys.readouterr().err.startswith("holdfast: interrupted: what is listed above is done")


def test_a_worker_without_the_package_for_buckets_does_not_start(database_url, tmp_path):
    (tmp_path / "obstore.py").write_text("raise ModuleNotFoundError('obstore')")
    bucket = {"ARCHIVE_AFTER_DAYS": "30", "ARCHIVE_TO": "s3://tickets", "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "holdfast", "work"],
        env={"PATH": os.environ["PATH"], "DATABASE_URL": database_url, **bucket},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 1
    assert done.stderr == "holdfast: ARCHIVE_TO: a bucket needs the package obstore: install holdfast[s3]\n"


async def test_each_cell_archives_its_own_and_one_that_is_away_keeps_no_other(
    database_url, new_database_url, engine, tmp_path, capsys
):
    here = (await a_past_event(database_url, engine)).event_id
    async with open_engine(new_database_url) as there_engine:
        there = (await a_past_event(new_database_url, there_engine)).event_id
    cells = json.dumps({"1": {"url": "postgresql://nobody@127.0.0.1:1/none"}, "2": {"url": new_database_url}})
    settings = Settings(database_url=database_url, cells=cells, archive_after_days=30, archive_to=str(tmp_path))
    assert not await asyncio.to_thread(work.run, settings)
    told = capsys.readouterr()
    assert [line.split("\t")[0] for line in told.out.splitlines()] == [str(here), str(there)]
    assert told.err.startswith("holdfast: cell 1 is left out: ")

    assert not await asyncio.to_thread(work.verify, settings)
    assert capsys.readouterr().out == "2 files read: see above\n"
    (tmp_path / "of-cell-1.jsonl.gz").touch()
    await asyncio.to_thread(work.verify, settings)
    assert "belong to no archived event" not in capsys.readouterr().out, "they may be those of cell 1"
    assert not await asyncio.to_thread(work.list_archives, settings)
    assert not await asyncio.to_thread(work.restore, settings, [UUID(int=7)])
    assert f"{UUID(int=7)} is no event of the cells that answer" in capsys.readouterr().err

    assert await asyncio.to_thread(work.restore, settings, [there, here])
    assert [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()] == [str(here), str(there)]
    await asyncio.to_thread(work.restore, settings, [there])
    assert f"{there} is not archived: it was restored at" in capsys.readouterr().err
    assert not await asyncio.to_thread(work.restore, settings, (), every=True), "those of cell 1 are not restored"

    await sql(new_database_url, "DELETE FROM archives")
    async with open_archive(database_url, tmp_path) as worker:
        assert await worker.removal.lead()
        capsys.readouterr()
        await asyncio.to_thread(work.run, settings)
    told = capsys.readouterr()
    assert "cell 0 is left out: another process is archiving" in told.err
    assert told.out.startswith(str(there))


async def test_a_bar_shows_which_event_of_how_many_and_its_rows():
    with Progress(console=Console(file=io.StringIO())) as progress:
        pace = ShownPace(progress, share=1, passes=1)
        pace.expect(2)
        shown = []
        for rows in (8, 6):
            await pace.passed("begun", rows)
            await pace.passed("read", 5)
            [task] = progress.tasks
            shown.append((task.description, task.completed, task.total))
    assert shown == [("event 1 of 2", 5, 8), ("event 2 of 2", 5, 6)]
