"""What a request costs beside its transaction: the CPU of a real load, less what the steps of its transactions take."""

from collections.abc import Sequence

import numpy as np

from holdfast.cli.sizing.measured import Request, Step, StepName
from onsale.validate.loads import Seen
from onsale.validate.real import Spent


def request_cost(steps: dict[StepName, Step], loads: Sequence[tuple[Seen, Spent]]) -> Request:
    """Return the mean over some loads with batches of different sizes."""
    node = []
    for seen, spent in loads:
        size = (1, seen.commands, seen.commands)
        of_transaction = sum(step.node.of(*size) * float(np.mean(step.spread)) for step in steps.values())
        node.append(spent.by_role["server"] - of_transaction / seen.commands)
    redis = [spent.by_role["Redis"] for _, spent in loads]
    # Half of the gate's calls release what the others have locked.
    calls = np.array([(spent.gate_calls / 2, 1.0) for _, spent in loads])
    call, each = np.linalg.lstsq(calls, np.array(redis), rcond=None)[0]
    if min(call, each) < 0:  # too little to tell apart: all of it belongs to the requests
        call, each = 0.0, float(np.mean(redis))
    generator = float(np.mean([spent.by_role["load generator"] for _, spent in loads]))
    return Request(round(float(np.mean(node)), 1), round(float(call), 1), round(float(each), 1), round(generator, 1))
