"""The rules: what the node may do with bytes that nginx reads in a certain way, and the few exceptions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from chaos.edge_fuzz.answers import NodeAnswer, read_answers
from chaos.edge_fuzz.exchange import Exchange
from chaos.edge_fuzz.reading import Reading

Rule: TypeAlias = Literal[
    "reads otherwise",
    "reads more than nginx",
    "believes two callers",
    "silent",
    "hangs",
    "no problem",
    "reads on after a refusal",
    "answers",
]


@dataclass(slots=True)
class Judged:
    """The verdict on one case."""

    findings: list[tuple[Rule, str]] = field(default_factory=list)
    agreed: int = 0
    """Requests that both read the same way."""
    refused: bool = False
    """The node's server refused the rest of the bytes."""
    allowed: str = ""
    """The exception that was applied."""

    def find(self, rule: Rule, text: str) -> None:
        """Record a broken rule."""
        self.findings.append((rule, text))


_NGINX_METHODS = re.compile(r"[A-Z_-]+")
_NGINX_METHODS_REFUSED = frozenset({"TRACE", "CONNECT"})
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")
_UP = re.compile(r"(^|/)(\.|%2e){2}(/|%2f|$|\?)", re.IGNORECASE)


def allowance(reading: Reading) -> str:
    """Return why nginx may have refused a request that is nevertheless well-formed; empty: no known reason.

    nginx interprets the path as a file path and does not forward certain methods. A node does neither. Such a request
    ends the comparison: nginx closes the connection, so what it would have read after that is unknown.
    """
    if reading.method in _NGINX_METHODS_REFUSED or not _NGINX_METHODS.fullmatch(reading.method):
        return "nginx passes this method on to nobody"
    if not reading.target.startswith("/"):
        return "nginx takes no target like `*`"
    path = reading.target.partition("?")[0]
    if _PERCENT.search(path):
        return "nginx decodes the path: % must be followed by two digits that are not 00"
    if _UP.search(path):
        return "nginx follows .. and will not leave the root"
    if ", " in dict(reading.fields).get("if-none-match", ""):
        return "nginx takes If-None-Match once, though it is a list"
    return ""


def judge(node: Exchange, node_read: Sequence[Reading], nginx_read: Sequence[Reading], nginx: Exchange) -> Judged:
    """Judge one case by all rules.

    Args:
        node: The connection to the node.
        node_read: The requests that the node's application received.
        nginx_read: The requests that nginx forwarded.
        nginx: The connection to nginx.
    """
    judged = Judged()
    answers, rest = read_answers(node.data)
    _judge_answers(judged, answers, rest, node, node_read)
    _compare(judged, node_read, nginx_read, nginx)
    missing = len(nginx_read) - len(node_read)
    if missing > 0 and nginx_read[len(node_read)].version == "HTTP/0.9":
        # nginx answers this at the first line. A node waits for the whole head, and the connection ends before.
        judged.allowed = "nginx speaks HTTP/0.9"
    if missing > 0 and not judged.refused and not judged.allowed and not (answers and answers[-1].closes):
        what = "closes without a word" if node.closed else "waits"
        judged.find("silent", f"the node {what} where nginx reads {nginx_read[len(node_read)]}")
    if not node.closed:
        judged.find("hangs", "the node keeps the connection though nothing more can come")
    if not nginx.closed and not judged.findings:
        judged.allowed = judged.allowed or "nginx keeps the connection"
    return judged


def _judge_answers(
    judged: Judged, answers: Sequence[NodeAnswer], rest: bytes, node: Exchange, node_read: Sequence[Reading]
) -> None:
    for answer in answers:
        for flaw in answer.flaws():
            judged.find("no problem", flaw)
    own = [place for place, answer in enumerate(answers) if not answer.told]
    told = len(answers) - len(own)
    judged.refused = bool(own)
    if own and (len(own) > 1 or own[0] != len(answers) - 1):
        judged.find(
            "reads on after a refusal", f"{len(answers) - 1 - own[0]} more answers after {answers[own[0]].status}"
        )
    if own and not answers[own[-1]].closes:
        judged.find("reads on after a refusal", "the refusal does not close the connection")
    if rest:
        judged.find("answers", f"bytes that are no answer: {rest[:80]!r}")
    if told < len(node_read) and not node.broken:
        reading = node_read[told]
        # A refusal may overtake the answer to the previous request only if that request was never executed.
        judged.find("answers", f"carried out, and never answered: {reading}")
    for reading in node_read:
        if reading.callers > 1 and not reading.refused:
            judged.find("believes two callers", str(reading))


def _nearly_close(connection: str) -> bool:
    tokens = {token.strip(" \t") for token in connection.lower().split(",")}
    return "close" in connection.lower() and "close" not in tokens


def _compare(judged: Judged, node_read: Sequence[Reading], nginx_read: Sequence[Reading], nginx: Exchange) -> None:
    for place, reading in enumerate(node_read):
        if place >= len(nginx_read):
            judged.allowed = allowance(reading)
            if place and _nearly_close(node_read[place - 1].connection):
                judged.allowed = "nginx takes any word of Connection that contains close for it"
            if reading.refused and not judged.allowed:
                # The application checks the caller before it reads the body, in which nginx may have found an error.
                continue
            if not judged.allowed:
                said = nginx.data.rpartition(b"HTTP/1.1 ")[2][:3].decode("latin-1") or "nothing"
                judged.find("reads more than nginx", f"{reading} / nginx at last says {said}")
            return
        if not reading.refused and not reading.same_as(nginx_read[place]):
            judged.find("reads otherwise", f"node: {reading} / nginx: {nginx_read[place]}")
            return
        judged.agreed += 1
