"""Tells a form that is sent again from one that is sent for the first time, so that a double click makes one thing.

A form that makes something has an id of its own (`form_ids`). What it makes gets ids that are derived from that and
from what is filled in. So the second of two equal forms finds what the first has made. Who goes back and enters
something else gets something else.
"""

import hashlib

from holdfast.application.submission import Submission
from holdfast.web.kit.form_ids import FORM_ID, new_form_id, shown_at
from holdfast.web.kit.visit import Visit


async def submission_of(visit: Visit) -> Submission:
    """Return what the form that was sent stands for. A form without an id, or with an old one, counts as a new one."""
    form = await visit.form()
    form_id = form.text(FORM_ID)
    milliseconds = shown_at(form_id)
    if milliseconds is None:
        form_id = new_form_id()
        milliseconds = shown_at(form_id) or 0
    # The secret of the session goes in, if there is one: so nobody else can find out an API key that is made by it.
    whose = visit.visitor.session_secret or visit.principal.subject or ""
    digest = hashlib.sha256()
    for part in (form_id, whose, visit.call.scope["path"], *form.pairs()):
        written = part.encode("utf-8", "surrogatepass")
        digest.update(len(written).to_bytes(8, "big") + written)
    return Submission(milliseconds=milliseconds, digest=digest.digest())
