"""Where the API is, and how its lists are paged."""

from holdfast.http.endpoints.operation import QueryParameter

BASE = "/api/v1"

PAGE = (
    QueryParameter("limit", "How many at most: 1 to 100. Above counts as 100, nonsense as 20.", "20"),
    QueryParameter("offset", "How many to leave out from the start. Nonsense counts as 0.", "0"),
)
