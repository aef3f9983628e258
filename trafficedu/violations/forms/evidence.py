"""Photos and a signature as they are sent: by a plain form, by a page's script, by a phone's queue days later."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage
from wtforms import BooleanField, FileField, HiddenField, MultipleFileField
from wtforms.validators import Length, Optional, Regexp, ValidationError

from trafficedu.core.fields import Form, TextField, at_most
from trafficedu.evidence.rules import KEY, LONGEST_REASON, MOST_BYTES, MOST_SIGNATURE_BYTES, said_by_phone
from trafficedu.evidence.services.pictures import Sent

PICTURES = "image/jpeg,image/png,image/webp"
DATA_URL = "data:image/png;base64,"
"""How a page's script writes what was drawn into a field of a form."""


class _SentForm(Form):
    """What names a picture: the page's own key, or the phone's, and what its clock said."""

    key = HiddenField(
        "",
        [Regexp(rf"{KEY.pattern}\Z", message=_l("This picture has no key of 16 to 64 letters and digits."))],
        default=lambda: uuid.uuid4().hex,
    )
    taken_at = HiddenField("", [Optional(), Length(max=40)])

    def validate_taken_at(self, field: Any) -> None:
        """Refuse what is no moment."""
        if field.data and said_by_phone(field.data) is None:
            raise ValidationError(_l("Write the time like 2026-11-20T08:15:00+08:00."))

    @property
    def taken_utc(self) -> datetime | None:
        """When the phone says it was taken."""
        return said_by_phone(self.taken_at.data or "")


class PhotosForm(_SentForm):
    """Photos of a record, taken now or chosen; several of a plain form have its key and their place in it."""

    photo = MultipleFileField(
        _l("Take or choose photos"),
        description=_l("The position, time and camera details are removed from every photo before it is saved."),
        render_kw={"accept": PICTURES},
    )

    def validate_photo(self, field: Any) -> None:
        """Ask for at least one."""
        if not self._files():
            raise ValidationError(_l("Choose at least one photo."))

    def to_input(self) -> Sequence[Sent]:
        """Return what was sent."""
        return [
            Sent(f"{self.key.data}-{place}" if place else self.key.data, data, self.taken_utc)
            for place, data in enumerate(self._files())
        ]

    def _files(self) -> list[bytes]:
        if not hasattr(self, "_read"):
            files = [each for each in self.photo.data or [] if isinstance(each, FileStorage) and each.filename]
            self._read = [data for file in files if (data := file.read(MOST_BYTES + 1))]
        return self._read


class SignatureForm(_SentForm):
    """A signature: the picture a phone's queue sends, or what a page's script drew; or that it was refused."""

    signature = FileField("", [Optional()])
    drawn = HiddenField("", [Length(max=MOST_SIGNATURE_BYTES * 2)])
    refused = BooleanField(_l("The rider refuses to sign"))

    def validate_drawn(self, field: Any) -> None:
        """Ask for one of the three."""
        if not self.refused.data and not self._picture():
            raise ValidationError(_l("Sign in the box, or tick that the rider refuses to sign."))

    def to_input(self) -> Sent:
        """Return what was sent."""
        return Sent(self.key.data, b"" if self.refused.data else self._picture(), self.taken_utc)

    def _picture(self) -> bytes:
        if not hasattr(self, "_read"):
            file = self.signature.data
            sent = file.read(MOST_SIGNATURE_BYTES + 1) if isinstance(file, FileStorage) and file.filename else b""
            self._read = sent or _decoded(self.drawn.data or "")
        return self._read


def _decoded(text: str) -> bytes:
    if not text.startswith(DATA_URL):
        return b""
    try:
        return base64.b64decode(text.removeprefix(DATA_URL), validate=True)
    except (binascii.Error, ValueError):
        return b""


class WithdrawForm(Form):
    """Why a photo is taken back; its officer need not say while the record may be corrected."""

    reason = TextField(_l("Reason"), [at_most(LONGEST_REASON)], render_kw={"rows": "2"})
