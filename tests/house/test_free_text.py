"""No free text holds anybody's number: every field of every form is walked, and what is no free text is named here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict
from wtforms import Form as PlainForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.fields.core import UnboundField

import trafficedu.app
from tests.factories.riders import make_identity
from tests.house.test_commands import violation
from trafficedu.areas.fields import PlaceField
from trafficedu.core import parsing
from trafficedu.core.fields import FilterForm, Form, FormPart, NumbersField, OutsideField, TextField, TrimmedField
from trafficedu.core.personal import HINT
from trafficedu.core.web import translated
from trafficedu.wiring.files import IMPORTERS

PHONE, CARD = "13812345678", make_identity()
KEPT_AS_NUMBERS = {
    "id_number": "RiderFields AccidentRiderForm RiderForm",
    "phone": "RiderFields AccidentRiderForm RiderForm CompanyForm StationForm",
    "words": "SearchForm",
    "contact": "ObjectionForm",
    "contact_phone": "CompanyForm",
    "name": "FindForm",
    "username": "SignInForm UserForm",
    "address": "ChannelForm",
    "secret": "ChannelForm",
    "email": "ContactForm",
    "wechat": "ContactForm",
}
"""Fields that are somebody's number and kept as such: encrypted, or a business's own, or only looked for."""


def forms(kind: type[Any]) -> Iterator[type[Any]]:
    """Yield all forms that derive from ``kind``."""
    for form in kind.__subclasses__():
        if not issubclass(form, FilterForm):
            yield form
            yield from forms(form)


def fields() -> dict[tuple[str, str], UnboundField]:
    """Return the fields of all forms that change something, by form and name."""
    assert trafficedu.app.PAGES
    found = {}
    for form in {*forms(Form), *forms(FormPart)}:
        if form.__module__.startswith("trafficedu."):
            for name in dir(form):
                if isinstance(field := getattr(form, name, None), UnboundField):
                    found[form.__name__, name] = field
    return found


FIELDS = fields()
OF_TEXT = {key: field for key, field in FIELDS.items() if issubclass(field.field_class, StringField)}
FREE = {
    key: field
    for key, field in OF_TEXT.items()
    if issubclass(field.field_class, TrimmedField | TextField) and not issubclass(field.field_class, NumbersField)
}


def test_what_is_no_free_text_is_named() -> None:
    rest = {key: field for key, field in OF_TEXT.items() if key not in FREE}
    others = {
        key: field.field_class.__name__
        for key, field in rest.items()
        if not issubclass(field.field_class, NumbersField | HiddenField | PasswordField | PlaceField)
    }
    assert others == {}
    inherited = {key for key, field in rest.items() if issubclass(field.field_class, NumbersField)}
    assert {name for _form, name in inherited} <= KEPT_AS_NUMBERS.keys()
    assert len(FREE) > 60


@pytest.mark.one_database
@pytest.mark.parametrize("number", [PHONE, f"1\u200b38 1234 5678 {CARD}", CARD])
def test_a_number_in_any_free_text_is_refused_at_the_field(app: Flask, number: str) -> None:
    with app.test_request_context():
        for key, unbound in FREE.items():
            form = PlainForm()
            field = unbound.bind(form, "text")
            field.process(MultiDict({"text": f"见 {number} 备注"}))
            field.validate(form)
            if issubclass(unbound.field_class, OutsideField):
                assert "****" in field.data, key
            else:
                assert translated(HINT) in field.errors, key


def test_free_text_of_files_is_masked() -> None:
    row = violation("R1", place=f"东门路口 {PHONE}", note=f"家属 {CARD}")
    read = IMPORTERS["violations"].columns.read(row)
    assert (read["place"], read["note"]) == ("东门路口 138****5678", f"家属 {CARD[:3]}*************{CARD[-2:]}")
    assert parsing.prose(60)("骑手 13812345678 说") == "骑手 138****5678 说"
