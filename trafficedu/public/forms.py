"""The shape of what riders and readers of certificates type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, HiddenField, RadioField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from trafficedu.core.fields import Form, NumbersField, OutsideField, TrimmedField, at_most
from trafficedu.core.numbers import is_number, normalise
from trafficedu.issued.rules import LETTERS

CODE_KEYS = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


def _number(*letters: str) -> Callable[[Any, Field], None]:
    """Refuse what cannot be a number: its check character tells, before anything is looked up."""

    def check(_form: Any, field: Field) -> None:
        if not any(is_number(normalise(field.data or ""), letter) for letter in letters):
            text = _l("This number is not valid: a character is missing or wrong. Check it against the paper.")
            raise ValidationError(str(text))

    return check


class KeyForm(Form):
    """The last four characters that open a receipt whose number is known."""

    last_four = TrimmedField(
        _l("Last four characters of your identity number"),
        [InputRequired(_l("Enter the last four characters.")), Length(4, 4, _l("Enter exactly four characters."))],
        description=_l("As shown on your identity card or passport. The last one may be an X."),
        render_kw={**CODE_KEYS, "maxlength": "4", "inputmode": "text"},
    )
    ticket = HiddenField()


class ReceiptForm(KeyForm):
    """The number of a receipt and what opens it."""

    number = TrimmedField(
        _l("Receipt number"),
        [InputRequired(_l("Enter the receipt number.")), _number("V")],
        description=_l("It is on your receipt, begins with V and has 12 characters."),
        render_kw={**CODE_KEYS, "maxlength": "20"},
    )


class DocumentForm(Form):
    """The number of a document."""

    number = TrimmedField(
        _l("Number of the document"),
        [InputRequired(_l("Enter the document number.")), _number(*LETTERS)],
        description=_l("It stands beside the code, begins with C or D and has 12 characters."),
        render_kw={**CODE_KEYS, "maxlength": "20"},
    )


class SessionForm(Form):
    """Which session to study in."""

    session = RadioField(_l("Sessions with a free seat"), [InputRequired(_l("Choose a session."))])
    earlier_ok = BooleanField(
        _l("I would also come earlier"),
        description=_l("When a seat on an earlier day becomes free, you get it instead. This page says so."),
    )

    def offer(self, choices: Sequence[tuple[str, str]]) -> None:
        """Offer sessions by number."""
        self.session.choices = list(choices)


class ObjectionForm(Form):
    """Why the rider thinks the record wrong."""

    statement = OutsideField(
        _l("What is wrong with the record?"),
        [
            InputRequired(_l("Say what is wrong with the record.")),
            at_most(2000),
        ],
        description=_l("Say what happened, in your own words. A supervisor will read it together with the record."),
        render_kw={"rows": "6"},
    )
    contact = NumbersField(
        _l("Phone number for questions"),
        [Optional(), at_most(30)],
        render_kw={"inputmode": "tel", "autocomplete": "tel"},
    )
