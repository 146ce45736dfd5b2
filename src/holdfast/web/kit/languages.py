"""The languages of the pages: English, in which they are written, and Japanese."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

Language: TypeAlias = Literal["en", "ja"]

LANGUAGES: tuple[Language, ...] = ("en", "ja")
_HEADER_MAX = 500


@dataclass(frozen=True, slots=True)
class Words:
    """The functions that translate into one language."""

    language: Language
    gettext: Callable[[str], str]
    ngettext: Callable[[str, str, int], str]


def mark(text: str) -> str:
    """Mark a text for translation that is translated later, where the reader's language is known."""
    return text


@cache
def words_of(language: Language) -> Words:
    """Return the functions that translate into a language. A text without a translation stays English."""
    translations = NullTranslations() if language == "en" else _compiled(language)
    return Words(language, translations.gettext, translations.ngettext)


@cache
def catalogs_of(language: Language) -> tuple[tuple[str, Catalog], ...]:
    """Read the translations of each room (`locale/ja/buyer.po`), by room."""
    folder = files("holdfast.web") / "locale" / language
    return tuple(
        (file.name.removesuffix(".po"), read_po(io.BytesIO(file.read_bytes()), locale=language))
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".po")
    )


def preferred(accept_language: str, chosen: str | None) -> Language:
    """Return the language to answer in.

    Args:
        accept_language: What the browser says its reader prefers (RFC 9110, 12.5.4).
        chosen: What the reader has chosen on one of our pages.
    """
    for language in LANGUAGES:
        if language == chosen:
            return language
    wanted = []
    for place, part in enumerate(accept_language[:_HEADER_MAX].split(",")):
        name, _, quality = part.strip().partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=")) if quality else 1.0
        except ValueError:
            weight = 0.0
        wanted.append((-weight, place, name.strip().lower().partition("-")[0]))
    for weight, _, name in sorted(wanted):
        for language in LANGUAGES:
            if language == name and weight < 0:
                return language
    return "en"


def _compiled(language: Language) -> Translations:
    whole = Catalog(locale=language)
    for _, catalog in catalogs_of(language):
        for message in catalog:
            if message.id:
                whole.add(message.id, message.string, context=message.context)
    compiled = io.BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return Translations(compiled)
