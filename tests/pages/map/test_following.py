"""The drawn map in a real browser, alone: what it shows while seats are sold and the hall changes."""

import gzip

import pytest

from hall.charts import layout_of, stored
from holdfast.domain.hall.document import Row, Section
from holdfast.domain.hall.samples import SAMPLE_CATEGORIES, sample_hall
from pages.map.looking import FREE, code_of, color_at, spot_of, told, until, zoom_to
from pages.map.site import sell

pytestmark = pytest.mark.usefixtures("event")


@pytest.mark.parametrize("seat_pixels", [1, 14, 30])
async def test_a_seat_that_is_sold_elsewhere_turns_grey(open_map, event, seat_pixels):
    page = await open_map()
    await zoom_to(page, FREE, seat_pixels)
    before = await color_at(page, FREE)
    sell(event, [FREE])
    await until(code_of(page, FREE), 2)
    after = await color_at(page, FREE)
    assert before != after
    assert max(after[:3]) - min(after[:3]) < 40, "grey"


async def test_a_map_that_lost_its_connection_shows_what_it_missed(open_map, event, watch):
    watch.expect("status of 503")
    page = await open_map()
    event.cut(down=True)
    sell(event, [FREE])
    await until(
        lambda: page.evaluate("() => told.some(([name, state]) => name === 'onConnection' && state === 'lost')")
    )
    event.is_down = False
    await until(code_of(page, FREE), 2)
    await until(lambda: page.evaluate("() => map.live.now"), "live")


async def test_a_map_that_is_told_to_reload_fetches_the_statuses_again(open_map, event):
    page = await open_map()
    assert event.requests.count("bits") == 1
    with event.lock:
        event.codes[FREE] = 2  # as if a failover had changed what was told before
    event.tell("reload")
    await until(code_of(page, FREE), 2)


async def test_a_chart_that_grows_is_loaded_anew_and_the_selection_stays(open_map, event):
    page = await open_map()
    await page.evaluate("(place) => map.select([map.board.hall.chart.ids.id(place)])", FREE)
    before, seats = gzip.decompress(event.layout), event.seats
    grown = sample_hall()
    grown.floors[-1].sections.append(a_new_section())
    try:
        event.put(layout_of(grown, SAMPLE_CATEGORIES, stored(grown)))
        event.change({seats - 1: 2})
        await until(lambda: page.evaluate("() => map.board.codes.length"), event.seats)
        await until(lambda: page.evaluate("() => map.selection.map((seat) => seat.place)"), [FREE])
        await until(code_of(page, seats - 1), 2)
        sell(event, [FREE])
        await until(code_of(page, FREE), 2)
    finally:
        event.put(before)


def a_new_section() -> Section:
    row = Row(label="A", count=8, start=(-70, 900), end=(70, 900))
    return Section(key="boxes", name="Boxes", category="premium", rows=[row])


async def test_an_event_that_is_gone_ends_the_map_calmly(open_map, event):
    page = await open_map()
    event.tell("deleted")
    await until(lambda: page.locator(".map-notice").text_content(), "This event is no longer open.")


async def test_tabs_of_one_browser_share_a_stream_and_hand_it_on(open_map, event):
    first = await open_map()
    others = [await open_map(context=first.context) for _ in range(2)]
    assert event.requests.count("changes") == 1
    sell(event, [FREE])
    for page in [first, *others]:
        await until(code_of(page, FREE), 2)
    await first.close()
    sell(event, [FREE + 1])
    for page in others:
        await until(code_of(page, FREE + 1), 2)
    assert event.requests.count("changes") == 2


async def test_a_hidden_tab_has_no_stream_and_is_up_to_date_when_it_is_seen(open_map, event):
    page = await open_map()
    hide = """(hidden) => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    await page.evaluate(hide, True)
    sell(event, [FREE])

    async def streams():
        event.change({0: 0})  # A server notices a reader who has gone when it writes.
        return len(event.streams)

    await until(streams, 0)
    assert await code_of(page, FREE)() == 0
    await page.evaluate(hide, False)
    await until(code_of(page, FREE), 2)


async def test_a_chosen_seat_that_somebody_else_takes_leaves_the_selection(open_map, event):
    page = await open_map()
    await page.evaluate("(place) => map.select([map.board.hall.chart.ids.id(place)])", FREE)
    sell(event, [FREE], 1)
    await until(lambda: page.evaluate("() => map.selection.length"), 0)
    ((lost,),) = await told(page, "onLost")
    assert [seat["status"] for seat in lost] == ["held"]


async def test_a_hold_under_way_is_no_loss(open_map, event):
    page = await open_map()
    seat_id = await page.evaluate(
        """(place) => {
            const id = map.board.hall.chart.ids.id(place);
            map.select([id]);
            map.setBusy(true);
            return id;
        }""",
        FREE,
    )
    sell(event, [FREE], 1)
    await until(code_of(page, FREE), 1)
    await page.evaluate("(id) => { map.setMine([id]); map.setBusy(false); }", seat_id)
    assert await told(page, "onLost") == []
    assert await page.evaluate("() => map.selection.length") == 0
    assert await page.evaluate("(id) => map.seat(id).status", seat_id) == "mine"


async def test_a_refused_seat_looks_taken_until_the_statuses_say_otherwise(open_map, event):
    page = await open_map()
    await page.evaluate(
        """(place) => {
            const id = map.board.hall.chart.ids.id(place);
            map.select([id]);
            map.refuse([id]);
        }""",
        FREE,
    )
    assert await page.evaluate("() => map.selection.length") == 0
    assert await told(page, "onLost") == []
    await until(code_of(page, FREE), 0)
    assert event.requests.count("bits") == 2


async def test_a_layout_that_is_given_asks_the_server_for_nothing(open_map, event):
    page = await open_map("given=1&mode=look")
    assert event.requests == ["layout"], "the harness itself"
    await zoom_to(page, FREE, 30)
    await page.mouse.click(**await spot_of(page, FREE))
    assert await told(page, "onSelect") == []
    first = await page.evaluate("() => map.play.view.state")
    await page.evaluate("() => map.setLayout(map.board.hall.chart.layout)")
    assert await page.evaluate("() => map.play.view.state") == pytest.approx(first, rel=1e-3)
