"""Tickets, from the booking to the door."""

import io
import subprocess
import sys

import segno
from PIL import Image
from playwright.async_api import expect

_KEYS = "/.well-known/holdfast-ticket-keys.json"


async def test_what_the_page_draws_opens_the_door(buyer, house, tmp_path):
    show = await house.show()
    ann = await buyer(device="phone")
    await ann.comes_to(show)
    await ann.taps(show.seat("C", 5), show.seat("C", 6))
    await ann.presses("Continue")
    await ann.has_a_hold()
    await ann.presses("Book these seats")
    await ann.follows("Show the tickets")
    await expect(ann.page.locator("svg.qr")).to_have_count(2)
    codes = [(await code.text_content()).strip() for code in await ann.page.locator(".ticket-code code").all()]
    assert len(set(codes)) == 2
    for picture, code in zip(await ann.page.locator("svg.qr").all(), codes, strict=True):
        assert _modules_of(await picture.screenshot(), code) == _modules_in(code)
    keys = tmp_path / "keys.json"
    keys.write_bytes((await house.api.http.get(_KEYS)).content)
    assert _verified(keys, show.id, *codes) == 0
    assert _verified(keys, show.id, codes[0][:-1] + ("A" if codes[0][-1] != "A" else "B")) == 1
    another = await house.show("Another evening")
    assert _verified(keys, another.id, codes[0]) == 1


async def test_a_ticket_is_printed_without_the_page_around_it(buyer, house):
    show = await house.show()
    ann = await buyer()
    await ann.page.goto(f"/events/{show.id}/seats")
    await ann.page.locator(f"input[value='{show.seat('C', 5)}']").check()
    await ann.presses("Continue")
    await ann.presses("Book these seats")
    await ann.follows("Show the tickets")
    await ann.page.emulate_media(media="print")
    await expect(ann.page.locator("svg.qr")).to_be_visible()
    await expect(ann.page.locator("header.top")).to_be_hidden()
    await expect(ann.page.get_by_role("button")).to_have_count(0)


def _modules_in(code: str) -> list[list[bool]]:
    """The dark modules of the QR code of a text, with its quiet zone."""
    made = segno.make(code, error="M", micro=False, boost_error=False, mask=3)
    return [[bool(module) for module in row] for row in made.matrix_iter(border=4)]


def _modules_of(png: bytes, code: str) -> list[list[bool]]:
    """The dark modules in a picture of as many modules as the code has, each looked at in its middle."""
    picture = Image.open(io.BytesIO(png)).convert("L")
    count = len(_modules_in(code))
    width, height = picture.width / count, picture.height / count
    return [
        [picture.getpixel((int((x + 0.5) * width), int((y + 0.5) * height))) < 128 for x in range(count)]
        for y in range(count)
    ]


def _verified(keys, event_id: str, *codes: str) -> int:
    """What `holdfast tickets verify` at the door says: 0 if it lets in whoever has these codes."""
    command = [sys.executable, "-m", "holdfast", "tickets", "verify", "--keys", str(keys), "--event", event_id, *codes]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode
