"""Caches an issuer's keys: fetches them in the background, and keeps them while the issuer is down.

Fetching only when a token needs a key would fail in three ways. While the cache is empty, all callers would fetch at
once. A forger who makes up key ids could turn each request into one to the issuer. And when the issuer goes down,
people who have signed in already could not continue. So keys are fetched in the background, unknown key ids cause at
most one fetch per `UNKNOWN_KEY_SECONDS`, and keys are kept when fetches fail.
"""

import asyncio
import time
from collections.abc import Callable
from contextvars import Context

import structlog

from holdfast.application.failures import Unavailable
from holdfast.application.identity.tokens import TokenRefused
from holdfast.infrastructure.oidc.discovery import fetch_keys
from holdfast.infrastructure.oidc.fetching import Fetcher, FetchFailedError
from holdfast.infrastructure.oidc.issuers import Issuer
from holdfast.infrastructure.oidc.keys import KeySet, SecretPublishedError, SigningKey, read_key_set
from holdfast.telemetry import metrics

log = structlog.get_logger(__name__)

REFRESH_SECONDS_MAX = 600
"""How long a key that the issuer withdrew stays valid while the issuer can be reached."""
REFRESH_SECONDS_MIN = 60
"""The least time between refreshes, even if the issuer allows less caching."""
UNKNOWN_KEY_SECONDS = 30
"""Between two fetches caused by unknown key ids."""
RETRY_SECONDS_MAX = 30
"""Between two attempts while the issuer is down; the first wait is one second."""
KEPT_SECONDS_MAX = 24 * 3600
"""How long keys are used after the issuer's last response. It is longer than tokens live; without a limit, somebody who
cuts the connection to the issuer could use a stolen key for ever."""


class KeyCache:
    """The keys of one issuer."""

    def __init__(self, issuer: Issuer, fetcher: Fetcher, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.issuer = issuer
        self.key_set = KeySet()
        """The current keys. It is replaced by another object only when they changed."""
        self._fetcher = fetcher
        self._monotonic = monotonic
        self._loaded_at: float | None = None
        self._asked_for_unknown_at: float | None = None
        self._refresh_seconds: float = REFRESH_SECONDS_MAX
        self._failures = 0
        self._flight: asyncio.Task[None] | None = None
        self._background: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start fetching in the background."""
        if self._background is None:
            self._background = asyncio.create_task(self._refresh_for_ever(), context=Context())

    async def close(self) -> None:
        """Stop fetching."""
        tasks = [task for task in (self._background, self._flight) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._not_away()

    async def find(self, kid: str | None, algorithm: str) -> SigningKey:
        """Return the key that a token names; ask the issuer if it is unknown, unless that was done just now.

        Raises:
            TokenRefused: The issuer has no such key, as far as is known.
            Unavailable: The issuer's keys are not known.
        """
        if (key := self._known(kid, algorithm)) is not None:
            return key
        # A fetch in progress may have been sent before the issuer had this key, so a second one may be needed.
        await self._flown()
        if (key := self._known(kid, algorithm)) is None and self._may_ask():
            self._asked_for_unknown_at = self._monotonic()
            self._flight = self._fly()
        await self._flown()
        if (key := self._known(kid, algorithm)) is not None:
            return key
        if not self._loaded():
            raise Unavailable(
                "The issuer of the token could not be reached.",
                outcome="none",
                retry_after_seconds=self._retry_seconds(),
            )
        raise TokenRefused("unknown_key")

    def _known(self, kid: str | None, algorithm: str) -> SigningKey | None:
        return self.key_set.find(kid, algorithm) if self._loaded() else None

    def _loaded(self) -> bool:
        return self._loaded_at is not None and self._monotonic() - self._loaded_at < KEPT_SECONDS_MAX

    def _may_ask(self) -> bool:
        asked_at = self._asked_for_unknown_at
        return asked_at is None or self._monotonic() - asked_at >= UNKNOWN_KEY_SECONDS

    def _fly(self) -> asyncio.Task[None]:
        """Start a fetch, or join the one in progress."""
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._fetch(), context=Context())
        return self._flight

    async def _flown(self) -> None:
        """Wait for the fetch in progress, if any; a caller who stops waiting does not cancel it for the others."""
        if self._flight is not None:
            await asyncio.wait({self._flight})

    async def _refresh_for_ever(self) -> None:
        while True:
            await asyncio.wait({self._fly()})
            await asyncio.sleep(self._retry_seconds() if self._failures else self._refresh_seconds)

    def _retry_seconds(self) -> int:
        return min(1 << min(max(self._failures - 1, 0), 10), RETRY_SECONDS_MAX)

    async def _fetch(self) -> None:
        try:
            document = await fetch_keys(self.issuer, self._fetcher)
            key_set, left_out = await read_key_set(document.members)
        except SecretPublishedError:
            # Not treated as an outage, which would keep the old keys: anybody who can read the secret can sign tokens.
            key_set, left_out, max_age_seconds = KeySet(), ("the set contains a secret key",), None
        except (FetchFailedError, ValueError) as failure:
            self._failed(str(failure))
            return
        except Exception as failure:  # a bug in fetching new keys must not lose the present ones
            log.exception("issuer_fetch_bug", issuer=self.issuer.short)
            self._failed(type(failure).__name__)
            return
        else:
            max_age_seconds = document.max_age_seconds
        self._loaded_with(key_set, left_out, max_age_seconds)

    def _failed(self, reason: str) -> None:
        metrics.issuer_fetches_total.labels(self.issuer.short, "failed").inc()
        self._failures += 1
        if self._failures == 1:
            metrics.issuers_away.inc()
            log.warning("issuer_away", issuer=self.issuer.short, reason=reason, keys=len(self.key_set.keys))

    def _loaded_with(self, key_set: KeySet, left_out: tuple[str, ...], max_age_seconds: int | None) -> None:
        metrics.issuer_fetches_total.labels(self.issuer.short, "fetched").inc()
        if self._failures:
            log.info("issuer_back", issuer=self.issuer.short)
        self._not_away()
        if self._loaded_at is None or key_set != self.key_set:
            tell = log.info if key_set.keys else log.error
            tell("issuer_keys", issuer=self.issuer.short, keys=len(key_set.keys), left_out=sorted(set(left_out)))
            self.key_set = key_set
        self._loaded_at = self._monotonic()
        lifetime = REFRESH_SECONDS_MAX if max_age_seconds is None else max_age_seconds
        self._refresh_seconds = min(max(lifetime, REFRESH_SECONDS_MIN), REFRESH_SECONDS_MAX)

    def _not_away(self) -> None:
        if self._failures:
            metrics.issuers_away.dec()
        self._failures = 0
