"""The probes of whoever runs the nodes: is the process up, and should it be given requests?"""

from collections.abc import Awaitable, Callable

from holdfast.api.answer import Answer, json_answer
from holdfast.api.call import Call
from holdfast.api.problems import NotReady
from holdfast.application.desk import Desk
from holdfast.application.readiness import Readiness, Report


async def live(_desk: Desk, _call: Call) -> Answer:
    """GET /livez: an answer is all it takes."""
    return json_answer(200, {"status": "ok"})


def ready(readiness: Readiness | None) -> Callable[[Desk, Call], Awaitable[Answer]]:
    """Make the handler of GET /readyz.

    Args:
        readiness: Looks at the parts; None where there are none to look at.
    """

    async def answer(_desk: Desk, _call: Call) -> Answer:
        report = Report({}) if readiness is None else await readiness.report()
        parts = {
            name: {"status": finding.state, **({"detail": finding.detail} if finding.detail else {})}
            for name, finding in report.parts.items()
        }
        if not report.ready:
            raise NotReady(parts)
        return json_answer(200, {"status": report.status, "parts": parts})

    return answer
