"""TCP ports for servers that tests start."""

from random import SystemRandom

from holdfast.infrastructure.embedded.folder import free_port


def quiet_port() -> int:
    """Find a free port outside the range that the system assigns to outgoing connections and to port 0.

    Tests run beside each other, and some stop a server and start it again. A port that the system assigns could be
    another test's by then, whose server would answer.
    """
    while True:
        wanted = SystemRandom().randrange(15_000, 31_000)
        if free_port(wanted) == wanted:
            return wanted
