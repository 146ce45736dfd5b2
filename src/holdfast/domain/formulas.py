"""Keeps texts that others chose from becoming formulas in spreadsheets."""

import re

# A spreadsheet takes what begins like this for a formula, and runs it for whoever opens the file. Spreadsheets of other
# languages separate by semicolons or tabs, so a text is not safe only because it begins with a letter. Apostrophes that
# are there already count as part of a formula, so that `restored` can tell them from those of `defused`.
_BEGINS = r"(?='*[ \u3000]*[=+\-@\t\r＝＋－＠])"  # noqa: RUF001 - the wide forms count too
_PLACE = r"(^|[;,\t|\r\n\"])"
_FORMULA = re.compile(_PLACE + _BEGINS)
_DEFUSED = re.compile(_PLACE + "'" + _BEGINS)


def defused(text: str) -> str:
    """Return a text in a form that no spreadsheet takes for a formula.

    An apostrophe is put where a formula could begin. Spreadsheets take it for the mark of a text.
    """
    return _FORMULA.sub(r"\1'", text)


def restored(text: str) -> str:
    """Return the text that was defused."""
    return _DEFUSED.sub(r"\1", text) if "'" in text else text
