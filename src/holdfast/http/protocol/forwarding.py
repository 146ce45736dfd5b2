"""Finds the client behind proxies: the address that the last trusted proxy names."""

from functools import lru_cache
from ipaddress import ip_address, ip_network

Address = tuple[str, int]


class Networks:
    """Addresses and networks that are trusted: proxies in front, and gateways that name the caller.

    What was looked up is cached, because few peers send most requests.
    """

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


class Forwarding:
    """Knows which proxies are trusted."""

    def __init__(self, trusted_proxies: str) -> None:
        """Parse addresses and networks, separated by commas. If there are none, no proxy is trusted."""
        self._trusted = Networks(trusted_proxies)

    def client_of(self, peer: Address | None, fields: dict[bytes, bytes]) -> Address | None:
        """Return the client's address.

        Args:
            peer: The other end of the connection.
            fields: The request's header fields, by name.
        """
        if not self._trusted or peer is None or peer[0] not in self._trusted:
            return peer
        named = fields.get(b"x-forwarded-for")
        if named is None:
            return peer
        hosts = [host.strip() for host in named.decode("latin-1").split(",")]
        for host in reversed(hosts):
            if host not in self._trusted:
                return host, 0
        return hosts[0], 0


def address_of(given: object) -> Address | None:
    """Return the address and port of one end; None for a Unix socket, which has none.

    An IPv6 socket that accepts IPv4 writes `::ffff:192.0.2.7`, which would match no trusted network, so the prefix is
    removed.
    """
    if isinstance(given, tuple) and len(given) >= 2:
        host = str(given[0])
        return host.removeprefix("::ffff:") if "." in host else host, int(given[1])
    return None
