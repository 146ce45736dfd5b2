"""Features that an older version would not understand, and which are off until the upgrade is finished.

During an upgrade, nodes of two versions write the same tables. An older node fails on a kind of log entry that it does
not know, and does not enforce a rule that it has never heard of. So both wait for `holdfast migrate finish`, which an
operator runs once the last older node has ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Feature:
    """One such feature."""

    migration: str
    """The migration it came with, such as "0004". It is on once the upgrade is finished up to there."""
    what: str
    """A few words for the operator."""
    entries: tuple[str, ...] = ()
    """The kinds of log entries that came with it. They remain when its migration is taken down, and older nodes cannot
    read them. What is in the migration's own columns and tables goes with them and is counted anyway."""


FEATURES: Mapping[str, Feature] = {
    "cells": Feature("0010", "further databases for events (CELLS)"),
    "archive": Feature("0009", "finished events that are archived (ARCHIVE_AFTER_DAYS)"),
    "channels": Feature(
        "0007",
        "channels that keep seats back",
        ("channel_changed", "channel_deleted", "channel_opened", "seats_kept_back", "seats_given_back"),
    ),
    "confirmation": Feature("0007", "reservations that the seller confirms (confirmation)"),
    "halls": Feature("0007", "halls with categories and areas", ("hall_changed", "categories_changed")),
    "hold_changes": Feature(
        "0007", "holds that are extended, get other seats or are released by the seller", ("extended", "seats_changed")
    ),
    "sale_times": Feature("0007", "when the sale opens and closes (sale_opens_at)"),
    "drafts": Feature("0006", "events that are not published (published)"),
    "purchase_limit": Feature("0005", "a limit of seats per buyer (max_seats_per_buyer)"),
}
"""By name. An entry, and the code that checks it, can be removed two versions later."""


class Features:
    """The features that are on, as far as this process knows. All are off until it has asked for the first time."""

    def __init__(self, features: Mapping[str, Feature] = FEATURES) -> None:
        self._features = features
        self._finished = ""

    def enabled(self, name: str) -> bool:
        """Return whether every node understands the feature. It is cheap: ask each time instead of keeping it.

        Raises:
            KeyError: if there is no such feature.
        """
        return self._features[name].migration <= self._finished

    def learn(self, finished: str | None) -> None:
        """Record how far upgrades are finished."""
        if finished is None or finished == self._finished:
            return
        if self._finished:  # otherwise the process has just started, and it is not news
            log.info("upgrade_finished", migration=finished)
        self._finished = finished
