"""The cell that the form of a new event was shown for, which the form sends back, and which nobody may choose."""

import hashlib
import hmac

from holdfast.application.catalogue.catalogue import Catalogue
from holdfast.application.catalogue.placing import Placing
from holdfast.application.tickets.tickets import Tickets
from holdfast.web.kit.form_ids import FORM_ID, shown_at
from holdfast.web.kit.visit import Visit

CELL = "cell"
"""The name of the hidden field."""
_SEAL_BYTES = 16


async def suggestion_for(visit: Visit, form_id: str) -> str | None:
    """Return what the field of a form that is about to be shown says: a cell and its seal; None if there is only one.

    Only admins may choose a cell. The seal shows that a node has suggested this one for this form, so a form that is
    sent twice makes one event, and a form that was changed is treated as one that says nothing.

    Raises:
        ConnectionLost, Contended: This process has not sealed anything yet, and cell 0 is away.
    """
    number = await visit.capability(Placing).suggest()
    return None if number is None else f"{number}.{await _seal(visit, form_id, str(number))}"


async def catalogue_for(visit: Visit, *, seats: int) -> Catalogue:
    """Return where the event of a form is to be stored.

    Raises:
        Unavailable: No cell takes new events, or nothing may be asked of the one that was suggested.
        ConnectionLost, Contended: As of `suggestion_for`.
    """
    form = await visit.form()
    form_id = form.text(FORM_ID)
    number, _, seal = form.text(CELL).partition(".")
    placing = visit.capability(Placing)
    # A form that is too old counts as a new one each time it arrives, so nothing depends on its cell.
    if seal and shown_at(form_id) is not None:
        right = await _seal(visit, form_id, number)
        if hmac.compare_digest(right.encode(), seal.encode("utf-8", "surrogatepass")):
            return await placing.suggested(int(number), seats=seats)
    return await placing.catalogue(None, seats=seats)


async def _seal(visit: Visit, form_id: str, number: str) -> str:
    """Return what only nodes can make: all of them have the key that signs tickets.

    After a rotation it is another one. Then a form that was shown before says nothing, as if it were changed.
    """
    signer = await visit.capability(Tickets).key_ring.signer()
    told = f"cell of a new event, suggested by a form\0{form_id}\0{number}"
    signature = signer.sign(told.encode("utf-8", "surrogatepass"))
    return hashlib.blake2b(signature, digest_size=_SEAL_BYTES).hexdigest()
