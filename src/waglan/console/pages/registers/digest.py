"""A document's digest from the file itself: hashed here, shown, and the file let go."""

from __future__ import annotations

import hashlib

from waglan.console.forms import Form
from waglan.console.visit import Visit

MOST_BYTES = 32 * 1024 * 1024


def kept_digest(visit: Visit) -> str:
    """SHA-256 of the file that came with this form, in hexadecimal; empty where none came.

    A browser never fills in a file again, so a form that has to be corrected shows the digest instead.
    """
    file = visit.form.files.get("file")
    return hashlib.sha256(file.body).hexdigest() if file is not None and file.body else ""


def with_digest(visit: Visit) -> Visit:
    """The visit with the file's digest in its form, where there is a file."""
    made = kept_digest(visit)
    return visit._replace(form=Form({**visit.form.fields, "digest": made}, {})) if made else visit
