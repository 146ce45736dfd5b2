"""Checks access codes before anything is done with them, and limits how many wrong ones may be tried."""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from math import ceil
from time import monotonic
from uuid import UUID

from holdfast.application.booking.ports import AccessCodeReads, CodedChannel, CodeTries
from holdfast.application.booking.shared_read import SharedRead
from holdfast.application.client_networks import network_of
from holdfast.application.coalescer import Coalescer
from holdfast.domain.booking.commands import Reserve
from holdfast.domain.booking.refusals import IdempotencyKeyReused, TooManyTries
from holdfast.domain.booking.reservation import Reservation
from holdfast.domain.catalogue.refusals import EventArchived, EventNotFound

TRIES_MAX = 10
"""Wrong codes from one address for one event in `TRIES_SECONDS`."""
TRIES_SECONDS = 60
NETWORKS_MAX = 10_000
"""Addresses, each with an event, whose wrong codes this process remembers while Redis is away."""
QUESTIONS_MAX = 256


class AccessCodes:
    """Tells right codes from wrong ones, and counts the wrong ones.

    A code is right if it is that of any channel of the event. Right codes are never counted, but once an address has
    tried more wrong ones than it may, they are refused as well: otherwise the limit would not keep anybody from finding
    a code. The count and the verdict are one step, so that many tries sent at once are no way around it.

    Whether the code reaches the seats is decided later and elsewhere, under the event's lock.
    """

    def __init__(self, reads: AccessCodeReads, tries: CodeTries, shared_read: SharedRead) -> None:
        self._tries = tries
        self._shared_read = shared_read
        self._reads = reads
        self._lookups: Coalescer[UUID, None, Sequence[CodedChannel]] = Coalescer(
            self._look_up, questions_max=QUESTIONS_MAX
        )

    async def admit(self, event_id: UUID, wish: Reserve, address: str | None) -> None:
        """Return unless too many wrong codes came from the address of a request. A replay is never refused.

        Where no channel is left for whose seats a code is needed, nothing is counted.

        Raises:
            TooManyTries: if there were too many.
            IdempotencyKeyReused: if there were too many, and the request's key belongs to other seats.
            EventNotFound: if there were too many, and the buyer may not see the event.
            EventArchived: if there were too many, and the event has been archived.
            ConnectionLost, Contended: if the codes could not be read; nothing happened.
        """
        assert wish.code_digest is not None
        channels = await self._lookups.ask(event_id, None)
        if all(channel.is_open for channel in channels):
            return
        right = bool(_opened_by(wish.code_digest, channels))
        seconds = await self._tries.judge(event_id, _network(address), wrong=not right)
        if seconds is None:
            return
        seen = await self._shared_read.look(event_id, wish)
        if isinstance(seen, (IdempotencyKeyReused, EventNotFound, EventArchived)):
            raise seen  # a draft must look like an event that does not exist, of which no code can be wrong
        if not isinstance(seen, Reservation):
            raise TooManyTries(seconds)

    async def opens(self, event_id: UUID, key: str, code_digest: bytes, address: str | None) -> bool:
        """Return whether a code is that of a channel.

        Raises:
            TooManyTries: if too many wrong ones came from the address.
            ConnectionLost, Contended: if the codes could not be read.
        """
        channels = await self._lookups.ask(event_id, None)
        if not channels:
            return False
        opened = _opened_by(code_digest, channels)
        seconds = await self._tries.judge(event_id, _network(address), wrong=not opened)
        if seconds is not None:
            raise TooManyTries(seconds)
        return key in opened

    async def _look_up(self, event_id: UUID, questions: Sequence[None]) -> Sequence[Sequence[CodedChannel]]:
        channels = await self._reads.coded_channels(event_id)
        return [channels] * len(questions)


class LocalCodeTries:
    """`CodeTries` in the memory of this process, for while there is no Redis."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._wrong: OrderedDict[tuple[UUID, str], deque[float]] = OrderedDict()
        """The times of the last wrong codes, by event and network, those tried last at the end."""

    async def judge(self, event_id: UUID, network: str, *, wrong: bool) -> int | None:
        """Judge without waiting for anything."""
        seconds = self._wait(self._wrong.get((event_id, network)))
        if seconds is None and wrong:
            seconds = self.count(event_id, network)
        return seconds

    def count(self, event_id: UUID, network: str) -> int | None:
        """Count a wrong code, and return the seconds until the next may be tried, if that was one too many."""
        times = self._wrong.setdefault((event_id, network), deque(maxlen=TRIES_MAX + 1))
        times.append(self._clock())
        self._wrong.move_to_end((event_id, network))
        if len(self._wrong) > NETWORKS_MAX:
            self._wrong.popitem(last=False)
        return self._wait(times)

    def _wait(self, times: deque[float] | None) -> int | None:
        if times is None or len(times) <= TRIES_MAX:
            return None
        seconds = times[0] + TRIES_SECONDS - self._clock()
        return ceil(seconds) if seconds > 0 else None


def _opened_by(code_digest: bytes, channels: Sequence[CodedChannel]) -> list[str]:
    """Return the keys of the channels that have this code. All of them are compared, whichever is the right one."""
    return [channel.key for channel in channels if channel.has_code(code_digest)]


def _network(address: str | None) -> str:
    """Return what shares a count: of addresses that are none, all."""
    return (None if address is None else network_of(address)) or "unknown"
