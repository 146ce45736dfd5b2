"""Parses the node's answers from the bytes that came back over one connection."""

import json
from dataclasses import dataclass, field

_EMPTY = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class NodeAnswer:
    """One answer."""

    status: int
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""

    @property
    def told(self) -> bool:
        """Whether the application sent it, not the server itself."""
        return b"x-told" in self.headers

    @property
    def closes(self) -> bool:
        """Whether it says that the connection will close."""
        return self.headers.get(b"connection", b"").lower() == b"close"

    def flaws(self) -> list[str]:
        """Return what is wrong with it as a refusal; empty if it is a success."""
        if self.status < 400:
            return []
        flaws = [] if self.status < 500 or self.status in {501, 505} else [f"status {self.status}"]
        if self.headers.get(b"content-type") != b"application/problem+json":
            return [
                *flaws,
                f"{self.status} is {self.headers.get(b'content-type', b'').decode('latin-1')!r}, no problem",
            ]
        request_id = self.headers.get(b"x-request-id", b"").decode("latin-1")
        if not request_id:
            flaws.append(f"{self.status} has no X-Request-ID")
        if self.body:
            try:
                problem = json.loads(self.body)
            except ValueError:
                return [*flaws, f"{self.status} has a body that is no JSON"]
            if (problem.get("status"), problem.get("request_id")) != (self.status, request_id):
                flaws.append(f"{self.status}: the problem tells another status or request id")
        return flaws


def read_answers(data: bytes) -> tuple[list[NodeAnswer], bytes]:
    """Read all final answers; returns them and the rest that is not an answer."""
    answers = []
    while data.startswith(b"HTTP/1."):
        head, separator, rest = data.partition(b"\r\n\r\n")
        if not separator:
            break
        first, *lines = head.split(b"\r\n")
        status = int(first[9:12])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
        if status < 200:
            data = rest
            continue
        length = 0 if status in _EMPTY else int(headers.get(b"content-length", b"0"))
        # The answer to a HEAD has a length but no body: the next answer follows, or nothing.
        if not rest or rest.startswith(b"HTTP/1."):
            length = 0
        if len(rest) < length:
            break
        answers.append(NodeAnswer(status, headers, rest[:length]))
        data = rest[length:]
    return answers, data
