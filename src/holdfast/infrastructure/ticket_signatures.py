"""Ed25519 (RFC 8032), by cryptography."""

from typing import TYPE_CHECKING

from holdfast.domain.tickets.keys import KeyPair

if TYPE_CHECKING:
    from collections.abc import Callable


class Ed25519Signatures:
    """`application.tickets.ports.Signatures`.

    The library is imported when it is first needed: a node that never shows a ticket does without its memory.
    """

    def new_pair(self) -> KeyPair:
        """Make a key from random bits of the operating system."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

        key = Ed25519PrivateKey.generate()
        return KeyPair(private=key.private_bytes_raw(), public=key.public_key().public_bytes_raw())

    def signer(self, private: bytes) -> "Callable[[bytes], bytes]":
        """Return what signs with a private key."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

        return Ed25519PrivateKey.from_private_bytes(private).sign

    def is_right(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Return whether a signature is right; also False for a key that is no point of the curve."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True
