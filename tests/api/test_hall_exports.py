"""Halls in the formats of others are written once for everybody, since writing a large one takes seconds."""

import asyncio

import pytest

from api.serving import refused
from builders import a_category, a_hall, a_row, a_section
from holdfast.api.halls import hall as handlers
from holdfast.application.failures import Unavailable
from holdfast.application.reading import kept_exports
from holdfast.application.reading.kept_exports import KeptExports

HALL = a_hall(a_section("stalls", a_row(count=5)))


@pytest.fixture
async def event_id(api):
    event_id, _ = await api.event_on_sale(seats=0)
    await api.put(f"/events/{event_id}/categories", [a_category("std", price=9000)])
    assert (await api.put(f"/events/{event_id}/hall", HALL)).status_code == 200
    return event_id


@pytest.fixture
def written(monkeypatch):
    """Return the list of the formats that were written."""
    formats, original = [], handlers.document_of

    def counted(hall, wanted, **more):
        formats.append(wanted)
        return original(hall, wanted, **more)

    monkeypatch.setattr(handlers, "document_of", counted)
    return formats


@pytest.mark.parametrize("wanted", ["pretix", "csv"])
async def test_it_is_written_once_for_everybody_until_it_changes(api, event_id, written, wanted):
    path = f"/events/{event_id}/hall?format={wanted}"
    answers = await asyncio.gather(*(api.get(path) for _ in range(20)))
    assert {answer.text for answer in answers} == {answers[0].text}
    tag = {"If-None-Match": answers[0].headers["etag"]}
    assert (await api.get(path, headers=tag)).status_code == 304
    assert written == [wanted]
    await api.put(f"/events/{event_id}/categories", [a_category("std", name="Better", price=9000)])
    renamed = await api.get(path, headers=tag)
    assert "Better" in renamed.text
    assert "Better" not in answers[0].text
    await api.put(f"/events/{event_id}/hall", a_hall(a_section("stalls", a_row(count=6))))
    assert (await api.get(path)).text not in (renamed.text, answers[0].text)
    assert written == [wanted] * 3


async def test_who_has_it_costs_nothing_on_a_node_that_has_not_written_it(api_where, api, event_id, written):
    path = f"/events/{event_id}/hall?format=pretix"
    tag = (await api.get(path)).headers["etag"]
    async with api_where() as other:
        assert (await other.get(path, headers={"If-None-Match": tag})).status_code == 304
    assert len(written) == 1


async def test_few_are_written_at_a_time_and_others_wait_or_are_sent_away(monkeypatch):
    monkeypatch.setattr(kept_exports, "WAITING_MAX", 3)
    monkeypatch.setattr(kept_exports, "KEPT_BYTES_MAX", 10)
    exports, at_work, most = KeptExports(), 0, 0
    go_on = asyncio.Event()

    async def write():
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await go_on.wait()
        at_work -= 1
        return b"x" * 6

    asking = [asyncio.create_task(exports.written(name, write)) for name in ("a", "b", "c", "a")]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await exports.written("d", write)
    asking[1].cancel()
    go_on.set()
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert [one for one in told if isinstance(one, bytes)] == [b"x" * 6] * 3
    assert most == 1
    assert list(exports._kept) == ["c"], "together they would be more than may be kept"


async def test_what_cannot_be_written_is_tried_again():
    exports = KeptExports()

    async def fail():
        raise ValueError("no")

    async def write():
        return b"yes"

    with pytest.raises(ValueError, match="no"):
        await exports.written("a", fail)
    assert await exports.written("a", write) == b"yes"


async def test_an_unknown_format_is_named(api, event_id):
    refused(await api.get(f"/events/{event_id}/hall?format=svg"), 400, "invalid_request")
