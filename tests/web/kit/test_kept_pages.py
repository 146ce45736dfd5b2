"""Pages that many visitors see alike are rendered once per state, and at most a few times a second."""

import asyncio

from holdfast.web.kit.kept_pages import LAG_SECONDS, OFTEN, PAGES_MAX, KeptPages
from holdfast.web.kit.templates import Templates


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


class Rendered:
    def __init__(self):
        self.times = 0

    def __call__(self):
        self.times += 1
        return f"text {self.times}"


def test_a_page_is_rendered_once_for_each_version():
    kept, render = KeptPages(Clock()), Rendered()
    assert [kept.text("page", version, render) for version in (1, 1, 2, 2, 1)] == [
        "text 1",
        "text 1",
        "text 2",
        "text 2",
        "text 3",
    ]


def test_a_page_that_is_rendered_very_often_lags_by_at_most_a_second():
    clock, render = Clock(), Rendered()
    kept = KeptPages(clock)
    for version in range(200):
        kept.text("page", version, render)
    assert render.times == OFTEN + 1
    clock.now += LAG_SECONDS
    kept.text("page", 200, render)
    assert render.times == OFTEN + 2


def test_a_page_that_is_rendered_now_and_then_never_lags():
    clock, render = Clock(), Rendered()
    kept = KeptPages(clock)
    for version in range(50):
        clock.now += 0.2
        kept.text("page", version, render)
    assert render.times == 50


def test_the_pages_that_were_not_asked_for_longest_leave():
    kept, render = KeptPages(Clock()), Rendered()
    for page in range(PAGES_MAX):
        kept.text(page, 1, render)
    kept.text(0, 1, render)
    kept.text("one more", 1, render)
    before = render.times
    kept.text(0, 1, render)
    assert render.times == before
    kept.text(1, 1, render)
    assert render.times == before + 1


async def test_a_link_that_differs_for_each_reader_is_rendered_once_for_all(api, browser, another_browser, monkeypatch):
    """Mails and other sites add an id of their own to each link, so each reader's address is another one."""
    rendered = []
    render = Templates.render

    def counting(self, language, template, values):
        rendered.append(template)
        return render(self, language, template, values)

    monkeypatch.setattr(Templates, "render", counting)
    event_id, _ = await api.event_on_sale()
    for page in ("", "/seats"):
        rendered.clear()
        for reader, number in ((browser, 1), (another_browser, 2)):
            here = f"/events/{event_id}{page}?utm=m&clid={number}"
            assert f'name="back" value="{here.replace("&", "&amp;")}"' in (await reader.get(here)).text
        assert len(rendered) == 1


async def test_visitors_of_one_page_get_keys_of_their_own_and_the_present_time(api, browser, another_browser):
    event_id, _ = await api.event_on_sale()
    first = await browser.get(f"/events/{event_id}")
    await asyncio.sleep(0.01)
    second = await another_browser.get(f"/events/{event_id}")

    def part(page, before):
        return page.text.partition(before)[2].partition('"')[0]

    assert part(first, 'name="key" value="') != part(second, 'name="key" value="')
    assert int(part(first, 'data-now="')) < int(part(second, 'data-now="'))
    for page in (first, second):
        assert page.text.count(part(page, 'name="key" value="')) == page.text.count('name="key"')
        assert "\N{SYMBOL FOR NULL}" not in page.text
