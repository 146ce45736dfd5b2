"""The harness itself: what it forbids is noticed, each with a page that does it."""

import asyncio

import pytest

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
_BAD_PAGES = {
    "an inline style": ("<p style='color: red'>x</p>", "", "Content Security Policy"),
    "an inline script": ("<script>1</script>", "", "Content Security Policy"),
    "a picture from elsewhere": ("<img alt='' src='http://127.0.0.1:9/x.png'>", "", "asked another server"),
    "an error in a script": ("", "nowhere.to.be.found", "not caught"),
    "a rejection that nobody handles": ("", "Promise.reject(new Error('left alone'))", "left alone"),
    "innerHTML": ("", "document.body.innerHTML = '<b>x</b>'", "TrustedHTML"),
    "an error in the console": ("", "console.error('something is wrong')", "something is wrong"),
    "a file that is missing": ("", "fetch('/static/nothing.js')", "status of 404"),
}


async def _serve(page, body: str, script: str, policy: str = _POLICY) -> None:
    async def answer(route):
        if route.request.url.endswith("/page.js"):
            await route.fulfill(status=200, content_type="text/javascript", body=script)
        elif route.request.resource_type == "document":
            head = "<title>x</title><meta name=viewport content='width=device-width'>"
            html = f"<!doctype html><html lang=en>{head}<body>{body}<script src=/page.js></script></body>"
            await route.fulfill(
                status=200, content_type="text/html", headers={"content-security-policy": policy}, body=html
            )
        else:
            await route.fallback()

    await page.context.route("**", answer)
    await page.goto("/harness")


@pytest.mark.parametrize("what", _BAD_PAGES)
async def test_what_no_page_may_do_is_noticed(visitor, watch, what):
    body, script, complaint = _BAD_PAGES[what]
    page = await visitor()
    await _serve(page, body, script)
    async with asyncio.timeout(10):
        while not any(complaint in fault for fault in watch.faults):  # noqa: ASYNC110 - events of the browser
            await asyncio.sleep(0.01)
    with pytest.raises(AssertionError):
        watch.require_nothing()
    watch.faults.clear()


async def test_a_policy_that_is_too_wide_is_noticed(visitor, watch):
    page = await visitor()
    await _serve(page, "", "", _POLICY.replace("script-src 'self'", "script-src 'self' 'unsafe-inline'"))
    with pytest.raises(AssertionError, match="lacks"):
        watch.require_nothing()
    watch.faults.clear()


async def test_a_page_that_does_none_of_this_passes(visitor, watch):
    page = await visitor(language="ja", device="phone")
    await _serve(page, "<p>x</p>", "window.done = navigator.language")
    assert await page.evaluate("[window.done, devicePixelRatio, innerWidth]") == ["ja-JP", 2, 390]
    watch.require_nothing()
