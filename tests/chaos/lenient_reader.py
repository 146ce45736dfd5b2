"""A small reader of HTTP with one flaw, or none: does the fuzzer find it? `lenient_reader.py FLAW FOLDER`."""

import asyncio
import json
import re
import socket
import sys
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).parents[2]))

from chaos.edge_fuzz.reading import reading_of

FLAW = sys.argv[1]
FOLDER = Path(sys.argv[2])
LINE = re.compile(rb"[A-Z]+ /[!-~]* HTTP/1\.1")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\x20-\x7e]*)")


class Refused(Exception):
    """This reader refuses the rest."""


def number(text: bytes, base: int) -> int:
    if FLAW == "python's numbers":
        try:
            return int(text, base)
        except ValueError:
            raise Refused from None
    if not re.fullmatch(rb"[0-9]{1,9}" if base == 10 else rb"[0-9A-Fa-f]{1,7}", text):
        raise Refused
    return int(text, base)


async def line_of(reader) -> bytes:
    line = await reader.readuntil(b"\n")
    if not line.endswith(b"\r\n"):
        raise Refused
    return line[:-2]


async def fields_of(reader) -> list[tuple[bytes, bytes]]:
    fields = []
    while line := await line_of(reader):
        match = FIELD.fullmatch(line)
        if match is None:
            raise Refused
        fields.append((match[1].lower(), match[2].strip(b" ")))
    return fields


async def body_of(reader, fields) -> bytes:
    names = [name for name, _ in fields]
    known = dict(fields)
    if b"upgrade" in known and FLAW == "an upgrade drops the body":
        return b""
    if names.count(b"content-length") + names.count(b"transfer-encoding") > 1 and FLAW != "a length beats chunks":
        raise Refused
    if b"transfer-encoding" in known and not (FLAW == "a length beats chunks" and b"content-length" in known):
        if known[b"transfer-encoding"] != b"chunked":
            raise Refused
        body = b""
        while size := number((await line_of(reader)).partition(b";")[0], 16):
            body += await reader.readexactly(size)
            if await line_of(reader):
                raise Refused
        trailers = await fields_of(reader)
        if FLAW == "trailers are fields":
            fields += trailers
        return body
    return await reader.readexactly(number(known.get(b"content-length", b"0"), 10))


async def request_of(reader):
    line = await line_of(reader)
    if not LINE.fullmatch(line):
        raise Refused
    method, target, _ = line.split(b" ")
    fields = await fields_of(reader)
    names = [name for name, _ in fields]
    if names.count(b"host") != 1 or (names.count(b"x-user-id") > 1 and FLAW != "two callers"):
        raise Refused
    if not re.fullmatch(rb"[A-Za-z0-9.:-]+", dict(fields)[b"host"]):
        raise Refused
    body = await body_of(reader, fields)
    return method, target, fields, body


def refusal() -> bytes:
    problem = json.dumps({"status": 400, "request_id": "r"}).encode()
    kind = b"text/plain" if FLAW == "plain refusals" else b"application/problem+json"
    status = b"500 X" if FLAW == "a refusal is a 500" else b"400 X"
    if FLAW == "a refusal is a 500":
        problem = problem.replace(b"400", b"500")
    head = b"HTTP/1.1 %b\r\nContent-Type: %b\r\nX-Request-ID: r\r\nConnection: close\r\n" % (status, kind)
    return head + b"Content-Length: %d\r\n\r\n%b" % (len(problem), problem)


async def serve(reader, writer):
    port = writer.get_extra_info("peername")[1]
    try:
        while True:
            try:
                method, target, fields, body = await request_of(reader)
            except Refused:
                if FLAW == "it hangs":
                    await asyncio.sleep(60)
                writer.write(refusal())
                if FLAW == "it reads on":
                    continue
                return
            reading = reading_of(method.decode(), target, fields, body)
            TOLD.sendall(msgspec.json.encode((port, reading)) + b"\n")
            shown = b"" if method == b"HEAD" else b"{}"
            writer.write(b"HTTP/1.1 200 OK\r\nX-Told: yes\r\nContent-Length: 2\r\n\r\n" + shown)
            if dict(fields).get(b"connection") == b"close":
                return
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        return
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    (FOLDER / "port.new").write_text(str(server.sockets[0].getsockname()[1]))
    (FOLDER / "port.new").rename(FOLDER / "port")
    await server.serve_forever()


if __name__ == "__main__":
    TOLD = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    TOLD.connect(str(FOLDER / "readings"))
    asyncio.run(main())
