"""A form that is sent, however often it arrives: what it makes gets the same id each time."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from holdfast.application.identifiers import CellIds


@dataclass(frozen=True, slots=True)
class Submission:
    """A form with what is filled in, as somebody sends it.

    Whoever clicks twice sends it twice, perhaps to two nodes at the same time. Both derive the same ids from it, so the
    database sees that they are one wish, and no node has to remember anything.
    """

    milliseconds: int
    """When the form was shown, in Unix milliseconds."""
    digest: bytes
    """32 bytes that are the same for the same form with the same entries from the same browser, and known to no other.
    """

    def thing_id(self, ids: CellIds) -> UUID:
        """Return the id of what it makes, in a cell."""
        return ids.chosen(self.milliseconds, int.from_bytes(self._derived(b"id")[:8], "big"))

    @property
    def secret(self) -> bytes:
        """A secret that it makes, of 32 bytes."""
        return self._derived(b"secret")

    def _derived(self, purpose: bytes) -> bytes:
        return hashlib.blake2b(purpose, key=self.digest, digest_size=32).digest()
