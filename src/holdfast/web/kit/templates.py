"""Renders templates in the reader's language."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from holdfast.web.kit import formats
from holdfast.web.kit.form_ids import new_form_id
from holdfast.web.kit.languages import LANGUAGES, Language, words_of


class Templates:
    """The templates, once per language."""

    def __init__(self, *, asset: Callable[[str], str], url: Callable[[str], str]) -> None:
        """Set up; a template is read when it is first used.

        Args:
            asset: Returns the address of a static file.
            url: Returns the address of one of our paths as browsers see it.
        """
        self._environments = {language: _environment(language, asset, url) for language in LANGUAGES}

    def render(self, language: Language, template: str, values: Mapping[str, Any]) -> str:
        """Return the text of a page."""
        return self._environments[language].get_template(template).render(values)

    def names(self) -> list[str]:
        """Return the names of all templates."""
        return self._environments["en"].list_templates()


def _environment(language: Language, asset: Callable[[str], str], url: Callable[[str], str]) -> Environment:
    environment = Environment(
        loader=PackageLoader("holdfast.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    words = words_of(language)
    environment.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(asset=asset, url=url, language=language, new_form_id=new_form_id)
    environment.filters.update(
        money=partial(_money, language),
        number=partial(_number, language),
        moment=partial(_moment, language),
        day=partial(_day, language),
        clock=partial(_clock, language),
        zone_name=partial(_zone_name, language),
        short_moment=partial(_in_zone, formats.short_moment, language),
        day_number=partial(_in_zone, formats.day_number, language),
        month_name=partial(_in_zone, formats.month_name, language),
        other_year=partial(_in_zone, formats.other_year, language),
        weekday=partial(_in_zone, formats.weekday, language),
    )
    return environment


def _money(language: Language, amount: int, currency: str) -> str:
    return formats.money(amount, currency, language)


def _number(language: Language, value: int) -> str:
    return formats.number(value, language)


def _moment(language: Language, when: datetime, zone: str) -> str:
    return formats.moment(when, zone, language)


def _day(language: Language, when: datetime, zone: str) -> str:
    return formats.day(when, zone, language)


def _clock(language: Language, when: datetime, zone: str) -> str:
    return formats.clock(when, zone, language)


def _zone_name(language: Language, when: datetime, zone: str) -> str:
    return formats.zone_name(when, zone, language)


def _in_zone(write: Callable[[datetime, str, Language], str], language: Language, when: datetime, zone: str) -> str:
    return write(when, zone, language)
