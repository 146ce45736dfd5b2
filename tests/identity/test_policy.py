"""The policy compared with what the contract says about each operation, role and thing."""

from pathlib import Path
from uuid import UUID

import pytest

from holdfast.api.operations import OPERATIONS
from holdfast.application.identity.matrix import matrix_in_markdown
from holdfast.application.identity.policy import Reach, Thing, decide, decide_unseen, may_grant, reach_of
from holdfast.application.identity.rules import RULES
from holdfast.application.identity.verbs import Verb
from holdfast.domain.identity.principal import NOBODY, Principal, Proof, command_line_principal, open_principal
from holdfast.domain.identity.roles import Role

OURS, THEIRS = UUID(int=1), UUID(int=2)
STATUSES = {"allowed": "ok", "unauthenticated": "401", "forbidden": "403", "hidden": "404"}


def _member(role):
    return Principal(subject="shop:ann", user_id="shop:ann", proof=Proof.TOKEN, roles={OURS: role})


def _key(role):
    """Return a key that acts for bob; it must have no access to bob's other reservations."""
    return Principal(subject="key:1", user_id=None, proof=Proof.KEY, roles={OURS: role}, buyer_id="shop:bob")


CALLERS = {
    "nobody": NOBODY,
    "buyer": Principal(subject="shop:ann", user_id="shop:ann", proof=Proof.TOKEN),
    "box": _member(Role.BOX_OFFICE),
    "box_key": _key(Role.BOX_OFFICE),
    "org": _member(Role.ORGANISER),
    "org_key": _key(Role.ORGANISER),
    "admin": Principal(subject="key:2", user_id=None, proof=Proof.KEY, admin=True),
    "open": open_principal("shop:ann"),
    "unnamed": open_principal(None),
}
THINGS = {
    "mine": Thing(organiser_id=THEIRS, user_id="shop:ann"),
    "ours": Thing(organiser_id=OURS, user_id="shop:bob"),
    "theirs": Thing(organiser_id=THEIRS, user_id="shop:bob"),
    "draft": Thing(organiser_id=OURS, user_id="shop:ann", draft=True),
    "their_draft": Thing(organiser_id=THEIRS, user_id="shop:ann", draft=True),
}

EVERYBODY = dict.fromkeys(CALLERS, "ok ok ok ok ok")
SEES_EVENTS = {
    "nobody": "ok ok ok 404 404",
    "buyer": "ok ok ok 404 404",
    "box": "ok ok ok ok 404",
    "box_key": "ok ok ok ok 404",
    "org": "ok ok ok ok 404",
    "org_key": "ok ok ok ok 404",
    "admin": "ok ok ok ok ok",
    "open": "ok ok ok ok ok",
    "unnamed": "ok ok ok ok ok",
}
CHANGES_EVENTS = {
    "nobody": "401 401 401 401 401",
    "buyer": "403 403 403 404 404",
    "box": "403 403 403 403 404",
    "box_key": "403 403 403 403 404",
    "org": "403 ok 403 ok 404",
    "org_key": "403 ok 403 ok 404",
    "admin": "ok ok ok ok ok",
    "open": "ok ok ok ok ok",
    "unnamed": "ok ok ok ok ok",
}
RELEASES = CHANGES_EVENTS | dict.fromkeys(("box", "box_key"), "403 ok 403 ok 404")
RESERVES = {
    "nobody": "401 401 401 401 401",
    "buyer": "ok 403 403 404 404",
    "box": "ok ok 403 ok 404",
    "box_key": "403 ok 403 ok 404",
    "org": "ok ok 403 ok 404",
    "org_key": "403 ok 403 ok 404",
    "admin": "ok ok ok ok ok",
    "open": "ok 403 403 404 404",
    "unnamed": "401 401 401 401 401",
}
HAS_RESERVATIONS = {
    "nobody": "401 401 401",
    "buyer": "ok 404 404",
    "box": "ok ok 404",
    "box_key": "404 ok 404",
    "org": "ok ok 404",
    "org_key": "404 ok 404",
    "admin": "ok ok ok",
    "open": "ok 404 404",
    "unnamed": "401 401 401",
}
SELLS = HAS_RESERVATIONS | {"buyer": "403 404 404", "box": "403 ok 404", "org": "403 ok 404", "open": "403 404 404"}
SEES_ORGANISERS = {
    "nobody": "401 401 401",
    "buyer": "404 404 404",
    "box": "404 ok 404",
    "box_key": "404 ok 404",
    "org": "404 ok 404",
    "org_key": "404 ok 404",
    "admin": "ok ok ok",
    "open": "ok ok ok",
    "unnamed": "ok ok ok",
}
RUNS_ORGANISERS = SEES_ORGANISERS | {"box": "404 403 404", "box_key": "404 403 404"}
LETS_IN = RUNS_ORGANISERS | {"open": "403 403 403", "unnamed": "403 403 403"}
SEES_KEYS = SEES_ORGANISERS | {"box": "404 404 404", "box_key": "404 404 404"}
REVOKES = SEES_KEYS | {"open": "403 403 403", "unnamed": "403 403 403"}
CREATES_EVENTS = {caller: " ".join(statuses.split()[:3]) for caller, statuses in CHANGES_EVENTS.items()}
CREATES_KEYS = CREATES_EVENTS | {"open": "403 403 403", "unnamed": "403 403 403"}
INSIDERS_SEE = SEES_ORGANISERS | {
    "nobody": "401 401 401",
    "buyer": "403 403 403",
    "box": "403 ok 403",
    "box_key": "403 ok 403",
    "org": "403 ok 403",
    "org_key": "403 ok 403",
}

