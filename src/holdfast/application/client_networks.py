"""Which client addresses are counted together."""

from ipaddress import IPv6Address, ip_address

_IPV6_NETWORK_BITS = 64
"""One household or machine usually has a whole /64, and may choose a new address in it for every request."""


def network_of(address: str) -> str | None:
    """Return what shares a budget with this address: the address itself, or of IPv6 its /64.

    Return None if it is not an address. Some proxies write a port behind it, which is left out: with it, every
    connection would have a budget of its own.
    """
    host = address.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        ip = ip_address(host)
    except ValueError:
        return None
    if not isinstance(ip, IPv6Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    prefix = int(ip) >> _IPV6_NETWORK_BITS << _IPV6_NETWORK_BITS
    return f"{IPv6Address(prefix)}/{_IPV6_NETWORK_BITS}"
