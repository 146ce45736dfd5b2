"""Asks a Holdfast process of this machine whether it is well: `python -m holdfast.health [/readyz|/livez] [port]`.

A container's health check runs it every few seconds, so it imports nothing but the standard library: it takes a
tenth of a second of CPU time, and the `holdfast` command more than half a second. It needs no curl in the image.
"""

import http.client
import os
import sys

_SECONDS_MAX = 5.0
_EVERY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nothing listens here


def main(arguments: list[str]) -> int:
    """Ask; print the answer if it is a complaint.

    Args:
        arguments: Path (default `/livez`) and TCP port (default `PORT`, else 8080).

    Returns:
        0 if the process answered 200, else 1.
    """
    path = arguments[0] if arguments else "/livez"
    port = int(arguments[1] if len(arguments) > 1 else os.environ.get("PORT") or 8080)
    host = os.environ.get("HOST", "")
    connection = http.client.HTTPConnection(_EVERY_ADDRESS.get(host, host), port, timeout=_SECONDS_MAX)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        status, body = answer.status, answer.read(4096)
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"no answer on port {port}: {error}\n")
        return 1
    finally:
        connection.close()
    if status != http.HTTPStatus.OK:
        sys.stderr.write(f"{path} was answered {status}: {body.decode(errors='replace')}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
