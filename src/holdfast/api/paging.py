"""The API's base path, and the paging of its lists."""

from holdfast.http.endpoints.operation import QueryParameter

BASE = "/api/v1"

LIMIT = QueryParameter("limit", "At most this many, 1 to 100. More counts as 100, an invalid value as 20.", "20")
PAGE = (
    LIMIT,
    QueryParameter("offset", "How many to skip at the start. An invalid value counts as 0.", "0"),
)
