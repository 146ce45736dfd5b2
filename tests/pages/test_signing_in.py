"""Signing in with a real browser at a real OpenID Connect provider, which is another site to the browser."""

import json
import re

import pytest
from playwright.async_api import expect

from oidc.real_provider import real_provider
from pages.chromium import new_context


def _issuers(provider) -> str:
    client = {"client_id": "pages", "client_secret": "secret & of pages"}
    return json.dumps({"shop": {"issuer": provider.issuer.issuer, "audience": "https://tickets.example", **client}})


@pytest.mark.parametrize("javascript", [True, False])
async def test_a_browser_goes_to_the_provider_and_comes_back_signed_in(chromium, another_house, javascript):
    """The way there leaves our origin, which the policy of our pages must allow, and the cookies must come back."""
    async with real_provider("ed") as provider:
        house = await another_house(auth_mode="tokens", oidc_issuers=_issuers(provider))
        origin = house.origin.replace("127.0.0.1", "localhost")  # the provider stays on 127.0.0.1
        await provider.allow(f"{origin}/sign-in/callback")
        context = await new_context(chromium, origin, javascript=javascript)
        said = []
        context.on("console", lambda message: said.append(message.text) if "Content Security" in message.text else None)
        try:
            page = await context.new_page()
            await page.goto("/sign-in?back=/reservations")
            await page.get_by_role("link", name="Sign in with shop").click()
            await page.locator("[name=login]").fill("ann")
            await page.locator("[name=password]").fill("x")
            await page.locator("[type=submit]").click()
            await page.locator("[type=submit]").click()  # the provider asks whether we may know who it is
            await expect(page).to_have_url(f"{origin}/reservations")
            await page.get_by_role("button", name="Sign out").click()
            await expect(page).to_have_url(re.compile(rf"{origin}/events"))
            await expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
        finally:
            await context.close()
        assert said == []
