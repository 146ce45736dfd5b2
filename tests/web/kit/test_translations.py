"""Every text of the pages has a Japanese translation with the same placeholders, and none is left over."""

import re
from importlib.resources import files

import pytest
from babel.messages.extract import extract_from_dir

from holdfast.web.kit.languages import catalogs_of

_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")


@pytest.fixture(scope="module")
def written():
    """The texts in templates and code, as (singular) or (singular, plural)."""
    folder = str(files("holdfast.web"))
    methods = [("**.html", "jinja2"), ("**.py", "python")]
    options = {"**.html": {"trimmed": "true", "newstyle_gettext": "true"}}
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None, "trans": None}
    found = extract_from_dir(folder, methods, options, keywords=keywords, strip_comment_tags=False)
    return {message for _, _, message, _, _ in found}


@pytest.fixture(scope="module")
def translated():
    """The translations of all rooms: (room, message)."""
    return [(room, message) for room, catalog in catalogs_of("ja") for message in catalog if message.id]


def test_every_text_is_translated(written, translated):
    there = {message.id for _, message in translated}
    assert sorted(map(str, written - there)) == []


def test_no_translation_is_left_over(written, translated):
    assert sorted(str(message.id) for _, message in translated if message.id not in written) == []


def test_a_text_of_two_rooms_is_translated_alike(translated):
    found = {}
    for _, message in translated:
        found.setdefault(message.id, set()).add(message.string)
    assert [text for text, strings in found.items() if len(strings) > 1] == []


def test_translations_have_the_placeholders_of_the_text(translated):
    for room, message in translated:
        given = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        wanted = message.id if isinstance(message.id, (tuple, list)) else (message.id,)
        for text in given:
            assert text, (room, message.id)
            assert set(_PLACEHOLDER.findall(text)) <= set(_PLACEHOLDER.findall(wanted[-1])), (room, message.id)
