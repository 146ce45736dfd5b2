"""Organisers at the pages: on an open server, and where everybody has to sign in."""

from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import pytest

from api.serving import Api
from holdfast.application.identity.identity import Identity
from holdfast.application.identity.members import put_member
from holdfast.application.identity.organisers import create_organiser
from holdfast.domain.identity.roles import Role
from identity.offices import ADMIN, open_identity
from web.visiting import Browser


@pytest.fixture
async def desk(browser):
    """The organiser of an open server."""
    await browser.sign_in_as_organiser()
    return browser


@dataclass
class Firm:
    """An installation where everybody signs in."""

    api: Api
    identity: Identity

    async def organiser(self, name: str = "Aoyama Concerts", **members: Role) -> UUID:
        """Make an organiser with members, by account."""
        made = await create_organiser(self.identity, ADMIN, name=name)
        for account, role in members.items():
            await put_member(self.identity, ADMIN, organiser_id=made.id, user_id=f"account:{account}", role=role)
        return made.id

    @asynccontextmanager
    async def signed_in(self, account: str, *, admin: bool = False):
        """A browser in which somebody has signed in."""
        async with Browser(str(self.api.http.base_url)) as browser:
            secret = await self.identity.sessions.open(user_id=f"account:{account}", admin=admin)
            browser.http.cookies.set("holdfast-session", secret)
            yield browser


@pytest.fixture
async def firm(api_where, database_url):
    async with api_where(auth_mode="tokens") as api, open_identity(database_url) as identity:
        yield Firm(api, identity)
