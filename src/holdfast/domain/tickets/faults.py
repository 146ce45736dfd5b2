"""What can be wrong with the code of a ticket, in words for the person at the door."""

from enum import StrEnum

from holdfast.domain.tickets.ticket import Ticket


class Fault(StrEnum):
    """Why a code does not let its bearer in."""

    EMPTY = "the code is empty"
    NO_TICKET = "this is no ticket of Holdfast: its codes begin with HF1-"
    LOWER_CASE = "the code has small letters; set the scanner to leave letters as they are"
    TWICE = "two codes are joined; set the scanner to send a line end after each"
    OTHER_VERSION = "the code is of another version of Holdfast than this one can read"
    CHARACTER = "the code has a character that no code has; it was misread or changed"
    TOO_SHORT = "the code is too short: its end is missing"
    TOO_LONG = "the code is too long: something was added to it"
    NOT_CANONICAL = "the code does not end as codes do: it was cut, misread or changed"
    SEAT_NUMBER = "the code has no readable seat number: it was misread or changed"
    UNKNOWN_KEY = "no key in the file has signed it: it is forged, or the file is older than the key (export it again)"
    FORGED = "the signature is wrong: the code is forged, changed or misread"
    OTHER_EVENT = "the ticket is for another event"
    SEEN_BEFORE = "this seat's ticket was seen before"


class BadTicket(Exception):
    """A code that does not let its bearer in. `str()` gives a sentence."""

    def __init__(self, fault: Fault, ticket: Ticket | None = None) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.ticket = ticket
        """What it says, if its signature is right."""


class UnreadableCode(BadTicket):
    """The text is no code, so that nothing is known of a ticket."""
