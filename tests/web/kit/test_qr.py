"""QR codes as SVG: what the content security policy allows, and what a screen reader needs."""

import asyncio
import re
import xml.etree.ElementTree as ET

import segno

from holdfast.web.kit.qr import qr_svg
from tickets.tickets import a_code


def dark_modules(picture):
    """Return the places of dark modules in a drawing of horizontal lines."""
    x, y, found = 0, 0.0, set()
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", picture[1].get("d")):
        values = [float(number) for number in numbers.split()]
        if command == "h":
            found |= {(int(x) + step, int(y)) for step in range(int(values[0]))}
            x += values[0]
        else:
            x, y = values if command == "M" else (x + values[0], y + values[1])
    return found


async def test_a_qr_code_is_one_picture_without_style_or_script():
    picture = ET.fromstring(str(await qr_svg(a_code(), 'Seat <A> & "B"')))
    assert picture.attrib == {"class": "qr", "role": "img", "aria-label": 'Seat <A> & "B"', "viewBox": "0 0 57 57"}
    assert [(child.tag, sorted(child.attrib)) for child in picture] == [
        ("path", ["d", "fill"]),
        ("path", ["d", "stroke"]),
    ]


async def test_it_draws_the_code_that_it_was_given():
    code = segno.make(a_code(), error="M", micro=False, boost_error=False, mask=3)
    expected = {(x, y) for y, row in enumerate(code.matrix_iter(border=4)) for x, dark in enumerate(row) if dark}
    assert dark_modules(ET.fromstring(str(await qr_svg(a_code(), "")))) == expected


async def test_codes_drawn_at_once_are_not_confused():
    pictures = await asyncio.gather(*(qr_svg(f"HF1-{number}", "") for number in range(20)))
    assert len(set(pictures)) == 20
    assert pictures == [await qr_svg(f"HF1-{number}", "") for number in range(20)]
