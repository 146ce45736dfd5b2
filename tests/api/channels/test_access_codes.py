"""Access codes over HTTP: what a wrong one costs, and that none is written anywhere."""

from api.channels.channel_sale import CODE, Sale, in_seconds
from api.serving import refused
from box_office import sql


async def test_a_code_is_no_part_of_the_request_that_is_repeated(sale):
    await sale.keep_back(0)
    first = await sale.reserve(0, access_code=CODE, idempotency_key="k")
    for more in ({}, {"access_code": CODE}, {"access_code": "wrong"}):
        again = await sale.reserve(0, idempotency_key="k", **more)
        assert (again.status_code, again.headers.get("idempotent-replayed")) == (201, "true")
        assert again.json() == first.json()


async def test_more_than_ten_wrong_codes_a_minute_are_refused_and_right_ones_never_count(api, sale):
    await sale.keep_back(0, 1)
    listing = f"{sale.path}/fans/seats"
    for _ in range(12):
        assert (await api.get(listing, headers={"X-Access-Code": CODE})).status_code == 200
    for number in range(5):
        refused(await api.get(listing, headers={"X-Access-Code": f"g-{number}"}), 404, "channel_not_found")
        refused(await sale.reserve(0, access_code=f"h-{number}"), 409, "seats_unavailable")
    assert (await api.get(listing, headers={"X-Access-Code": CODE})).status_code == 200
    replayed = await sale.reserve(4, idempotency_key="k")
    problem = refused(await sale.reserve(0, access_code="another"), 429, "too_many_tries")
    assert 0 < problem["retry_after_seconds"] <= 60
    # Now the right one is refused too, or it could be found all the same.
    late = await api.get(listing, headers={"X-Access-Code": CODE})
    assert refused(late, 429, "too_many_tries")
    assert 0 < int(late.headers["retry-after"]) <= 60
    again = await sale.reserve(4, idempotency_key="k", access_code="wrong")
    assert (again.status_code, again.json()["id"]) == (201, replayed.json()["id"])
    assert (await sale.reserve(3)).status_code == 201, "who names no code is not concerned"
    other = Sale(api, *await api.event_on_sale(seats=1))
    await other.put()
    await other.keep_back(0)
    assert (await other.reserve(0, access_code=CODE)).status_code == 201, "another event has another count"


async def test_where_no_code_is_needed_none_is_wrong(api, sale):
    for _ in range(12):
        response = await api.reserve(sale.event_id, [sale.seats[0]], access_code="x", idempotency_key="same")
        assert response.status_code == 201
    await sale.put(opens_to_all_at=in_seconds(-1))
    for number in range(12):
        assert (await sale.reserve(0, access_code=f"{number}")).json()["code"] == "seats_unavailable"


async def test_a_code_is_written_nowhere(sale, database_url, capfd, caplog):
    """Neither in a line, whatever is refused, nor in a table, nor in the audit or the document."""
    await sale.keep_back(0)
    for wanted in ({"access_code": CODE}, {"access_code": CODE * 20}, {"access_code": [CODE]}):
        await sale.reserve(0, **wanted)
    for key, code in (("fans", f" {CODE}"), ("UPPER", CODE), ("other", CODE)):
        await sale.put(key, access_code=code)
    for code in (CODE, f"{CODE}x"):
        await sale.api.get(f"{sale.path}/fans/seats", headers={"X-Access-Code": code})
    await sale.api.get(f"{sale.path}/fans/seats?after={CODE}", headers={"X-Access-Code": CODE})
    said = "".join(capfd.readouterr()) + caplog.text
    assert "/channels/" in said, "requests are logged"
    tables = await sql(
        database_url,
        "SELECT string_agg(told, ' ') AS told FROM ("
        " SELECT c::text AS told FROM channels c UNION ALL SELECT a::text FROM audit a"
        " UNION ALL SELECT g::text FROM changes g UNION ALL SELECT r::text FROM reservations r) AS everything",
    )
    audit = (await sale.api.get("/audit")).text
    assert "put_channel" in audit
    for text in (said.replace(f"after={CODE}", ""), tables[0]["told"], audit):
        assert CODE not in text
