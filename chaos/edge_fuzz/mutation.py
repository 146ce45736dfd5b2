"""Makes cases from the grammar or the corpus, with mutated bytes, divided into segments."""

from collections.abc import Sequence
from random import Random

from chaos.edge_fuzz.case import Case
from chaos.edge_fuzz.grammar import Grammar
from chaos.edge_fuzz.vocabulary import LAST, ODD_FIELDS, TARGETS

TOKENS = (
    b"\r\n", b"\n", b"\r", b"\x00", b" ", b"\t", b":", b",", b";", b"\r\n\r\n", b"\r\n ", b"0\r\n\r\n", b"chunked",
    b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Connection: Upgrade\r\nUpgrade: h2c\r\n",
    b"HTTP/1.1", b"\xff", b"\x7f", b"\x0b", b"_", b"+", b"0x", b"Expect: 100-continue\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"X-User-ID: mallory\r\n", b"GET / HTTP/1.0\r\n\r\n", b"GET /\r\n",
)  # fmt: skip
_SPACES = b" \t\r\n:"


def make_case(
    seed: str, corpus: Sequence[Case], *, targets: Sequence[bytes] = TARGETS, contents: Sequence[bytes] = ()
) -> Case:
    """Make the case of a seed; the same seed and corpus make the same case.

    Args:
        seed: Chooses the case.
        corpus: Cases to mutate, some of the time.
        targets: See `Grammar`.
        contents: See `Grammar`.
    """
    random = Random(seed)  # noqa: S311 - it must be drawn again
    if corpus and random.random() < 0.2:
        chosen = random.choice(corpus)
        data, requests = mutated(chosen.together, random, random.randrange(1, 4)), chosen.requests
    else:
        oddness = random.choice((0.02, 0.1, 0.1, 0.3, 0.6))
        grammar = Grammar(random, oddness, targets=targets, contents=contents)
        requests = random.choice((1, 2, 3, 4, 6))
        data = b"".join(grammar.request() for _ in range(requests))
        if random.random() < 0.35:
            data = mutated(data, random, random.randrange(1, 4))
        if random.random() < 0.75:
            data += LAST
    return _cut(seed, data, random, requests)


def mutated(data: bytes, random: Random, times: int) -> bytes:
    """Change some bytes, mostly next to punctuation."""
    for _ in range(times):
        place = _place(data, random)
        match random.randrange(8):
            case 0:
                data = data[:place] + data[place + random.choice((1, 1, 2, 5)) :]
            case 1 | 2:
                data = data[:place] + random.choice(TOKENS) + data[place:]
            case 3:
                data = data[:place] + data[place : place + 1] * random.choice((2, 2, 3, 300)) + data[place + 1 :]
            case 4:
                data = data[:place] + bytes((random.randrange(256),)) + data[place + 1 :]
            case 5:
                end = place + random.randrange(1, 60)
                data = data[:end] + data[place:end] + data[end:]
            case 6:
                line = data.find(b"\r\n", place) + 2
                data = data[:line] + random.choice(ODD_FIELDS) + b"\r\n" + data[line:]
            case _:
                data = (
                    data[: max(1, place)]
                    if random.random() < 0.3
                    else data[:place] + data[place:].replace(b"\r\n", b"\n", 1)
                )
    return data or b"\r\n"


def _place(data: bytes, random: Random) -> int:
    """Choose a position in the bytes, usually next to punctuation."""
    place = random.randrange(len(data) + 1)
    if random.random() < 0.7:
        for near in range(place, min(place + 40, len(data))):
            if data[near] in _SPACES:
                return near + random.randrange(2)
    return place


def _cut(seed: str, data: bytes, random: Random, requests: int) -> Case:
    draw = random.random()
    if draw < 0.6 or len(data) < 2:
        return Case(seed, (data,), (), requests)
    cuts = sorted(random.sample(range(1, len(data)), min(len(data) - 1, random.randrange(1, 5))))
    segments = tuple(data[start:end] for start, end in zip((0, *cuts), (*cuts, len(data)), strict=True))
    if draw < 0.85:
        return Case(seed, segments, (), requests)
    return Case(seed, segments, tuple(random.choice((0.001, 0.003, 0.01)) for _ in cuts), requests)
