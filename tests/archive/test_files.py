"""A file that is damaged, truncated or another event's is refused before anything is touched."""

import asyncio
import copy
import gzip
import hashlib
import json
import os
import struct
import zlib

import pytest

from archive.past_events import a_past_event, counted, lines_of, rows_of
from box_office import put_on_sale, sql
from holdfast.application.upkeep.archive.refusals import (
    FileDamagedError,
    FileMissingError,
    RowsDisagreeError,
    TargetAwayError,
)
from holdfast.infrastructure.archive_files.folder import FolderTarget


@pytest.fixture
async def away(database_url, engine, archive, tmp_path):
    """An archived event, and its file."""
    sale = await a_past_event(database_url, engine)
    archived = await archive.put_away(sale.event_id)
    return sale.event_id, tmp_path / archived.file.name


async def rewrite(database_url, event_id, path, lines, *, seal=True):
    """Store other lines as if they had been written, as somebody could who may write to the folder and the database."""
    text = b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)
    if seal:
        text += json.dumps({"sha256": hashlib.sha256(text).hexdigest()}).encode() + b"\n"
    await put(database_url, event_id, path, gzip.compress(text, mtime=0))


async def put(database_url, event_id, path, content):
    """Store another file, and record it."""
    path.write_bytes(content)
    await sql(
        database_url,
        "UPDATE archives SET sha256 = $2, bytes = $3 WHERE event_id = $1",
        *(event_id, hashlib.sha256(content).digest(), len(content)),
    )


async def refused(database_url, archive, event_id, *, error=FileDamagedError, match):
    before = await rows_of(database_url, event_id), await counted(database_url, event_id)
    with pytest.raises(error, match=match):
        await archive.bring_back(event_id)
    assert (await rows_of(database_url, event_id), await counted(database_url, event_id)) == before


def truncate(content):
    return content[:-20]


def flip(content):
    return content[:100] + bytes([content[100] ^ 1]) + content[101:]


def append(content):
    return content + b"\0"


async def test_a_file_that_was_changed_is_refused_and_found(database_url, archive, away):
    event_id, path = away
    content = path.read_bytes()
    for damage in (truncate, flip, append):
        path.write_bytes(damage(content))
        await refused(database_url, archive, event_id, match=r"bytes instead of|its SHA-256 is another")
        [found] = await archive.verified()
        assert found.entry.event_id == event_id
        assert found.problem is not None


async def test_what_is_no_file_is_refused_without_waiting_for_it(database_url, archive, away):
    event_id, path = away
    path.unlink()
    os.mkfifo(path)
    other_end = os.open(path, os.O_RDWR)
    try:
        async with asyncio.timeout(20):
            await refused(database_url, archive, event_id, match="is not a file")
    finally:
        os.close(other_end)


async def test_pieces_of_a_file_that_contain_no_text_are_passed_over(database_url, archive, away):
    """A piece of 256 KiB may end within the header of a block, behind the last text of the one before."""
    event_id, path = away
    text = gzip.decompress(path.read_bytes())
    compressor = zlib.compressobj(wbits=-15)
    blocks = compressor.compress(text) + compressor.flush(zlib.Z_SYNC_FLUSH)
    blocks += b"\0\0\0\xff\xff" * 120_000 + compressor.flush()
    ends = struct.pack("<10B", 0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255), struct.pack("<LL", zlib.crc32(text), len(text))
    await put(database_url, event_id, path, ends[0] + blocks + ends[1])
    assert [one.problem for one in await archive.verified()] == [None]
    await archive.bring_back(event_id)


async def test_rows_that_are_in_the_way_are_told_of(database_url, archive, away):
    event_id, _ = away
    entry = "INSERT INTO changes (event_id, version, kind, seat_ids, at) VALUES ($1, 3, 'event_edited', '{}', now())"
    await sql(database_url, entry, event_id)
    await refused(database_url, archive, event_id, error=RowsDisagreeError, match="that changes_pkey does not allow")


async def test_a_file_that_is_gone_is_refused_and_found(database_url, archive, away):
    event_id, path = away
    assert [one.problem for one in await archive.verified()] == [None]
    path.unlink()
    await refused(database_url, archive, event_id, error=FileMissingError, match="is not there")
    assert "is not there" in (await archive.verified())[0].problem


async def test_a_folder_that_is_gone_is_one_problem_and_not_one_for_each_file(archive, away, tmp_path):
    await asyncio.to_thread(tmp_path.rename, tmp_path.with_name("elsewhere"))
    for ask in (archive.verified, archive.target.names, lambda: archive.bring_back(away[0])):
        with pytest.raises(TargetAwayError, match=f"ARCHIVE_TO: {tmp_path}: No such file or directory"):
            await ask()


async def test_a_full_disk_is_told_of_as_one(engine, archive, tmp_path):
    """A small file is written when it ends, and again when it is closed."""

    class FullFolder(FolderTarget):
        def _new(self):
            path = tmp_path / ".full.partial"
            path.symlink_to("/dev/full")
            return path

    sale = await put_on_sale(engine)
    archive.target = FullFolder(tmp_path)
    with pytest.raises(TargetAwayError, match=f"ARCHIVE_TO: {tmp_path}: .*No space left on device"):
        await archive.put_away(sale.event_id)
    assert list(tmp_path.iterdir()) == []


