"""Who asks, behind proxies: whoever the last proxy that is trusted says that it was asked by."""

from functools import lru_cache
from ipaddress import ip_address, ip_network

Address = tuple[str, int]


class Forwarding:
    """Which proxies are believed."""

    def __init__(self, trusted_proxies: str) -> None:
        """Read addresses and networks, separated by commas; where there are none nobody is believed."""
        self._networks = [ip_network(one.strip()) for one in trusted_proxies.split(",") if one.strip()]
        self._trusts = lru_cache(maxsize=4096)(self._is_trusted)

    def client_of(self, peer: Address | None, fields: dict[bytes, bytes]) -> Address | None:
        """Give the address of the client.

        Args:
            peer: The other side of the connection.
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
    """The address and port of one side; None for a Unix socket, which has none.

    A socket for IPv6 that takes IPv4 too writes `::ffff:192.0.2.7`: no network of trusted proxies would hold that.
    """
    if isinstance(given, tuple) and len(given) >= 2:
        host = str(given[0])
        return host.removeprefix("::ffff:") if "." in host else host, int(given[1])
    return None
