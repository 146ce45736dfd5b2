"""The rules of the model test about channels: seats that are kept back, given back, and opened to all."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from box_office import sql
from holdfast.application.catalogue.delete_channel import delete_channel
from holdfast.application.catalogue.keep_seats_back import begin_giving_back, begin_keeping_back
from holdfast.application.catalogue.put_channel import put_channel
from holdfast.domain.booking.channels import digest_of
from holdfast.domain.catalogue.channel import ChannelDetails, SeatSelection
from holdfast.domain.identity.audit import Actor
from holdfast.domain.identity.principal import open_principal
from model.hall import ACCESSIBLE, COMPANION, PLACE
from model.sold_out import Channel

HOUR = timedelta(hours=1)
ACTOR = Actor(principal=open_principal("organiser"), request_id="model")
FALL_DUE = """
    WITH due AS (
        UPDATE channels SET opens_to_all_at = clock_timestamp() - interval '1 second'
        WHERE event_id = $1 AND key = $2 RETURNING 1
    )
    SELECT count(*) FROM due
"""

_likely = st.sampled_from([{0}, {3}, {0, 3}, {COMPANION}, {0, COMPANION}, {ACCESSIBLE, COMPANION}, {0, PLACE}]).map(
    frozenset
)
seat_sets = st.one_of(st.frozensets(st.integers(0, 8), min_size=1, max_size=3), _likely)
users = st.sampled_from(["ann", "bob", "cy"])
keys = st.sampled_from(["k0", "k1", "k2", "k3"])
channel_keys = st.sampled_from(["fans", "press"])
codes = st.sampled_from([None, "fans", "press"])
rarely = st.sampled_from([False, False, False, True])


class ChannelRules:
    """A part of the machine."""

    @rule(key=channel_keys, code=codes, opens_in=st.sampled_from([None, None, HOUR, -HOUR]))
    def put_channel(self, key, code, opens_in):
        opens_at = None if opens_in is None else datetime.now(UTC) + opens_in
        digest = None if code is None else digest_of(code)
        details = ChannelDetails(name=key, code_digest=digest, opens_to_all_at=opens_at)
        answer = self.answer(put_channel(self.engine.catalogue, self.sale.event_id, key, details), lambda _: "put")
        assert answer == self.model.put_channel(key, Channel(code, open=opens_in == -HOUR))

    @rule(user=users, wish=keys, key=channel_keys, code=codes)
    def come_for_what_is_kept_back(self, user, wish, key, code):
        free = self.model.free_of(key)
        if free:
            self.reserve(user, wish, frozenset(free[:1]), code, by_seller=False)

    @rule(user=users, wish=keys)
    def channel_falls_due(self, user, wish):
        """Let the time pass at which a channel opens, and have somebody come for its seats before that is recorded."""
        closed = [key for key, channel in self.model.channels.items() if not channel.open]
        if closed and not self.model.deleted:
            self.run(sql(self.database_url, FALL_DUE, self.sale.event_id, closed[0]))
            self.model.channels[closed[0]].open = True
            free = self.model.free_of(closed[0])
            if free:
                self.reserve(user, wish, frozenset(free[:1]), None, by_seller=False)

    @rule(key=channel_keys, seats=seat_sets)
    def keep_back(self, key, seats):
        told = self._move(begin_keeping_back, key, seats, "kept back")
        assert told == self.model.keep_back(key, seats)

    @rule(key=channel_keys, seats=seat_sets)
    def give_back(self, key, seats):
        told = self._move(begin_giving_back, key, seats, "given back")
        assert told == self.model.give_back(key, seats)

    def _move(self, begin, key, seats, told):
        selection = SeatSelection(seat_ids=self.ids_of(seats))

        async def move():
            where = self.engine.catalogue, self.sale.event_id, key
            await begin(*where, selection, list(selection.seat_ids), actor=ACTOR).result()

        return self.answer(move(), lambda _: told)

    @rule(key=channel_keys, sure=rarely)
    def delete_channel(self, key, sure):
        if sure:
            call = delete_channel(self.engine.catalogue, self.sale.event_id, key)
            assert self.answer(call, lambda _: "deleted") == self.model.delete_channel(key)
