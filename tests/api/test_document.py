"""The OpenAPI document, the route table and the errors agree with each other."""

import inspect
from typing import get_args, get_type_hints

import jsonschema_rs
import pytest

from holdfast.api import examples
from holdfast.api.document import document
from holdfast.api.operations import OPERATIONS as TABLE
from holdfast.api.problems import PROBLEMS as OF_DOMAIN
from holdfast.api.service import probes
from holdfast.application.identity.rules import RULES, Kind
from holdfast.application.identity.verbs import Verb
from holdfast.domain.booking import changing, checks, holding
from holdfast.domain.booking import refusals as booking
from holdfast.domain.booking.refusals import IdempotencyKeyReused
from holdfast.domain.catalogue import refusals as catalogue
from holdfast.domain.identity import refusals as identity
from holdfast.domain.refusal import InvalidValue, Refusal
from holdfast.http.endpoints import problems
from holdfast.http.endpoints.problems import OF_HTTP
from holdfast.http.protocol.refusal import INTERNAL

PROBLEMS = {**OF_HTTP, **OF_DOMAIN}
MODULES = (booking, catalogue, identity, problems, probes)
ON_THE_COMMAND_LINE = {identity.AccountExists, identity.AccountNotFound}
ON_PAGES = {identity.SignInRefused, identity.TooManySignIns}
"""Accounts are made nowhere else."""
OF_400 = [InvalidValue, identity.ConflictingCredentials]
DOCUMENT = document()
SCHEMAS = DOCUMENT["components"]["schemas"]


def _all_refusals(module) -> set[type[Refusal]]:
    return {
        member
        for member in vars(module).values()
        if inspect.isclass(member) and issubclass(member, Refusal) and "code" in vars(member)
    }


async def test_the_document_is_served(api):
    answer = await api.http.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == DOCUMENT


def test_every_route_is_in_the_document_but_the_pages():
    shown = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    hidden = {(operation.method, operation.path) for operation in TABLE} - shown
    assert hidden == {("GET", "/"), ("GET", "/swagger"), ("GET", "/swagger/"), ("GET", "/swagger/{asset}")}


def test_no_two_routes_are_alike():
    assert len({(operation.method, operation.path) for operation in TABLE}) == len(TABLE)
    assert len({operation.name for operation in TABLE}) == len(TABLE)


@pytest.mark.parametrize(
    "refusal", sorted(set().union(*map(_all_refusals, MODULES)) - ON_THE_COMMAND_LINE - ON_PAGES, key=str)
)
def test_every_refusal_has_a_status_and_is_in_the_document(refusal):
    status = str(PROBLEMS[refusal].status)
    documented = [
        operation["responses"][status]["content"]["application/problem+json"]["schema"]["allOf"][1]
        for methods in DOCUMENT["paths"].values()
        for operation in methods.values()
        if status in operation["responses"]
    ]
    if refusal is problems.PathNotFound:
        return  # by its nature it belongs to no path
    assert any(refusal.code in schema["properties"]["code"]["enum"] for schema in documented)


@pytest.mark.parametrize(("name", "examine"), [("reserve", holding.examine), ("change_seats", changing.examine_change)])
def test_what_the_checks_of_a_request_for_seats_refuse_is_declared(name, examine):
    called = [vars(checks)[check] for check in examine.__code__.co_names if check in vars(checks)]
    refused = {kind for check in called for kind in get_args(get_type_hints(check)["return"]) if kind is not type(None)}
    assert len(refused) >= 6
    assert refused <= _declared(name)


def test_operations_on_an_event_in_the_path_declare_that_it_may_be_hidden():
    of_events = [
        operation.name
        for operation in TABLE
        if RULES[Verb(operation.name)].kind in (Kind.EVENT, Kind.SALES_OF_EVENT) and operation.path_parameters
    ]
    undeclared = {name for name in of_events if catalogue.EventNotFound not in _declared(name)}
    assert undeclared == {"get_seat"}, "its path names a seat"


def _declared(name):
    [operation] = [operation for operation in TABLE if operation.name == name]
    return set(operation.refusals)


def test_codes_are_unique():
    codes = [refusal.code for refusal in PROBLEMS] + [problems.UNAVAILABLE_CODE, INTERNAL.code]
    assert len(set(codes)) == len(codes)


def test_bad_input_is_400_and_422_is_a_reused_key_only():
    assert [refusal for refusal, row in PROBLEMS.items() if row.status == 422] == [IdempotencyKeyReused]
    assert [refusal for refusal, row in PROBLEMS.items() if row.status == 400] == [
        InvalidValue,
        identity.ConflictingCredentials,
    ]


@pytest.mark.parametrize(
    ("example", "schema"),
    [
        (examples.EVENT_INPUT, "EventInput"),
        (examples.EVENT, "EventBody"),
        (examples.SEAT_INPUT, "SeatInput"),
        (examples.SEAT, "SeatBody"),
        (examples.NUMBERED_SEATS, "NumberedSeatsInput"),
        (examples.LISTED_SEATS, "ListedSeatsInput"),
        (examples.WISH, "ReservationInput"),
        (examples.BEST_AVAILABLE_WISH, "BestAvailableReservationInput"),
        (examples.RESERVATION, "ReservationBody"),
    ],
)
def test_examples_fit_their_schemas(example, schema):
    jsonschema_rs.validate({"$ref": f"#/components/schemas/{schema}", "components": {"schemas": SCHEMAS}}, example)


def test_every_answer_carries_its_request_id_and_every_request_its_limits():
    for methods in DOCUMENT["paths"].values():
        for operation in methods.values():
            for answer in operation["responses"].values():
                assert "X-Request-ID" in answer["headers"]
    for name in ("EventInput", "SeatInput", "NumberedSeatsInput", "ReservationInput"):
        for field, schema in SCHEMAS[name]["properties"].items():
            for one in schema.get("anyOf", [schema]):
                limited = {"maxLength", "maximum", "maxItems", "format", "enum"} & set(SCHEMAS.get(_name_in(one), one))
                limited = limited or one["type"] in ("null", "boolean")
                assert limited, f"{name}.{field} has no limit"


def _name_in(schema):
    return schema.get("$ref", "").rpartition("/")[2]
