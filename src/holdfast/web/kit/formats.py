"""How amounts and times are written for readers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, format_skeleton, get_timezone_name
from babel.numbers import format_currency, format_decimal, get_currency_precision

from holdfast.web.kit.languages import Language

_YEAR_GOES_WITHOUT_SAYING = timedelta(days=300)


def money(amount: int, currency: str, language: Language) -> str:
    """Write an amount that is given in the currency's minor unit, such as yen or cents: ¥8,000, $12.50."""
    if currency == "JPY" and language == "ja":
        return f"{format_decimal(amount, locale=language)}円"
    digits = get_currency_precision(currency)
    return format_currency(Decimal(amount).scaleb(-digits), currency, locale=language)


def number(value: int, language: Language) -> str:
    """Write a whole number with its thousands apart."""
    return format_decimal(value, locale=language)


def zone_name(when: datetime, zone: str, language: Language) -> str:
    """Name a time zone at a time: Japan Standard Time."""
    there = when.astimezone(ZoneInfo(zone))
    if language == "en" and there.tzname() == "UTC":
        return "UTC"  # nobody knows its long name better, and it takes two lines on a phone
    return get_timezone_name(there, width="long", locale=language)


def moment(when: datetime, zone: str, language: Language) -> str:
    """Write a time in an event's zone with the zone's name: Sat, 12 Dec 2026, 19:00 (Japan Standard Time)."""
    there = when.astimezone(ZoneInfo(zone))
    zone_in_words = zone_name(when, zone, language)
    if language == "ja":
        return f"{format_datetime(there, 'y年M月d日(E) H:mm', locale='ja')}({zone_in_words})"
    return f"{format_datetime(there, 'EEE, d MMM y, HH:mm', locale='en')} ({zone_in_words})"


def day(when: datetime, zone: str, language: Language) -> str:
    """Write the day of a time in an event's zone: Sat, 12 Dec 2026."""
    there = when.astimezone(ZoneInfo(zone))
    return format_datetime(there, "y年M月d日(E)" if language == "ja" else "EEE, d MMM y", locale=language)


def clock(when: datetime, zone: str, language: Language) -> str:
    """Write the time of day of a time in an event's zone: 19:00."""
    return format_skeleton("Hm", when.astimezone(ZoneInfo(zone)), locale=language)


def short_moment(when: datetime, zone: str, language: Language) -> str:
    """Write a time in an event's zone without year and zone, where there is little room: 5 Dec, 10:00."""
    pattern = "M月d日 H:mm" if language == "ja" else "d MMM, HH:mm"
    return format_datetime(when.astimezone(ZoneInfo(zone)), pattern, locale=language)


def day_number(when: datetime, zone: str, language: Language) -> str:
    """Write the day of the month of a time in an event's zone: 26."""
    return format_datetime(when.astimezone(ZoneInfo(zone)), "d", locale=language)


def month_name(when: datetime, zone: str, language: Language) -> str:
    """Write the month of a time in an event's zone: Dec."""
    return format_datetime(when.astimezone(ZoneInfo(zone)), "MMM", locale=language)


def weekday(when: datetime, zone: str, language: Language) -> str:
    """Write the day of the week of a time in an event's zone: Sat."""
    return format_datetime(when.astimezone(ZoneInfo(zone)), "EEE", locale=language)


def other_year(when: datetime, zone: str, language: Language) -> str:
    """Write the year of a time that is so far away that readers would think of another: 2099. Else nothing."""
    if abs(when - datetime.now(UTC)) < _YEAR_GOES_WITHOUT_SAYING:
        return ""
    return format_datetime(when.astimezone(ZoneInfo(zone)), "y年" if language == "ja" else "y", locale=language)
