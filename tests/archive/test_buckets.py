"""The files in an S3-compatible bucket."""

import asyncio
import http.server
import os
import re
import tempfile
import threading
from datetime import timedelta

import pytest

from archive.past_events import Archive, a_past_event, counted, rows_of
from delivery.runbook import Runbook
from docs.pages import ROOT
from holdfast.application.upkeep.archive.ports import StoredFile
from holdfast.application.upkeep.archive.refusals import FileDamagedError, FileMissingError, TargetAwayError
from holdfast.bootstrap.archive import archive_target
from holdfast.settings import Settings, SettingsError
from holdfast.worker.archive import archive_events

pytest.importorskip("obstore", reason="the package obstore (holdfast[s3]) is not installed")
moto_server = pytest.importorskip("moto.server", reason="the package moto, an S3-compatible server, is not installed")

KEYS = {"archive_s3_access_key_id": "holdfast", "archive_s3_secret_access_key": "never-to-be-shown"}
WHERE = {"aws_access_key_id": "holdfast", "aws_secret_access_key": "x", "region_name": "us-east-1"}


@pytest.fixture(scope="module")
def endpoint():
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint):
    """A client of another make."""
    import boto3

    client = boto3.client("s3", endpoint_url=endpoint, **WHERE)
    client.create_bucket(Bucket="tickets")
    yield client
    for one in client.list_objects_v2(Bucket="tickets").get("Contents", []):
        client.delete_object(Bucket="tickets", Key=one["Key"])
    client.delete_bucket(Bucket="tickets")


def target(endpoint, to="s3://tickets/old/events"):
    return archive_target(Settings(archive_to=to, archive_s3_endpoint=endpoint, **KEYS))


@pytest.fixture
async def archive(database_url, endpoint):
    archive = Archive(database_url, target(endpoint))
    yield archive
    await archive.session.close()


async def test_an_event_goes_to_a_bucket_and_comes_back(database_url, engine, archive, bucket):
    sale = await a_past_event(database_url, engine)
    before = await rows_of(database_url, sale.event_id)
    archived = await archive.put_away(sale.event_id)
    [stored] = bucket.list_objects_v2(Bucket="tickets")["Contents"]
    assert (stored["Key"], stored["Size"]) == (f"old/events/{archived.file.name}", archived.file.size_bytes)
    assert list(await archive.target.names()) == [archived.file.name]
    assert [one.problem for one in await archive.verified()] == [None]
    await archive.bring_back(sale.event_id)
    assert await rows_of(database_url, sale.event_id) == before


async def test_what_is_missing_or_damaged_in_a_bucket_is_found(database_url, engine, archive, bucket):
    sale = await a_past_event(database_url, engine)
    archived = await archive.put_away(sale.event_id)
    place = {"Bucket": "tickets", "Key": f"old/events/{archived.file.name}"}
    bucket.put_object(**place, Body=b"x" * archived.file.size_bytes)
    with pytest.raises(FileDamagedError, match="its SHA-256 is another"):
        await archive.bring_back(sale.event_id)
    bucket.delete_object(**place)
    with pytest.raises(FileMissingError):
        await archive.bring_back(sale.event_id)
    assert (await counted(database_url, sale.event_id))["archives"] == 1


async def test_a_bucket_that_is_not_there_removes_nothing_and_tells_no_secret(database_url, engine, archive, endpoint):
    sale = await a_past_event(database_url, engine)
    archive.target = target(endpoint, to="s3://nowhere")
    no_bucket = "NoSuchBucket: The specified bucket does not exist$"
    with pytest.raises(TargetAwayError, match=f"ARCHIVE_TO: .* in s3://nowhere: {no_bucket}") as told:
        await archive.put_away(sale.event_id)
    with pytest.raises(TargetAwayError, match=no_bucket):  # of no file it is known that it is missing
        await archive.target.opened(StoredFile("a.jsonl.gz", b"", 1)).__aenter__()
    assert "never-to-be-shown" not in str(told.value)
    left = await counted(database_url, sale.event_id)
    assert (left["archives"], left["reservations"]) == (0, 6)


async def test_what_the_store_says_is_told_not_the_request(monkeypatch, endpoint):
    """The first 300 characters of the error are its address; a wrong key was told as "Server returned non-2xx"."""
    refused = pytest.raises(TargetAwayError, match=r"ARCHIVE_S3_ACCESS_KEY_ID: .*: InvalidAccessKeyId: The AWS Acc")
    with monkeypatch.context() as checking, refused:
        checking.setattr("moto.settings.INITIAL_NO_AUTH_ACTION_COUNT", 0.0)
        await target(endpoint).names()


