"""Every action that the policy distinguishes."""

from enum import StrEnum


class Verb(StrEnum):
    """One for each operation of the API, by its name; at the end, actions outside the API and parts of operations."""

    # Service
    HEALTH = "health"
    HEALTH_OF_API = "health_of_api"
    LIVE = "live"
    READY = "ready"
    METRICS = "metrics"
    OPENAPI = "openapi"
    SCHEMA_OF_HALLS = "schema_of_halls"
    WELCOME = "welcome"
    SWAGGER_SHORT = "swagger_short"
    SWAGGER_FOLDER = "swagger_folder"
    SWAGGER = "swagger"
    TICKET_KEYS = "ticket_keys"

    # Events and seats
    LIST_EVENTS = "list_events"
    GET_EVENT = "get_event"
    CREATE_EVENT = "create_event"
    EDIT_EVENT = "edit_event"
    DELETE_EVENT = "delete_event"
    LIST_SEATS = "list_seats"
    COUNT_AVAILABLE_SEATS = "count_available_seats"
    GET_SEAT = "get_seat"
    GET_SEAT_MAP = "get_seat_map"
    GET_AVAILABILITY = "get_availability"
    STREAM_CHANGES = "stream_changes"
    LIST_CHANNELS = "list_channels"
    PUT_CHANNEL = "put_channel"
    DELETE_CHANNEL = "delete_channel"
    LIST_CHANNEL_SEATS = "list_channel_seats"
    KEEP_BACK_SEATS = "keep_back_seats"
    GIVE_BACK_SEATS = "give_back_seats"
    ADD_SEAT = "add_seat"
    ADD_SEATS = "add_seats"

    # Halls
    LIST_CATEGORIES = "list_categories"
    PUT_CATEGORIES = "put_categories"
    GET_HALL = "get_hall"
    PUT_HALL = "put_hall"
    ADD_SECTION = "add_section"
    GET_LAYOUT = "get_layout"

    # Reservations
    RESERVE = "reserve"
    LIST_RESERVATIONS = "list_reservations"
    GET_RESERVATION = "get_reservation"
    CONFIRM = "confirm"
    CANCEL = "cancel"
    EXTEND = "extend"
    CHANGE_SEATS = "change_seats"
    RELEASE = "release"

    # What organisers read about their sales
    LIST_EVENT_RESERVATIONS = "list_event_reservations"
    GET_SALES = "get_sales"

    # Identity
    CREATE_ORGANISER = "create_organiser"
    LIST_ORGANISERS = "list_organisers"
    GET_ORGANISER = "get_organiser"
    PUT_MEMBER = "put_member"
    DELETE_MEMBER = "delete_member"
    LIST_MEMBERS = "list_members"
    CREATE_API_KEY = "create_api_key"
    LIST_API_KEYS = "list_api_keys"
    REVOKE_API_KEY = "revoke_api_key"
    GET_ME = "get_me"
    READ_AUDIT = "read_audit"

    # On the command line
    ADD_ACCOUNT = "add_account"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a name in the audit

    MAKE_SIGN_IN_LINK = "make_sign_in_link"
    ROTATE_TICKET_KEY = "rotate_ticket_key"
    REVOKE_TICKET_KEY = "revoke_ticket_key"

    # Parts of operations
    SEE_DRAFTS = "see_drafts"
    """Events that are not published."""
    SEE_HOLDERS = "see_holders"
    """The reservation that holds or has bought a seat (`reserved_by`)."""
    SEE_API_KEY = "see_api_key"
    SELL = "sell"
    """Confirm reservations that only the seller may confirm."""
    EXCEED_PURCHASE_LIMIT = "exceed_purchase_limit"
    USE_CHANNELS = "use_channels"
    """Hold seats of every channel, without its code."""
    NAME_ACCESS_CODE = "name_access_code"
    """List the seats of a channel whose code the request names (`X-Access-Code`)."""
    CHOOSE_CELL = "choose_cell"
    """Say which database a new event is stored in (`cell`)."""

    @property
    def is_operation(self) -> bool:
        """Whether the API has an operation of this name."""
        return self not in PARTS


PARTS = frozenset(
    {
        Verb.ADD_ACCOUNT,
        Verb.RESET_PASSWORD,
        Verb.MAKE_SIGN_IN_LINK,
        Verb.ROTATE_TICKET_KEY,
        Verb.REVOKE_TICKET_KEY,
        Verb.SEE_DRAFTS,
        Verb.SEE_HOLDERS,
        Verb.SEE_API_KEY,
        Verb.SELL,
        Verb.EXCEED_PURCHASE_LIMIT,
        Verb.USE_CHANNELS,
        Verb.NAME_ACCESS_CODE,
        Verb.CHOOSE_CELL,
    }
)
"""Verbs that are not operations."""
