"""Pages of the event list: encoded once, and again when an event on them changes."""

import pytest

from box_office import an_event
from holdfast.application.catalogue.create_event import create_event
from holdfast.application.catalogue.delete_event import delete_event
from holdfast.application.catalogue.edit_event import edit_event
from holdfast.application.reading import event_pages
from holdfast.application.reading.event_pages import EventPages


class Encoding:
    """Encodes the names of events, and counts how often."""

    times = 0

    def __call__(self, events) -> bytes:
        self.times += 1
        return " ".join(event.details.name for event in events).encode()


@pytest.fixture
def encode():
    return Encoding()


@pytest.fixture
def pages(engine, encode):
    return EventPages(engine.views.reads, encode)


async def names(pages, **place) -> str:
    return (await pages.page(**{"limit": 10, "offset": 0, **place})).body.decode()


async def test_a_page_is_encoded_again_only_when_an_event_on_it_changed(engine, other_engine, pages, encode):
    """Whichever node changed it."""
    first = await create_event(engine.catalogue, an_event(name="first"))
    assert await names(pages) == await names(pages) == "first"
    assert encode.times == 1
    second = await create_event(other_engine.catalogue, an_event(name="second"))
    assert await names(pages) == "second first"
    await edit_event(other_engine.catalogue, first.id, an_event(name="edited"))
    assert await names(pages) == await names(pages) == "second edited"
    await delete_event(other_engine.catalogue, second.id)
    assert await names(pages) == await names(pages) == "edited"
    assert encode.times == 4


async def test_pages_are_kept_apart_and_named_by_their_content(engine, pages, encode):
    for name in ("first", "second"):
        await create_event(engine.catalogue, an_event(name=name))
    newest = await pages.page(limit=1, offset=0)
    oldest = await pages.page(limit=1, offset=1)
    assert (newest.body, oldest.body) == (b"second", b"first")
    assert newest.digest != oldest.digest
    assert await pages.page(limit=1, offset=0) == newest
    assert encode.times == 2


async def test_the_pages_kept_together_are_bounded_and_the_one_not_asked_for_longest_goes(engine, encode, monkeypatch):
    monkeypatch.setattr(event_pages, "KEPT_BYTES_MAX", 10)
    pages = EventPages(engine.views.reads, encode)
    for name in ("third", "other", "first"):
        await create_event(engine.catalogue, an_event(name=name))
    for offset in (0, 1, 0, 2):
        await names(pages, limit=1, offset=offset)
    assert list(pages._kept) == [(1, 0, frozenset()), (1, 2, frozenset())]
    assert encode.times == 3
    await names(pages)
    assert list(pages._kept) == [], "a page above the bound is given, and not kept"


async def test_few_pages_are_kept_however_small_they_are(pages):
    for offset in range(event_pages.PAGES_MAX + 5):
        assert await names(pages, offset=offset) == ""
    assert len(pages._kept) == event_pages.PAGES_MAX