@pytest.mark.usefixtures("bucket")
async def test_a_certificate_of_ones_own_authority_is_accepted_as_tls_md_says(tmp_path, monkeypatch):
    from werkzeug.serving import make_server

    page = Runbook(
        ROOT / "docs" / "tls.md",
        CERTIFICATES=str(tmp_path),
        SERVER_NAME="a",
        POSTGRES_NAME="localhost",
        REDIS_NAME="b",
    )
    page.run("openssl req")
    certificate = tmp_path / "localhost.crt", tmp_path / "localhost.key"
    app = moto_server.DomainDispatcherApplication(moto_server.create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context=tuple(map(str, certificate)))
    threading.Thread(target=server.serve_forever).start()
    try:
        encrypted = f"https://localhost:{server.port}"
        with pytest.raises(TargetAwayError, match=r": InvalidCertificate\Z"):
            await target(encrypted).names()
        page.run("SSL_CERT_FILE")
        monkeypatch.setenv("SSL_CERT_FILE", page.environment["SSL_CERT_FILE"])
        assert await target(encrypted).names() == []
    finally:
        server.shutdown()
        server.server_close()


async def test_an_endpoint_that_does_not_answer_is_told():
    with pytest.raises(TargetAwayError, match=r"\AARCHIVE_S3_ENDPOINT: .* performing GET .*: Connection refused\Z"):
        await target("http://127.0.0.1:1", to=f"s3://tickets/{'so/long/that/the/reason/could/be/cut/off/' * 9}").names()
    with pytest.raises(TargetAwayError, match=r"\AARCHIVE_S3_ENDPOINT: .* performing GET .*: Connection refused\Z"):
        await target("http://127.0.0.1:1").names()


@pytest.fixture
def answering():
    """Starts stores that give one answer to whatever they are asked."""
    servers = []

    def start(status, body):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_PUT = do_GET  # noqa: N815 - the name of the server's hook

            def log_message(self, *_):
                pass

        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


ANSWERS = [
    (403, "SignatureDoesNotMatch", "ARCHIVE_S3_ACCESS_KEY_ID"),
    (403, "AccessDenied", "ARCHIVE_S3_ACCESS_KEY_ID"),
    (404, "NoSuchBucket", "ARCHIVE_TO"),
    (400, "AuthorizationHeaderMalformed", "ARCHIVE_S3_REGION"),
    (400, "InvalidRequest", "ARCHIVE_TO"),
]


async def test_an_answer_of_the_store_is_one_line_that_names_a_setting(answering):
    for status, code, setting in ANSWERS:
        at = answering(
            status, b"<?xml version='1.0'?>\n<Error><Code>%s</Code><Message>No</Message></Error>" % code.encode()
        )
        file = StoredFile("x.jsonl.gz", b"", 1)
        for what in (target(at).names(), stored(target(at)), opened(target(at), file)):
            with pytest.raises(TargetAwayError) as told:
                await what
            line = str(told.value)
            assert re.fullmatch(rf"{setting}: nothing could be .* in s3://tickets/old/events: {code}: No", line), line


async def stored(there):
    async with there.draft() as draft:
        await draft.write(b"{}\n")
        await draft.keep("x")


async def opened(there, file):
    async with there.opened(file):
        pass


async def test_a_worker_ends_while_a_store_does_not_answer(database_url, engine, archive, tmp_path, monkeypatch):
    """It was killed after SHUTDOWN_SECONDS, and left the file in the temporary folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    asked, stop = asyncio.Event(), asyncio.Event()

    async def never_answer(_, writer):
        asked.set()
        await stop.wait()
        writer.close()

    sale = await a_past_event(database_url, engine)
    async with await asyncio.start_server(never_answer, "127.0.0.1", 0) as store:
        there = target(f"http://127.0.0.1:{store.sockets[0].getsockname()[1]}")
        async with asyncio.timeout(30):
            worker = archive_events(archive.removal, there, timedelta(days=30), enabled=lambda: True, stop=stop)
            running = asyncio.create_task(worker)
            await asked.wait()
            assert list(tmp_path.iterdir())
            stop.set()
            await running
    assert list(tmp_path.iterdir()) == []
    assert (await counted(database_url, sale.event_id))["reservations"] == 6


async def test_temporary_folders_of_killed_processes_are_swept_away_in_time(tmp_path, monkeypatch, endpoint):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old, young = tmp_path / "holdfast-archive-old", tmp_path / "holdfast-archive-young"
    for folder in (old, young):
        folder.mkdir()
        (folder / "draft").touch()
    os.utime(old, (1, 1))
    async with target(endpoint).draft():
        pass
    assert list(tmp_path.iterdir()) == [young]


def test_the_secret_of_a_bucket_is_not_shown(endpoint):
    assert "never-to-be-shown" not in repr(target(endpoint)._bucket)


def test_a_bucket_needs_its_package(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "holdfast.infrastructure.archive_files.s3", None)
    with pytest.raises(SettingsError, match=r"install holdfast\[s3\]"):
        target("http://127.0.0.1:1")
