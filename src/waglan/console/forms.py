"""What a browser sends: form fields and uploaded files, bounded.

References
----------
url.spec.whatwg.org (application/x-www-form-urlencoded); RFC 7578 (multipart/form-data).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from python_multipart import create_form_parser

from waglan.core.problem import Problem

MOST_FIELDS = 400
FIELD_BYTES = 64 * 1024


class Upload(NamedTuple):
    """A file as it was sent; its name is only ever shown, never used as a path."""

    name: str
    body: bytes


class Form(NamedTuple):
    """Fields by name (the last one counts), and files."""

    fields: Mapping[str, str] = {}
    files: Mapping[str, Upload] = {}

    def text(self, name: str, default: str = "") -> str:
        """A field without the space around it."""
        return self.fields.get(name, default).strip()

    def required(self, name: str) -> str:
        """A field that must be there; a Problem that names it otherwise."""
        found = self.text(name)
        if not found:
            raise Problem(
                "A field is empty.", "It is needed to go on.", "Fill it in and send the form again.",
                code="form.empty", where=name,
            )  # fmt: skip
        return found


def parse(media: str, body: bytes) -> Form:
    """The fields and files of a body.

    Raises
    ------
    Problem
        ``form.media`` (415) for another content type, ``form.malformed`` (400) for what can't be read.
    """
    kind = media.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded" or not body:
        try:
            return Form(dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)))
        except (UnicodeDecodeError, ValueError):
            raise malformed() from None
    if kind == "multipart/form-data":
        return _multipart(media, body)
    raise Problem(
        f"A form can't be sent as {kind or 'nothing'}.",
        "Browsers send application/x-www-form-urlencoded or multipart/form-data.",
        "Use the page's own form, or the HTTP API for programs.",
        code="form.media",
        status=415,
    )


def _multipart(media: str, body: bytes) -> Form:
    fields: dict[str, str] = {}
    files: dict[str, Upload] = {}

    def on_field(field: object) -> None:
        name, value = field.field_name or b"", field.value or b""  # type: ignore[attr-defined]
        if len(fields) >= MOST_FIELDS or len(value) > FIELD_BYTES:
            raise malformed()
        fields[name.decode("utf-8")] = value.decode("utf-8")

    def on_file(file: object) -> None:
        if len(files) >= 4:
            raise malformed()
        stream = file.file_object  # type: ignore[attr-defined]
        stream.seek(0)
        name = (file.file_name or b"").decode("utf-8", "replace")  # type: ignore[attr-defined]
        files[(file.field_name or b"").decode("utf-8")] = Upload(name[:200], stream.read())  # type: ignore[attr-defined]

    try:
        config = {"MAX_MEMORY_FILE_SIZE": len(body) + 1, "MAX_BODY_SIZE": len(body) + 1}
        parser = create_form_parser({"Content-Type": media.encode()}, on_field, on_file, config=config)
        parser.write(body)
        parser.finalize()
    except Problem:
        raise
    except Exception as error:
        raise malformed() from error
    return Form(fields, files)


def malformed() -> Problem:
    """400: a body that is no form."""
    return Problem(
        "The form can't be read.",
        "Its body isn't what its content type says, or has too many or too large fields.",
        "Go back, reload the page and send it again.",
        code="form.malformed",
        status=400,
    )
