"""The id by which a request is found in the log."""

import itertools
import os
import re

_SAFE = re.compile(rb"[A-Za-z0-9._:/+=@~-]{1,128}")

_process = os.urandom(8).hex()
_numbers = itertools.count(1)


def request_id_from(given: bytes | None) -> str:
    """Return the id that the caller sent, if it is safe in a header and in a log line; otherwise make one."""
    if given is not None and _SAFE.fullmatch(given):
        return given.decode("ascii")
    return f"{_process}-{next(_numbers):x}"
