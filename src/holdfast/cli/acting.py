"""Runs something as an operator, who has the database's password, whether Holdfast is running or not."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from typing import TypeVar

from holdfast.application.failures import OperationalFailure, Unavailable
from holdfast.application.identifiers import uuid7
from holdfast.bootstrap.identity import what_is_wrong_with_schema
from holdfast.bootstrap.process import set_up_logging
from holdfast.domain.identity.audit import Actor
from holdfast.domain.identity.principal import command_line_principal
from holdfast.domain.refusal import Refusal
from holdfast.infrastructure.embedded import EmbeddedError
from holdfast.settings import Settings

Result = TypeVar("Result")


def as_operator(settings: Settings, act: Callable[[Actor], Awaitable[Result]]) -> Result:
    """Run something and return its result.

    Raises:
        EmbeddedError: It was refused, or the database cannot be used; the message is one line.
    """

    async def run() -> Result:
        return await act(Actor(principal=command_line_principal(operator()), request_id=f"cli-{uuid7()}"))

    # Log lines would mix with the output; errors are reported by the message instead.
    set_up_logging(settings.model_copy(update={"log_level": "ERROR"}))
    wrong = asyncio.run(what_is_wrong_with_schema(settings))
    if wrong is not None:
        raise EmbeddedError(wrong)
    try:
        return asyncio.run(run())
    except Refusal as refused:
        raise EmbeddedError(" ".join(str(refused).split())) from None
    except (Unavailable, OperationalFailure) as failure:
        reason = failure.__cause__ or failure
        raise EmbeddedError(f"the database cannot be used: {' '.join(str(reason).split())[:400]}") from None


def operator() -> str:
    """Return the name of whoever runs this, in the operating system."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a system service without a user name
        return "unknown"
