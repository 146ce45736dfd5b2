"""Addresses and networks that are trusted: proxies in front, and gateways that name the caller."""

from functools import lru_cache
from ipaddress import ip_address, ip_network


class Networks:
    """A set of addresses and networks; what was looked up is cached, because few peers send most requests."""

    def __init__(self, text: str) -> None:
        """Parse addresses and networks, separated by commas. If there are none, nothing is in the set."""
        self._networks = [ip_network(one.strip()) for one in text.split(",") if one.strip()]
        self._cached = lru_cache(maxsize=4096)(self._look_up)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, host: str) -> bool:
        """Return whether an address is in the set; what is no address is not."""
        return self._cached(host)

    def _look_up(self, host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._networks)
