"""Channels over HTTP: made, edited, opened and deleted."""

from uuid import uuid4

from api.channels.channel_sale import CODE, FANS, in_seconds
from api.serving import refused
from box_office import sql


async def test_the_same_call_again_changes_nothing(sale):
    first = await sale.keep_back(0, 1)
    again = await sale.keep_back(0, 1)
    assert again.json() == first.json()
    assert again.headers["event-version"] == first.headers["event-version"]
    assert (await sale.put()).headers["event-version"] == first.headers["event-version"]
    await sale.give_back(0)
    back = await sale.give_back(0)
    assert back.json() == {"key": "fans", "seats": 0, "available": 0}


async def test_from_its_time_on_a_channel_is_open_without_any_worker(api, sale, database_url):
    await sale.put(opens_to_all_at=in_seconds(3600))
    await sale.keep_back(0, 1)
    assert (await sale.channel())["open"] is False
    await sql(database_url, "UPDATE channels SET opens_to_all_at = clock_timestamp()")
    assert (await api.get(f"/seats/{sale.seats[0]}")).json()["status"] == "available"
    assert (await sale.channel())["open"] is True
    assert await sale.count() == 5
    assert await sale.codes() == [0] * 5
    assert (await sale.reserve(0)).status_code == 201
    kinds = await sql(database_url, "SELECT kind, detail FROM changes WHERE kind = 'channel_opened'")
    assert [dict(row) for row in kinds] == [{"kind": "channel_opened", "detail": "fans"}]


async def test_a_channel_can_be_opened_at_once_and_closed_again(sale):
    await sale.keep_back(0, 1)
    opened = await sale.put(opens_to_all_at=in_seconds(-60))
    assert (opened.json()["open"], opened.json()["kept_back"]) == (True, 2)
    assert await sale.codes() == [0] * 5
    assert (await sale.reserve(0)).status_code == 201
    assert (await sale.keep_back(2)).json()["kept_back"] == 1
    assert await sale.codes() == [1, 0, 0, 0, 0]
    closed = await sale.put(opens_to_all_at=None)
    assert closed.json()["open"] is False
    assert await sale.codes() == [1, 3, 3, 0, 0]
    assert await sale.count() == 2


async def test_what_an_edit_leaves_out_stays(api, sale):
    await sale.put(opens_to_all_at="2031-01-01T00:00:00Z")
    edited = await api.put(f"{sale.path}/fans", {"name": "Friends"})
    assert edited.json() == {
        "key": "fans",
        "name": "Friends",
        "has_access_code": True,
        "opens_to_all_at": "2031-01-01T00:00:00Z",
        "open": False,
        "seats": 0,
        "kept_back": 0,
    }
    await sale.keep_back(0)
    assert (await sale.reserve(0, access_code=CODE)).status_code == 201
    without = await api.put(f"{sale.path}/fans", {"name": "Block", "access_code": None, "opens_to_all_at": None})
    assert (without.json()["has_access_code"], without.json()["opens_to_all_at"]) == (False, None)


async def test_a_channel_that_is_deleted_gives_its_seats_back(api, sale):
    await sale.keep_back(0, 1, 2)
    await sale.reserve(2, access_code=CODE)
    assert (await api.delete(f"{sale.path}/fans")).status_code == 204
    assert await sale.codes() == [0, 0, 1, 0, 0]
    assert (await api.get(sale.path)).json() == []
    refused(await api.delete(f"{sale.path}/fans"), 404, "channel_not_found")


async def test_a_large_channel_is_deleted_in_steps(api, sale, database_url, monkeypatch):
    monkeypatch.setattr("holdfast.application.catalogue.delete_channel.CHANNEL_SEATS_MAX", 2)
    await sale.keep_back(0, 1, 2, 3, 4)
    assert (await api.delete(f"{sale.path}/fans")).status_code == 204
    kinds = await sql(database_url, "SELECT kind, cardinality(seat_ids) AS seats FROM changes ORDER BY version")
    assert [(row["kind"], row["seats"]) for row in kinds[3:]] == [
        ("seats_given_back", 2),
        ("seats_given_back", 2),
        ("channel_deleted", 1),
    ]
    assert await sale.codes() == [0] * 5


async def test_the_event_is_deleted_with_its_channels(api, sale, database_url):
    await sale.put(opens_to_all_at=in_seconds(3600))
    await sale.keep_back(0, 1)
    await sale.reserve(0, access_code=CODE)
    assert (await api.delete(f"/events/{sale.event_id}")).status_code == 204
    refused(await api.get(sale.path), 404, "event_not_found")
    assert await sql(database_url, "SELECT 1 FROM channels") == []


async def test_bad_channels_are_refused_by_field(api, sale):
    for key, body, field in (
        ("Fans", FANS, "key"),
        ("x" * 31, FANS, "key"),
        ("fans", {**FANS, "access_code": " spaces "}, "access_code"),
        ("fans", {**FANS, "access_code": "ü"}, "access_code"),
        ("fans", {**FANS, "access_code": "x" * 101}, "access_code"),
        ("fans", {**FANS, "name": ""}, "name"),
        ("fans", {**FANS, "opens_to_all_at": "2031-01-01"}, "opens_to_all_at"),
    ):
        problem = refused(await api.put(f"{sale.path}/{key}", body), 400, "invalid_request")
        assert problem["field"] == field
        assert "spaces" not in problem["detail"]
    other = f"/events/{uuid4()}/channels"
    refused(await api.put(f"{other}/fans", FANS), 404, "event_not_found")
    refused(await api.get(other), 404, "event_not_found")
    refused(await api.post(f"{other}/fans/seats", {"rows": ["A"]}), 404, "selection_not_found")
    for method, path in (("GET", "none/seats"), ("DELETE", "none"), ("DELETE", "NONE%20")):
        refused(await api.call(method, f"{sale.path}/{path}"), 404, "channel_not_found")


async def test_an_event_has_so_many_channels_and_no_more(sale, monkeypatch):
    monkeypatch.setattr("holdfast.application.catalogue.put_channel.CHANNELS_MAX", 2)
    assert (await sale.put("two")).status_code == 200
    assert refused(await sale.put("three"), 409, "too_many_channels")["channels_max"] == 2
    assert (await sale.put("two", name="Other")).status_code == 200


async def test_channels_wait_for_the_end_of_the_upgrade(sale, database_url):
    await sql(database_url, "UPDATE installation SET finished = '0006'")
    assert refused(await sale.put("press"), 409, "upgrade_unfinished")["field"] == "channels"