def without_end(lines):
    return lines[:-1]


def another_event(lines):
    lines[0]["event"]["id"] = "01a21af6-60a6-7000-a088-c1ee050b0cc2"
    return lines


def another_version(lines):
    lines[0]["event"]["version"] += 1
    return lines


def another_format(lines):
    lines[0]["format"] = "holdfast-archive/9"
    return lines


def one_row_less(lines):
    del lines[1]
    return lines


def one_row_more(lines):
    return [*lines, lines[1]]


def no_json(lines):
    return [*lines, "x"]


def a_column_of_a_newer_version(lines):
    lines[0]["tables"]["claims"]["columns"].append("colour")
    return [lines[0], *([*line, "red"] if line[0] == "claims" else line for line in lines[1:])]


def a_missing_column(lines):
    lines[0]["tables"]["changes"]["columns"].pop(2)
    return lines


FORGERIES = [
    (another_event, "it is the file of another event"),
    (another_version, r"it has the event's version \d+, not \d+"),
    (another_format, "the file's format is not holdfast-archive/1"),
    (one_row_less, "the file ends too early"),
    (one_row_more, "there are more claims than the header says"),
    (no_json, "the file has a line that is not of an archive"),
    (a_column_of_a_newer_version, r"does not know \(colour\): it was written by a newer version of Holdfast"),
    (a_missing_column, "the file lacks columns of changes: kind"),
]


async def test_a_file_that_is_whole_and_wrong_is_refused(database_url, archive, away):
    event_id, path = away
    *lines, _ = lines_of(path)
    for forge, match in FORGERIES:
        await rewrite(database_url, event_id, path, forge(copy.deepcopy(lines)))
        await refused(database_url, archive, event_id, match=match)


@pytest.mark.parametrize("seal", [True, False])
async def test_lines_that_are_not_those_of_the_digest_are_refused(database_url, archive, away, seal):
    event_id, path = away
    lines = lines_of(path)
    lines[1][-1] = "2020-01-01T00:00:00+00:00"
    await rewrite(database_url, event_id, path, lines if seal else lines[:-1], seal=seal)
    await refused(database_url, archive, event_id, match="the lines are not those|the file ends too early")


async def test_something_else_than_gzip_is_refused(database_url, archive, away):
    event_id, path = away
    await put(database_url, event_id, path, b"no gzip")
    await refused(database_url, archive, event_id, match="the file is not a whole gzip file")


async def test_rows_of_an_older_file_get_what_its_columns_meant(database_url, archive, away):
    event_id, path = away
    header, *rows = lines_of(path)[:-1]
    older = {"reservations": ("prices", "extensions", "beyond_limit"), "changes": ("detail",)}
    for table, names in older.items():
        columns = header["tables"][table]["columns"]
        places = sorted((columns.index(name) + 1 for name in names), reverse=True)
        for row in rows:
            if row[0] == table:
                for place in places:
                    del row[place]
        for name in names:
            columns.remove(name)
    await rewrite(database_url, event_id, path, [header, *rows])
    await archive.bring_back(event_id)
    found = await sql(database_url, "SELECT DISTINCT prices, extensions, beyond_limit FROM reservations")
    assert [tuple(row) for row in found] == [(None, 0, False)]


async def test_a_folder_that_is_not_there_is_not_made(database_url, engine, archive, tmp_path):
    """If a disk is not mounted, the files must not go to the one below."""
    sale = await a_past_event(database_url, engine)
    archive.target = FolderTarget(tmp_path / "not mounted")
    with pytest.raises(TargetAwayError, match="not mounted: No such file"):
        await archive.put_away(sale.event_id)
    assert list(tmp_path.iterdir()) == []
    assert (await counted(database_url, sale.event_id))["archives"] == 0


async def test_what_cannot_be_read_back_is_not_removed(database_url, engine, archive, monkeypatch):
    from holdfast.infrastructure.archive_files import folder

    sale = await a_past_event(database_url, engine)
    rename = folder.FolderTarget._rename

    def bad_disk(self, draft, place):
        rename(self, draft, place)
        place.write_bytes(flip(place.read_bytes()))

    monkeypatch.setattr(folder.FolderTarget, "_rename", bad_disk)
    with pytest.raises(TargetAwayError, match="what was written cannot be read back"):
        await archive.put_away(sale.event_id)
    assert (await counted(database_url, sale.event_id))["archives"] == 0


async def test_partial_files_of_killed_processes_are_swept_away_in_time(database_url, engine, archive, tmp_path):
    sale = await a_past_event(database_url, engine)
    old, young = tmp_path / ".old.partial", tmp_path / ".young.partial"
    for path in (old, young):
        path.touch()
    os.utime(old, (1, 1))
    await archive.put_away(sale.event_id)
    assert (old.exists(), young.exists()) == (False, True)
