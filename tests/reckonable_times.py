"""Times that a test can reckon with by hand."""

from holdfast.cli.sizing.measured import STEPS, Cost, Measured, Request, Step

NOTHING = Cost(0.0, 0.0, 0.0, 0.0)


def known(*, node=100.0, postgres=200.0, each=10.0, wait=50.0, flush=1_000.0, request=0.0) -> Measured:
    """Every round trip takes the same: in microseconds, with `each` of PostgreSQL for every command."""
    step = Step(Cost(node, 0.0, 0.0, 0.0), Cost(postgres, 0.0, each, 0.0), wait, (1.0,))
    steps = dict.fromkeys(STEPS, step) | {"decide": Step(NOTHING, NOTHING, 0.0, (1.0,))}
    return Measured({}, 1.0, (flush,), steps, Request(request, 0.0, 0.0, 0.0))
