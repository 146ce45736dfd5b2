"""The budgets of the pages in bytes. A phone on a crowded network at the moment of the sale is what they are for."""

from api.serving import Api
from box_office import open_engine
from pages.house import House
from pages.stage import FOR_ORGANISERS, WALKED, set_stage
from web.weight import weight_of

KB = 1000
HTML_MAX = 14 * KB
CSS_MAX = 10 * KB
BUYERS_JS_MAX = 35 * KB
ORGANISERS_JS_MAX = 60 * KB


async def test_every_page_keeps_its_budget(api: Api, database_url):
    house = House(str(api.http.base_url), api, database_url)
    async with open_engine(database_url) as engine:
        stage = await set_stage(house, engine)
    over = []
    for page in WALKED:
        for_organisers = page.path.startswith(FOR_ORGANISERS)
        cookies = stage.cookies(page)
        api.http.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        for state, address in stage.addresses(page):
            weight = await weight_of(api.http, address)
            most = {
                "html": HTML_MAX,
                "css": CSS_MAX,
                "js": ORGANISERS_JS_MAX if for_organisers else BUYERS_JS_MAX,
            }
            over += [
                f"{address} ({state}): {kind} {getattr(weight, kind):,} of {limit:,} bytes"
                for kind, limit in most.items()
                if getattr(weight, kind) > limit
            ]
    assert over == [], "\n".join(over)
