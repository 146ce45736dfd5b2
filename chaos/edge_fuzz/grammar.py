"""Generates almost valid requests: each part is usually valid, and now and then has one of its odd forms."""

from collections.abc import Sequence
from random import Random

from chaos.edge_fuzz.vocabulary import (
    FIELDS,
    LINE_ENDS,
    METHODS,
    ODD_ENCODINGS,
    ODD_FIELDS,
    ODD_LENGTHS,
    ODD_METHODS,
    ODD_SIZES,
    ODD_TARGETS,
    ODD_VERSIONS,
    SMUGGLED,
    TARGETS,
    TRAILERS,
    VERSIONS,
)


class Grammar:
    """Generates requests from one source of randomness."""

    def __init__(
        self, random: Random, oddness: float, *, targets: Sequence[bytes] = TARGETS, contents: Sequence[bytes] = ()
    ) -> None:
        """Begin.

        Args:
            random: Source of all choices.
            oddness: How often a part is odd, from 0 to 1.
            targets: The usual targets.
            contents: Bodies that the targets accept; half of all bodies are among them.
        """
        self._random = random
        self._oddness = oddness
        self._targets = targets
        self._contents = contents

    def request(self) -> bytes:
        """Generate one request."""
        method, target = self._pick(METHODS, ODD_METHODS, 0.5), self._pick(self._targets, ODD_TARGETS, 0.6)
        version = self._pick(VERSIONS, ODD_VERSIONS, 0.6)
        line = b" ".join(part for part in (method, target, version) if part or self._odd(0.1))
        if self._odd(0.15):
            line = line.replace(b" ", self._random.choice((b"  ", b"\t", b" \t", b"\x0b")), 1)
        fields = [] if self._odd(0.3) else [b"Host: shop.example"]
        fields += [] if self._odd(0.2) else [b"X-User-ID: buyer-%d" % self._random.randrange(100)]
        fields += self._random.sample(FIELDS, self._random.randrange(3))
        while self._odd(1.0) and len(fields) < 12:
            fields.append(self._random.choice(ODD_FIELDS))
        framing, body = self._body(method in {b"POST", b"PUT", b"PATCH"})
        fields += framing
        if self._odd(0.5):
            self._random.shuffle(fields)
        before = self._random.choice((b"\r\n", b"\n", b"\r\n\r\n", b" ", b"\x00", b"\r")) if self._odd(0.2) else b""
        head = before + b"".join(part + self._line_end() for part in (line, *fields))
        return head + self._line_end() + body

    def _body(self, usual: bool) -> tuple[list[bytes], bytes]:  # noqa: FBT001 - reads as a condition
        if self._random.random() > (0.85 if usual else 0.2):
            return [], b""
        content = self._content()
        way = self._random.random()
        if way < 0.45:
            return [b"Content-Length: " + self._length(content)], content
        if way < 0.85:
            return [b"Transfer-Encoding: " + self._pick((b"chunked",), ODD_ENCODINGS, 0.7)], self._chunks(content)
        if not self._odd(2.0):
            return [b"Content-Length: %d" % len(content)], content
        return self._quarrel(content)

    def _quarrel(self, content: bytes) -> tuple[list[bytes], bytes]:
        """Frame a body in two contradictory ways."""
        chunks = self._chunks(content)
        length, encoding = b"Content-Length: %d", b"Transfer-Encoding: "
        odd_encoding = encoding + self._random.choice(ODD_ENCODINGS)
        return self._random.choice(
            (
                ([length % len(chunks), encoding + b"chunked"], chunks),
                ([encoding + b"chunked", length % 0], chunks),
                ([length % len(content), odd_encoding], content),
                ([length % len(chunks), odd_encoding], chunks),
                ([length % len(content), length % 0], content),
                ([length % 0, length % len(content)], content),
                ([length % len(content)] * 2, content),
                ([encoding + b"chunked"] * 2, chunks),
                ([encoding + b"identity", encoding + b"chunked"], chunks),
                ([encoding + b"chunked", odd_encoding], chunks),
                ([length % (len(content) + 5)], content),
                ([length % max(0, len(content) - 5)], content),
                ([], content),
            )
        )

    def _content(self) -> bytes:
        if self._contents and self._random.random() < 0.5:
            return self._random.choice(self._contents)
        draw = self._random.random()
        if draw < 0.45:
            return SMUGGLED
        if draw < 0.6:
            return b'{"seat_ids":[]}'
        if draw < 0.7:
            return b"0\r\n\r\n" + SMUGGLED
        if draw < 0.75:
            return b""
        return self._random.randbytes(self._random.choice((1, 3, 30, 300, 3000)))

    def _length(self, content: bytes) -> bytes:
        if not self._odd(0.5):
            return b"%d" % len(content)
        form = self._random.choice(ODD_LENGTHS)
        return form.replace(b"%d", b"%d" % len(content)).replace(b"%x", b"%x" % len(content))

    def _chunks(self, content: bytes) -> bytes:
        written = []
        while content:
            size = self._random.choice((1, 7, 16, len(content)))
            piece, content = content[:size], content[size:]
            form = self._random.choice(ODD_SIZES) if self._odd(0.25) else b"%x"
            if self._odd(0.1):
                form = b"%X"
            number = (b"%X" if form == b"%X" else b"%x") % len(piece)
            said = form.replace(b"%x", number).replace(b"%X", number)
            written.append(said + self._line_end() + piece + self._line_end())
            if len(written) > 20:
                written.append(b"%x\r\n%b\r\n" % (len(content), content) if content else b"")
                break
        last = (
            self._random.choice((b"00", b"0;x", b"0 ", b"-0", b"0x0", b"000000000000000000000", b""))
            if self._odd(0.2)
            else b"0"
        )
        trailers = [self._random.choice(TRAILERS) + self._line_end() for _ in range(2) if self._odd(0.6)]
        return b"".join((*written, last, self._line_end(), *trailers, self._line_end()))

    def _line_end(self) -> bytes:
        return self._random.choice(LINE_ENDS) if self._odd(0.04) else b"\r\n"

    def _odd(self, share: float) -> bool:
        return self._random.random() < self._oddness * share

    def _pick(self, usual: Sequence[bytes], odd: Sequence[bytes], share: float) -> bytes:
        return self._random.choice(odd if self._odd(share) else usual)
