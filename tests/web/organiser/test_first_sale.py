"""From nothing to a sold seat, by the forms that an organiser who has never seen the API fills in."""

import pytest

from web.organiser.desk import EVENT, field, said, with_hall


async def test_a_newcomer_sells_a_seat(desk, api):
    first = await desk.get("/organise")
    assert "Your first event" in said(first)
    form = await desk.get("/organise/events/new")
    assert form.status_code == 200
    hall = await desk.follow(await desk.send("/organise/events/new", EVENT))
    assert "Start with a hall" in said(hall)
    path = str(hall.url.path).removesuffix("/hall")
    built = await desk.follow(
        await desk.send(f"{path}/hall", {"template": "theatre", "edition": field(hall, "edition")})
    )
    assert "234 places" in said(built)
    prices = await desk.get(f"{path}/categories")
    assert field(prices, "price") == "6000"
    wanted = {
        "edition": field(prices, "edition"),
        "key": ["front", "standard", ""],
        "name": ["Front rows", "Standard", ""],
        "color": ["#b3261e", "#1f6feb", "#1a7f37"],
        "price": ["7,500", "4,500", ""],
    }
    event = await desk.follow(await desk.send(f"{path}/categories", wanted))
    assert "234 seats are ready" in said(event)
    done = await desk.follow(await desk.send(f"{path}/publish", {"published": "yes"}))
    assert "Everybody can see" in said(done)
    event_id = path.rsplit("/", 1)[1]
    seats = (await api.get(f"/events/{event_id}/seats")).json()
    held = await api.reserve(event_id, [seats[0]["id"]], user="ann")
    assert held.json()["total_amount"] == 7_500
    assert (await api.post(f"/reservations/{held.json()['id']}/confirm", user="ann")).status_code == 200
    live = said(await desk.get(f"{path}/live"))
    assert "Sold 1" in live
    assert "¥7,500" in live


PAGES_OF_EVENT = [
    "",
    "/hall",
    "/hall/templates",
    "/hall/import",
    "/hall/sections/new",
    "/hall/sections/new?kind=area",
    "/hall/sections/new?like=stalls",
    "/hall/sections/stalls",
    "/hall/sections/stalls/remove",
    "/categories",
    "/channels",
    "/live",
    "/reservations",
    "/reservations?status=pending&buyer=ann",
    "/delete",
    "/hall/file",
    "/hall/file?format=pretix",
    "/hall/file?format=csv",
    "/export.csv",
]
OTHER_PAGES = ["/organise", "/organise/events/new", "/organise/members", "/organise/keys", "/organise/audit",
               "/organise/organisers"]  # fmt: skip


async def test_every_page_answers_in_both_languages(desk):
    path = await with_hall(desk)
    for page in [path + end for end in PAGES_OF_EVENT] + OTHER_PAGES[:-1]:
        for language in ("en", "ja"):
            answer = await desk.get(page, headers={"Accept-Language": language})
            assert answer.status_code == 200, (page, said(answer))


@pytest.mark.parametrize("template", ["theatre", "concert-hall", "standing"])
async def test_every_template_makes_a_hall_with_prices(desk, template):
    path = await with_hall(desk, template, currency="EUR")
    assert "No seats yet" not in said(await desk.get("/organise"))
    assert field(await desk.get(f"{path}/categories"), "price").endswith(".00")


async def test_an_unknown_template_is_refused(desk):
    path = await with_hall(desk)
    assert (await desk.send(f"{path}/hall", {"template": "castle"})).status_code == 400
