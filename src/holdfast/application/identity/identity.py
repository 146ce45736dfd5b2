"""What the use cases of this room share in one process."""

from dataclasses import dataclass

from holdfast.application.identity.administration import Administration
from holdfast.application.identity.key_uses import KeyUses
from holdfast.application.identity.owner_directory import OwnerDirectory
from holdfast.application.identity.passwords import Passwords
from holdfast.application.identity.ports import AuditReads, Bookkeeping, IdentityReads
from holdfast.application.identity.rights import Rights
from holdfast.application.identity.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Identity:
    """Everything a use case may call. Made once per process by the composition root."""

    administration: Administration
    reads: IdentityReads
    audit_reads: AuditReads
    bookkeeping: Bookkeeping
    rights: Rights
    owner_directory: OwnerDirectory
    key_uses: KeyUses
    passwords: Passwords
    sessions: Sessions
