"""The pages of one event: what is typed wrong, who edits at the same time, publishing, copying and deleting."""

from web.organiser.desk import EVENT, field, new_event, published, said, with_hall


def _typed(page) -> dict:
    """The fields of an event's page as a browser would send them back."""
    return EVENT | {"edition": field(page, "edition")}


WRONG = [
    ({"name": ""}, "is missing"),
    ({"starts": ""}, "is missing"),
    ({"starts": "soon"}, "must be a date and a time"),
    ({"starts": "2031-05-02T23:00"}, "must not be before start_at"),
    ({"zone": "Mars/Olympus"}, "must be the name of a time zone"),
    ({"zone": "Europe/Berlin", "starts": "2031-03-30T02:30"}, "clocks are put forward"),
    ({"currency": "XXX"}, "ISO 4217"),
    ({"opens": "2031-06-01T10:00"}, "must be before start_at"),
    ({"opens": "2031-04-02T10:00", "closes": "2031-04-01T10:00"}, "must be after sale_opens_at"),
    ({"limit": "many"}, "must be a whole number"),
    ({"limit": "5000"}, "must be 1 to 1000"),
    ({"total_seats": "0"}, "must be 1 to"),
    ({"seller": "on"}, "cannot be seller"),
    ({"name": "x" * 300}, "must have 1 to 255"),
]


async def test_what_is_typed_wrong_is_said_and_kept(desk):
    for wrong, told in WRONG:
        page = await desk.send("/organise/events/new", EVENT | wrong)
        assert page.status_code == 400, wrong
        assert told in said(page)
        assert field(page, "venue") == EVENT["venue"]
        for name in wrong.keys() - {"seller", "currency"}:
            assert field(page, name) == wrong[name]
    assert "Your first event" in said(await desk.get("/organise"))


async def test_times_are_in_the_zone_of_the_event(desk, api):
    path = await new_event(desk, starts="2031-05-02T19:00", ends="", zone="Asia/Tokyo")
    event = (await api.get(f"/events/{path.rsplit('/', 1)[1]}")).json()
    assert (event["start_at"], event["end_at"]) == ("2031-05-02T10:00:00Z", "2031-05-02T13:00:00Z")
    page = await desk.get(path)
    assert field(page, "starts") == "2031-05-02T19:00"
    assert "Japan Standard Time" in said(page)


async def test_saving_an_event_moves_no_time_that_the_form_cannot_say(desk, api):
    """Clocks in Berlin show half past two twice on that night; a form cannot say which of the two is meant."""
    start = "2031-10-26T01:30:00Z"  # the second time
    opens = "2031-01-02T03:04:05.678000Z"
    event = {"name": "Long Night", "start_at": start, "end_at": "2031-10-26T04:00:00Z", "total_seats": 9}
    made = await api.post("/events", event | {"timezone": "Europe/Berlin", "sale_opens_at": opens, "published": False})
    path = f"/organise/events/{made.json()['id']}"
    page = await desk.get(path)
    names = ("starts", "ends", "opens", "closes", "zone", "edition", "total_seats")
    fields = {name: field(page, name) for name in names}
    saved = await desk.send(path, fields | {"name": "Longest Night", "currency": "EUR"})
    assert saved.status_code == 303, said(saved)
    event = (await api.get(f"/events/{made.json()['id']}")).json()
    assert (event["name"], event["start_at"], event["sale_opens_at"]) == ("Longest Night", start, opens)


async def test_an_event_is_edited(desk, api):
    path = await new_event(desk)
    page = await desk.get(path)
    saved = await desk.follow(await desk.send(path, _typed(page) | {"name": "Closing Night", "limit": "4"}))
    assert "Saved." in said(saved)
    event = (await api.get(f"/events/{path.rsplit('/', 1)[1]}")).json()
    assert (event["name"], event["max_seats_per_buyer"], event["published"]) == ("Closing Night", 4, False)