SEES_SALES = {
    "nobody": "401 401 401 401 401",
    "buyer": "404 404 404 404 404",
    "box": "404 ok 404 ok 404",
    "box_key": "404 ok 404 ok 404",
    "org": "404 ok 404 ok 404",
    "org_key": "404 ok 404 ok 404",
    "admin": "ok ok ok ok ok",
    "open": "ok ok ok ok ok",
    "unnamed": "ok ok ok ok ok",
}

OF_THINGS = {
    **dict.fromkeys(
        ("get_event", "list_seats", "count_available_seats", "get_seat", "get_seat_map", "get_availability"),
        SEES_EVENTS,
    ),
    **dict.fromkeys(("stream_changes", "list_categories", "get_hall", "get_layout", "name_access_code"), SEES_EVENTS),
    **dict.fromkeys(
        (
            "list_channels",
            "put_channel",
            "delete_channel",
            "list_channel_seats",
            "keep_back_seats",
            "give_back_seats",
        ),
        CHANGES_EVENTS,
    ),
    **dict.fromkeys(
        ("edit_event", "delete_event", "add_seat", "add_seats", "put_categories", "put_hall", "add_section"),
        CHANGES_EVENTS,
    ),
    "list_event_reservations": SEES_SALES,
    "get_sales": SEES_SALES | {"box": "404 403 404 403 404", "box_key": "404 403 404 403 404"},
    "create_event": CREATES_EVENTS,
    "release": RELEASES,
    "reserve": RESERVES,
    **dict.fromkeys(("get_reservation", "confirm", "cancel", "extend", "change_seats"), HAS_RESERVATIONS),
    "get_organiser": SEES_ORGANISERS,
    "list_members": RUNS_ORGANISERS,
    **dict.fromkeys(("put_member", "delete_member"), LETS_IN),
    "create_api_key": CREATES_KEYS,
    "see_api_key": SEES_KEYS,
    "revoke_api_key": REVOKES,
    **dict.fromkeys(
        ("health", "health_of_api", "live", "ready", "metrics", "openapi", "schema_of_halls"),
        EVERYBODY,
    ),
    **dict.fromkeys(("welcome", "swagger_short", "swagger_folder", "swagger", "ticket_keys"), EVERYBODY),
    "list_events": EVERYBODY,
    "sell": SELLS,
    "see_holders": INSIDERS_SEE,
    "see_drafts": INSIDERS_SEE,
    **dict.fromkeys(
        ("exceed_purchase_limit", "use_channels"),
        INSIDERS_SEE | {"open": "403 403 403", "unnamed": "401 401 401"},
    ),
}
"""For each caller, the verdicts for `mine`, `ours`, `theirs`, and for events also `draft` and `their_draft`."""

INSIDERS_ASK = dict.fromkeys(CALLERS, "ok") | {"nobody": "401", "buyer": "403", "box": "403", "box_key": "403"}
OF_LISTS = {
    "list_events": dict.fromkeys(CALLERS, "ok"),
    "list_reservations": dict.fromkeys(CALLERS, "ok") | {"nobody": "401", "unnamed": "401"},
    "get_me": dict.fromkeys(CALLERS, "ok") | {"nobody": "401", "unnamed": "401"},
    "create_event": INSIDERS_ASK,
    **dict.fromkeys(
        (
            "create_organiser",
            "add_account",
            "reset_password",
            "make_sign_in_link",
            "rotate_ticket_key",
            "revoke_ticket_key",
            "choose_cell",
        ),
        dict.fromkeys(CALLERS, "403") | {"nobody": "401", "admin": "ok"},
    ),
    "list_organisers": dict.fromkeys(CALLERS, "ok") | {"nobody": "401", "buyer": "403"},
    "create_api_key": dict.fromkeys(CALLERS, "403") | {"nobody": "401", "org": "ok", "org_key": "ok", "admin": "ok"},
    **dict.fromkeys(("list_api_keys", "read_audit"), INSIDERS_ASK),
}


