"""How many wrong passwords may be tried.

Three counts are kept: of a client network, of an account, and of an account from one network. The second is large and
does not apply where the account has signed in before, so that nobody who tries an account's name from elsewhere keeps
its owner out.
"""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Limit:
    """So many wrong tries in so many seconds."""

    tries: int
    seconds: int


OF_ACCOUNT_HERE = Limit(10, 15 * 60)
"""Of one account from one network."""
OF_NETWORK = Limit(50, 15 * 60)
"""Of all accounts from one network: an office behind one address signs in together in the morning."""
OF_ACCOUNT = Limit(100, 60 * 60)
"""Of one account from all networks from which it has not signed in before."""
KNOWN_SECONDS = 30 * 24 * 60 * 60
"""How long a network is known to an account after it signed in from there."""


class Tried(NamedTuple):
    """Whose password is tried, and from where."""

    account: str
    network: str
