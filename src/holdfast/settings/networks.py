"""Lists of addresses and networks, as several settings have them."""

from ipaddress import ip_network


def checked_networks(text: str) -> str:
    """Read a comma-separated list, and write it without spaces and empty entries.

    Raises:
        ValueError: for what is neither an address nor a network.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        try:
            ip_network(name)
        except ValueError:
            raise ValueError(f"{name!r} is neither an address nor a network such as 10.0.0.0/8") from None
    return ",".join(names)
