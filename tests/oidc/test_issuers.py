"""`OIDC_ISSUERS` and `OIDC_ROLES`: what is accepted, and what the error message names."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

import domain.profile  # noqa: F401 - the profile of Hypothesis
from holdfast.infrastructure.oidc.addresses import require_fetchable
from holdfast.infrastructure.oidc.issuers import ISSUERS_MAX, Issuer, parse_issuers
from holdfast.infrastructure.oidc.roles import parse_roles

GOOD = {"issuer": "https://login.example/realm", "audience": "tickets"}
SECRET = "s3cret-of-the-pages"


def _one(**changes):
    return json.dumps({"shop": {name: value for name, value in (GOOD | changes).items() if value is not ...}})


def test_issuers_are_read():
    text = json.dumps(
        {"shop": GOOD, "staff": GOOD | {"issuer": "https://b", "client_id": "x", "client_secret": SECRET}}
    )
    shop, staff = parse_issuers(text)
    assert shop == Issuer(short="shop", **GOOD)
    assert (staff.client_id, staff.client_secret) == ("x", SECRET)
    assert SECRET not in repr(staff)


@pytest.mark.parametrize(
    ("issuer", "discovery"),
    [
        ("https://a.example", "https://a.example/.well-known/openid-configuration"),
        ("https://a.example/", "https://a.example/.well-known/openid-configuration"),
        ("https://a.example/realms/x", "https://a.example/realms/x/.well-known/openid-configuration"),
        ("http://localhost:8080", "http://localhost:8080/.well-known/openid-configuration"),
        ("http://127.9.9.9", "http://127.9.9.9/.well-known/openid-configuration"),
        ("http://[::1]:80", "http://[::1]:80/.well-known/openid-configuration"),
    ],
)
def test_the_discovery_document_stands_below_the_issuer(issuer, discovery):
    (read,) = parse_issuers(_one(issuer=issuer))
    assert (read.issuer, read.discovery_url) == (issuer, discovery)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is not JSON (line 1, column 1)"),
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ("{}", "must name 1 to 50 issuers"),
        ('{"shop": {}, "shop": {}}', "has a member twice"),
        ('{"shop": []}', "shop: must be an object"),
        ('{"": {}}', ": a short name has"),
        ('{"a:b": {}}', "a:b: a short name has"),
        ('{"shöp": {}}', r"sh\xf6p: a short name has"),
        ('{"account": {}}', "account: this name is taken"),
        ('{"KEY": {}}', "KEY: this name is taken"),
        (_one(issuer=...), "shop.issuer: is required"),
        (_one(audience=...), "shop.audience: is required"),
        (_one(audience=""), "shop.audience: must be a text"),
        (_one(audience=["a"]), "shop.audience: must be a text"),
        (_one(isuer="x"), "shop.isuer: is not known"),
        (_one(issuer="http://login.example"), "shop.issuer: must be an https URL (http only on loopback)"),
        (_one(issuer="http://localhost.example"), "shop.issuer: must be an https URL"),
        (_one(issuer="http://127.0.0.1.example"), "shop.issuer: must be an https URL"),
        (_one(issuer="ftp://localhost"), "shop.issuer: must be an https URL"),
        (_one(issuer="login.example"), "shop.issuer: must name a host"),
        (_one(issuer="https://"), "shop.issuer: must name a host"),
        (_one(issuer=f"https://me:{SECRET}@login.example"), "shop.issuer: must not have a user or password"),
        (_one(issuer="https://login.example?x"), "shop.issuer: must have no query and no fragment"),
        (_one(issuer="https://login.example#x"), "shop.issuer: must have no query and no fragment"),
        (_one(issuer="https://login.example:x"), "shop.issuer: is not a URL"),
        (_one(issuer="https://169.254.169.254"), "shop.issuer: must not be a link-local address"),
        (_one(client_secret=SECRET), "shop.client_id: is required beside client_secret"),
        (_one(client_id="x", client_secret=f"{SECRET}\n"), "shop.client_secret: must be a text"),
        (json.dumps({"a": GOOD, "b": GOOD}), "b.issuer: is that of a too"),
        (json.dumps({f"i{n}": GOOD for n in range(ISSUERS_MAX + 1)}), "must name 1 to 50"),
    ],
)
def test_a_complaint_names_the_place_and_quotes_no_value(text, complaint):
    with pytest.raises(ValueError) as told:
        parse_issuers(text)
    assert complaint in str(told.value)
    assert SECRET not in str(told.value)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("https://localhost/keys", "must not lead to this machine"),
        ("http://127.0.0.1/keys", "must not lead to this machine"),
        ("https://[::1]/keys", "must not lead to this machine"),
        ("https://169.254.169.254/keys", "must not be a link-local address"),
        ("https://[fe80::1]/keys", "must not be a link-local address"),
        ("https://0.0.0.0/keys", "must not be a link-local address"),
        ("https://[::ffff:169.254.169.254]/keys", "must not be a link-local address"),
    ],
)
def test_an_issuer_elsewhere_leads_nowhere_near(url, complaint):
    with pytest.raises(ValueError, match=complaint):
        require_fetchable(url, loopback=False)
    require_fetchable("https://10.0.0.1/keys", loopback=False)  # an issuer in the same network is common


@given(
    st.text(max_size=60)
    | st.recursive(
        st.none() | st.text(max_size=8),
        lambda inner: st.dictionaries(st.sampled_from(["shop", "issuer", "audience"]), inner, max_size=3),
    ).map(json.dumps)
)
def test_any_text_is_read_or_refused(text):
    for parse in (parse_issuers, parse_roles):
        with suppress(ValueError):
            parse(text)


@pytest.mark.parametrize(
    ("roles", "claim", "claims", "expected"),
    [
        ("", "roles", {"roles": ["admin"]}, {"buyer"}),
        ('{"boss": "admin"}', "roles", {"roles": ["boss"]}, {"buyer", "admin"}),
        ('{"boss": "admin"}', "roles", {"roles": "boss"}, {"buyer", "admin"}),
        ('{"boss": "admin"}', "roles", {"roles": "boss clerk"}, {"buyer"}),
        ('{"boss": "admin"}', "roles", {"roles": ["Boss", "bos", 1, None, ["boss"]]}, {"buyer"}),
        ('{"boss": "admin"}', "roles", {"roles": {"boss": True}}, {"buyer"}),
        ('{"boss": "admin"}', "roles", {}, {"buyer"}),
        ('{"boss": "admin"}', "realm_access.roles", {"realm_access": {"roles": ["boss"]}}, {"buyer", "admin"}),
        ('{"boss": "admin"}', "realm_access.roles", {"realm_access": ["roles"]}, {"buyer"}),
        ('{"boss": "admin"}', "realm_access.roles", {"roles": ["boss"]}, {"buyer"}),
        (
            '{"boss": "admin"}',
            "https://shop.example/roles",
            {"https://shop.example/roles": ["boss"]},
            {"buyer", "admin"},
        ),
        ('{"shop": {"boss": "admin"}}', "roles", {"roles": ["boss"]}, {"buyer", "admin"}),
        ('{"staff": {"boss": "admin"}}', "roles", {"roles": ["boss"]}, {"buyer"}),
        ('{"anybody": "buyer"}', "roles", {"roles": ["anybody"]}, {"buyer"}),
    ],
)
def test_an_issuers_roles_mean_what_the_setting_says(roles, claim, claims, expected):
    assert parse_roles(roles, claim=claim).of(claims, "shop") == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[]", "is not a JSON object"),
        ('{"boss": "organiser"}', "boss: must be admin or buyer; the roles in an organiser come from its members"),
        ('{"boss": null}', "boss: must be admin or buyer"),
        ('{"shop": {"boss": "box_office"}}', "shop.boss: must be admin or buyer"),
        ('{"boss": "admin", "boss": "buyer"}', "has a member twice"),
    ],
)
def test_a_role_that_means_nothing_is_refused(text, complaint):
    with pytest.raises(ValueError) as told:
        parse_roles(text)
    assert complaint in str(told.value)
