"""TCP ports for servers that faults and tests start."""

from random import SystemRandom

from holdfast.infrastructure.embedded.folder import free_port


def quiet_port() -> int:
    """Find a free port outside the range that the system assigns to outgoing connections and to port 0.

    Nodes have no password. If another program had used the same port before, its clients could write into the run; and
    if a server is stopped and started again, its port could be another test's by then, whose server would answer.
    """
    while True:
        wanted = SystemRandom().randrange(15_000, 31_000)
        if free_port(wanted) == wanted:
            return wanted