def _said(verdict) -> str:
    return "look" if verdict is None else STATUSES[verdict]


def test_every_operation_of_the_api_has_a_rule():
    operations = {operation.name for operation in OPERATIONS}
    assert operations - {verb.value for verb in Verb if verb.is_operation} == set()


def test_every_verb_has_a_rule_and_is_tried_here():
    assert set(RULES) == set(Verb)
    assert set(OF_THINGS) | set(OF_LISTS) == {verb.value for verb in Verb}


@pytest.mark.parametrize("name", OF_THINGS)
def test_what_each_caller_may_do_to_each_thing(name):
    decided = {
        caller: {thing: _said(decide(principal, Verb(name), THINGS[thing])) for thing in THINGS}
        for caller, principal in CALLERS.items()
    }
    expected = {
        caller: dict(zip(THINGS, statuses.split(), strict=False)) for caller, statuses in OF_THINGS[name].items()
    }
    assert {caller: {thing: decided[caller][thing] for thing in expected[caller]} for caller in CALLERS} == expected


@pytest.mark.parametrize("name", OF_LISTS)
def test_what_each_caller_may_do_without_a_thing(name):
    assert {caller: _said(decide_unseen(principal, Verb(name))) for caller, principal in CALLERS.items()} == OF_LISTS[
        name
    ]


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("caller", CALLERS)
def test_what_is_decided_before_looking_is_what_would_be_decided_after(caller, verb):
    principal = CALLERS[caller]
    before = decide_unseen(principal, verb)
    if verb.value in OF_LISTS or before is None:
        return
    assert {decide(principal, verb, thing) for thing in THINGS.values()} == {before}


def test_hot_operations_are_decided_before_looking():
    for verb in (Verb.EDIT_EVENT, Verb.ADD_SEATS, Verb.GET_EVENT, Verb.LIST_SEATS):
        assert _said(decide_unseen(CALLERS["open"], verb)) == "ok"
        assert _said(decide_unseen(CALLERS["admin"], verb)) == "ok"


@pytest.mark.parametrize(
    ("caller", "verb", "reach"),
    [
        ("buyer", Verb.LIST_RESERVATIONS, Reach(user_id="shop:ann")),
        ("box", Verb.LIST_RESERVATIONS, Reach(organiser_ids=frozenset({OURS}), user_id="shop:ann")),
        ("box_key", Verb.LIST_RESERVATIONS, Reach(organiser_ids=frozenset({OURS}))),
        ("admin", Verb.LIST_RESERVATIONS, Reach(everything=True)),
        ("open", Verb.LIST_RESERVATIONS, Reach(user_id="shop:ann")),
        ("org", Verb.READ_AUDIT, Reach(organiser_ids=frozenset({OURS}))),
        ("admin", Verb.READ_AUDIT, Reach(everything=True)),
        ("open", Verb.READ_AUDIT, Reach(everything=True)),
        ("buyer", Verb.READ_AUDIT, Reach()),
        ("nobody", Verb.LIST_EVENTS, Reach(everything=True)),
        ("nobody", Verb.SEE_DRAFTS, Reach()),
        ("box_key", Verb.SEE_DRAFTS, Reach(organiser_ids=frozenset({OURS}))),
    ],
)
def test_how_far_a_list_reaches(caller, verb, reach):
    assert reach_of(CALLERS[caller], verb) == reach


def test_nobody_gives_more_than_they_have():
    for caller, principal in CALLERS.items():
        highest = {"org": 3, "org_key": 3, "box": 2, "box_key": 2, "admin": 4, "buyer": 1, "open": 1}.get(caller, 0)
        if principal.proof is Proof.OPEN:
            continue  # which grants nothing
        assert [may_grant(principal, role, OURS) for role in Role] == [rank <= highest for rank in range(5)], caller
        elsewhere = highest if caller == "admin" else 1 if principal.user_id else 0
        assert [may_grant(principal, role, THEIRS) for role in Role] == [rank <= elsewhere for rank in range(5)]
        assert [may_grant(principal, role, None) for role in Role] == [rank <= elsewhere for rank in range(5)]
    assert may_grant(command_line_principal("root"), Role.ADMIN, None)


def test_the_page_shows_the_table_of_the_code():
    page = (Path(__file__).parents[2] / "docs" / "identity.md").read_text()
    assert f"-->\n\n{matrix_in_markdown()}\n<!--" in page