async def test_two_who_edit_at_the_same_time_do_not_overwrite_each_other(desk):
    path = await new_event(desk)
    page = await desk.get(path)
    await desk.send(path, _typed(page) | {"venue": "Large Hall"})
    late = await desk.send(path, _typed(page) | {"name": "Closing Night"})
    assert late.status_code == 409
    assert "Somebody else has changed this" in said(late)
    assert "Venue Large Hall" in said(late)
    assert field(late, "name") == "Closing Night"
    again = await desk.send(path, _typed(late) | {"name": "Closing Night"})
    assert again.status_code == 303


async def test_an_event_is_published_and_hidden_again(desk, another_browser):
    path = await published(desk)
    public = path.replace("/organise", "")
    hidden = await desk.follow(await desk.send(f"{path}/publish", {"published": "no"}))
    assert "Only your organisation can see it now" in said(hidden)
    assert (await another_browser.get(f"{public}/map/layout")).status_code == 404
    await desk.send(f"{path}/publish", {"published": "yes"})
    assert (await another_browser.get(f"{public}/map/layout")).status_code == 200


async def test_a_copy_has_the_hall_and_the_prices(desk, api):
    path = await with_hall(desk)
    form = await desk.get(f"/organise/events/new?copy={path.rsplit('/', 1)[1]}")
    assert "Copy of Opening Night" in said(form)
    fields = EVENT | {"name": "Second Night", "copy": field(form, "copy"), "with_hall": "on"}
    made = await desk.send("/organise/events/new", fields)
    copied = made.headers["location"].split("/")[3]
    assert (await api.get(f"/events/{copied}/categories")).json() == (
        await api.get(f"/events/{path.rsplit('/', 1)[1]}/categories")
    ).json()
    assert len((await api.get(f"/events/{copied}/seats")).json()) == 234


async def test_an_event_is_deleted_after_being_asked(desk, api):
    path = await published(desk)
    event_id = path.rsplit("/", 1)[1]
    seats = (await api.get(f"/events/{event_id}/seats")).json()
    await api.reserve(event_id, [seats[0]["id"]], user="ann")
    asked = said(await desk.get(f"{path}/delete"))
    assert "Delete “Opening Night”?" in asked
    assert "234 seats" in asked
    assert "1 seat that a buyer holds right now" in asked
    gone = await desk.follow(await desk.send(f"{path}/delete"))
    assert "The event was deleted." in said(gone)
    assert (await desk.get(path)).status_code == 404


async def test_an_event_with_sold_seats_is_not_deleted(desk, api):
    path = await published(desk)
    event_id = path.rsplit("/", 1)[1]
    seats = (await api.get(f"/events/{event_id}/seats")).json()
    held = (await api.reserve(event_id, [seats[0]["id"]], user="ann")).json()
    await api.post(f"/reservations/{held['id']}/confirm", user="ann")
    refused = await desk.send(f"{path}/delete")
    assert refused.status_code == 409
    assert "This event cannot be deleted" in said(refused)


async def test_a_total_below_the_seats_is_refused(desk):
    path = await with_hall(desk)
    refused = await desk.send(path, _typed(await desk.get(path)) | {"total_seats": "100"})
    assert refused.status_code == 409
    assert "The hall has 234 seats already." in said(refused)


async def test_every_act_is_in_the_audit(desk):
    path = await published(desk)
    page = await desk.get(path)
    await desk.send(path, _typed(page) | {"name": "Closing Night"})
    audit = said(await desk.get("/organise/audit"))
    for act in ("created an event: Opening Night", "changed the hall", "edited an event: Closing Night"):
        assert f"organiser {act}" in audit


async def test_nothing_is_done_for_a_form_of_another_site(desk):
    path = await published(desk)
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for end in ("", "/publish", "/delete", "/hall", "/categories", "/channels"):
        assert (await desk.http.post(path + end, data=EVENT, headers=foreign)).status_code == 403
    assert "On sale" in said(await desk.get(path))
