"""What a new version does that the one before would not understand: off until the upgrade is finished.

During an upgrade nodes of two versions write the same tables. An older node raises on a kind of log entry that it does
not know, and keeps no rule that it has never heard of. So both wait for `holdfast migrate finish`, which an operator
runs once the last older node has ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Feature:
    """One such thing."""

    migration: str
    """The migration that it came with, such as "0004": finished up to there, it is on."""
    what: str
    """For the operator, in a few words."""


FEATURES: Mapping[str, Feature] = {}
"""By name. An entry can go, with the code that asks for it, in the version after the next one."""


class Features:
    """Which of them are on, as far as this process knows. Everything is off until it has asked once."""

    def __init__(self, features: Mapping[str, Feature] = FEATURES) -> None:
        self._features = features
        self._finished = ""

    def enabled(self, name: str) -> bool:
        """Whether every node understands it. Costs a comparison: to be asked whenever it matters, and not kept.

        Raises:
            KeyError: There is no such feature.
        """
        return self._features[name].migration <= self._finished

    def learn(self, finished: str | None) -> None:
        """Take note of how far upgrades are finished."""
        if finished is None or finished == self._finished:
            return
        if self._finished:  # else it is no news: the process has just started
            log.info("upgrade_finished", migration=finished)
        self._finished = finished
