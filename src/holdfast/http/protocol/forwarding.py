"""Finds the client behind proxies: the address that the last trusted proxy names."""

from functools import lru_cache
from ipaddress import ip_address, ip_network

Address = tuple[str, int]


class Forwarding:
    """Knows which proxies are trusted."""

    def __init__(self, trusted_proxies: str) -> None:
        """Parse addresses and networks, separated by commas. If there are none, no proxy is trusted."""
        self._networks = [ip_network(one.strip()) for one in trusted_proxies.split(",") if one.strip()]
        self._trusts = lru_cache(maxsize=4096)(self._is_trusted)

    def client_of(self, peer: Address | None, fields: dict[bytes, bytes]) -> Address | None:
        """Return the client's address.

        Args:
            peer: The other end of the connection.
            fields: The request's header fields, by name.
        """
        if not self._networks or peer is None or not self._trusts(peer[0]):
            return peer
        named = fields.get(b"x-forwarded-for")
        if named is None:
            return peer
        hosts = [host.strip() for host in named.decode("latin-1").split(",")]
        for host in reversed(hosts):
            if not self._trusts(host):
                return host, 0
        return hosts[0], 0

    def _is_trusted(self, host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def address_of(given: object) -> Address | None:
    """Return the address and port of one end; None for a Unix socket, which has none.

    An IPv6 socket that accepts IPv4 writes `::ffff:192.0.2.7`, which would match no trusted network, so the prefix is
    removed.
    """
    if isinstance(given, tuple) and len(given) >= 2:
        host = str(given[0])
        return host.removeprefix("::ffff:") if "." in host else host, int(given[1])
    return None
