"""Faults in what streams send, and to whom."""

from chaos.reading.seeded_faults import SeededFault, fault
from holdfast.application.reading.listeners import Channel, Listener
from holdfast.application.reading.live_changes import LiveChanges

_HEARD = "stream_gap stream_silent wrong_state"

FAULTS_IN_STREAMS: tuple[SeededFault, ...] = (
    fault(
        "a stream does not notice that what it told was lost",
        _HEARD,
        (LiveChanges, "_tell", "elif fresh.known != channel.mark", "elif fresh.version < channel.mark.version"),
        (LiveChanges, "_tell_news", "or fresh.known != channel.mark", "or fresh.version < channel.mark.version"),
    ),
    fault(
        "who comes back is told what it missed without a look at what its version means",
        _HEARD,
        (LiveChanges, "_missed", "not after.means(fresh.known)", "after.version > fresh.version"),
        (LiveChanges, "listen", "after.means(mark)", "after.version == mark.version"),
    ),
    fault(
        "who comes back is told of changes that its channel tells as well",
        _HEARD,
        (LiveChanges, "_missed", "if change.version <= until.version", ""),
        (LiveChanges, "_missed", "changes[-1].mark != until", "False"),
    ),
    fault(
        "who comes back is not told what it missed",
        _HEARD,
        (
            LiveChanges,
            "listen",
            "listener.put_first(await self._missed(event_id, after, mark))",
            "listener.put_first(_frame('hello', mark, {'version': mark.version, 'seats': standing.seats}))",
        ),
    ),
    fault(
        "who comes back ahead of its channel is told the same again",
        _HEARD,
        (Channel, "broadcast", "version > listener.knows_version", "True"),
    ),
    fault(
        "a listener waits between finding its channel and joining it",
        "stream_silent left_behind",
        (
            LiveChanges,
            "listen",
            "channel, listener = self._join(event_id, standing.mark)",
            (
                "channel = self._channels.get(event_id)\n"
                "    await self._source.freshness([(event_id, None)], entries_max=0)\n"
                "    if channel is None:\n"
                "        channel, listener = self._join(event_id, standing.mark)\n"
                "    else:\n"
                "        listener = Listener(channel.mark.version, lambda gone: self._leave(channel, gone))\n"
                "        channel.listeners.add(listener)\n"
                "        self._count(+1)"
            ),
        ),
    ),
    fault(
        "a listener too slow loses frames and is not told",
        _HEARD,
        (Listener, "put", "self._frames.clear()\n        self.end(RELOAD)\n        return False", "return True"),
    ),
    fault(
        "a failure ends the loop of all streams",
        "stream_silent internal_error",
        (LiveChanges, "_serve", "except OperationalFailure as failure:", "except ZeroDivisionError as failure:"),
        (LiveChanges, "_tick", "except OperationalFailure as failure:", "except ZeroDivisionError as failure:"),
        (LiveChanges, "_serve", "except Exception:", "except ZeroDivisionError:"),
    ),
    fault(
        "a stream does not notice that its event was archived",
        "stream_silent",
        (
            LiveChanges,
            "_tell_news",
            "or fresh.archived or fresh.known != channel.mark",
            "or (not fresh.archived and fresh.known != channel.mark)",
        ),
    ),
    fault(
        "a stream goes on behind the part of a log that was not read",
        _HEARD,
        (
            LiveChanges,
            "_tell",
            "channel.mark = fresh.changes[-1].mark",
            "channel.mark = fresh.changes[-1].mark._replace(version=fresh.version)",
        ),
        (LiveChanges, "_tell_news", "entries_max=ENTRIES_MAX", "entries_max=1"),
    ),
)
