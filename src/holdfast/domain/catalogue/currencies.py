"""Currencies that an event can be sold in: the active codes of ISO 4217 for money that people pay with.

Codes for funds, precious metals and tests are left out. The table is our own because it is a page long and changes once
or twice a year; a library would bring a database of the world's countries with it.
"""

from collections.abc import Mapping

from holdfast.domain.refusal import InvalidValue

DEFAULT_CURRENCY = "JPY"
"""The currency of an event that names none (contract)."""

_WITH_MINOR_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC "
        "CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR "
        "JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD "
        "NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN "
        "SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
}

MINOR_DIGITS: Mapping[str, int] = {
    code: digits for digits, codes in _WITH_MINOR_DIGITS.items() for code in codes.split()
}
"""For each code, how many decimal digits its minor unit has: 0 for JPY, 2 for EUR. Prices are counts of minor units."""


def require_currency(field: str, code: str) -> None:
    """Refuse what is not a currency.

    Raises:
        InvalidValue: naming `field`.
    """
    if code not in MINOR_DIGITS:
        raise InvalidValue(field, "must be the code of a currency in ISO 4217, such as JPY or EUR")
