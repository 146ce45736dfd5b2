"""Refusals of the pages' own."""

from holdfast.domain.refusal import Refusal


class CookiesNeeded(Refusal):
    """The browser sent a form without the cookie that the page set."""

    code = "cookies_needed"

    def __init__(self) -> None:
        super().__init__("The browser did not send the cookie of the page.")
