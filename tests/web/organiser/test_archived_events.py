"""What organisers see of an event whose reservations are in an archive."""

from archiving import archive
from web.organiser.desk import EVENT, field, published, said

TABS = ("/hall", "/categories", "/channels", "/live", "/reservations", "/export.csv", "/delete", "/channels/new")


async def test_the_list_says_so_and_the_event_can_be_copied_but_not_changed(desk, api, database_url):
    path = await published(desk)
    await desk.get(path)  # shows the notice that it was published
    shown = await desk.get(path)
    archived = await archive(database_url, path.rpartition("/")[2])
    listed = await desk.get("/organise")
    assert "Archived" in said(listed)
    assert f"{path}/live" not in listed.text
    page = await desk.get(path)
    assert (page.status_code, page.headers["cache-control"]) == (410, "private, no-cache")
    assert "This event is over and archived" in said(page)
    assert "bring them back" in said(page)
    for tab in TABS:
        refused = await desk.get(f"{path}{tab}")
        assert refused.status_code == 410, tab
        assert "bring them back" in said(refused), tab
        assert "Your events" in said(refused), tab
    for action in ("", "/publish", "/delete", "/hall", "/categories"):
        assert (await desk.send(f"{path}{action}", EVENT)).status_code == 410, action

    copy = f"/organise/events/new?copy={path.rpartition('/')[2]}"
    assert copy in page.text
    form = await desk.get(copy)
    assert field(form, "name") == EVENT["name"]
    made = await desk.send("/organise/events/new", EVENT | {"copy": path.rpartition("/")[2], "with_hall": "on"})
    event_id = made.headers["location"].split("/")[-2]
    assert (await api.get(f"/events/{event_id}/seats")).json()
    japanese = await desk.get(path, headers={"Accept-Language": "ja"})
    assert "アーカイブ" in said(japanese)

    await archived.restore()
    assert said(await desk.get(path)) == said(shown)
