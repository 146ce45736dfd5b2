"""What the tests of the keys' cache share."""

DISCOVERY = "/.well-known/openid-configuration"


def keys_of(verifier, issuer):
    return verifier._keys[issuer.address]


async def refresh(verifier, issuer):
    """Do what the background task does when a refresh is due."""
    await keys_of(verifier, issuer)._fly()
