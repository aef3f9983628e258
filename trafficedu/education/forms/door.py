"""The shape of what is sent at the door: what was scanned or typed, and how a rider proves who it is."""

from __future__ import annotations

import re
import uuid
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, FileField, HiddenField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from trafficedu.core.fields import Form, NumbersField, TrimmedField
from trafficedu.education.rules.door import NONCE

PICTURES = "image/jpeg,image/png,image/webp"
CODE_KEYS = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


def _is_set(field: Field) -> bool:
    return str(field.data or "") == "1"


class TapForm(Form):
    """One tap at the door: its own name, and whether the document was compared."""

    nonce = HiddenField("", [Optional(), Regexp(re.compile(NONCE), message=_l("This is not what the page sends."))])
    identified = HiddenField()

    @property
    def compared(self) -> bool:
        """Whether whoever tapped says that the document is the rider's."""
        return _is_set(self.identified)


class ArrivalForm(TapForm):
    """What was scanned or typed at the door; ``move``: a seat elsewhere is given up for one here."""

    words = NumbersField(_l("Code or name"), [InputRequired(_l("Scan a code, or enter a name.")), Length(max=300)])
    move = HiddenField()

    @property
    def moves(self) -> bool:
        """Whether the rider's seat elsewhere is given up."""
        return _is_set(self.move)


class PhotoForm(Form):
    """A photo of a rider at the check-in; ``key`` names the sending."""

    photo = FileField(_l("Take a photo"), [Optional()], render_kw={"accept": PICTURES, "capture": "environment"})
    key = HiddenField("", [Optional(), Regexp(re.compile(NONCE), message=_l("This is not what the page sends."))])

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.key.data = self.key.data or str(uuid.uuid4())

    def data_sent(self) -> bytes:
        """Return the bytes of the photo, none where none was chosen."""
        file = self.photo.data
        return bytes(file.read()) if getattr(file, "filename", "") else b""


class ProofForm(Form):
    """How a rider says on the own phone who it is."""

    who = TrimmedField(
        _l("Your name or receipt number"),
        [InputRequired(_l("Enter your name or the number of your receipt.")), Length(max=80)],
        description=_l("The number is on your receipt and begins with V."),
        render_kw={"autocomplete": "name", "spellcheck": "false"},
    )
    last_four = TrimmedField(
        _l("Last four characters of your identity number"),
        [InputRequired(_l("Enter the last four characters.")), Length(4, 4, _l("Enter exactly four characters."))],
        description=_l("As shown on your identity card or passport. The last one may be an X."),
        render_kw={**CODE_KEYS, "maxlength": "4", "inputmode": "text"},
    )


def kept_tap(sent: Any) -> tuple[str, str, str, bool]:
    """Return what a tablet kept of a tap without a network: session, task or code, nonce, document compared.

    ValueError or KeyError where it is none that our page sends.
    """
    nonce, number, text = str(sent["client_reference"]), str(sent["session"]), str(sent["text"])
    if not re.fullmatch(NONCE, nonce) or not 0 < len(text) <= 300 or not number:
        raise ValueError("no tap")
    return number, text, nonce, sent.get("identified") == "1"
