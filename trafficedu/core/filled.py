"""What was typed into a form, told by its labels and in words, where the form itself is not shown.

Of what was posted only the address and names with values are known: the act was refused before its view made the form,
or the rider was signed out. The form is one of those that the code of the view at this address names.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from functools import cache
from types import CodeType, FunctionType
from urllib.parse import urlsplit

import wtforms
from flask import current_app
from flask_babel import gettext
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from wtforms.fields import BooleanField, Field, FieldList, HiddenField, PasswordField, SelectFieldBase
from wtforms.fields.choices import SelectChoice
from wtforms.fields.core import UnboundField


def told(path: str, typed: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the label and the value in words of each of ``typed``; no label where no form of ``path`` has the field.

    What a page carries without showing it is left out.
    """
    forms = _forms_at(path)
    found = [(field_of(forms, name), value) for name, value in typed]
    return [
        ("" if field is None else str(field.label.text), value if field is None else _in_words(field, value))
        for field, value in found
        if field is None or not is_carried(field)
    ]


def is_carried(field: Field) -> bool:
    """Tell whether a page carries a field without showing what is in it: such a one has no label either."""
    return isinstance(field, (HiddenField, PasswordField)) or not str(field.label.text)


def _in_words(field: Field, value: str) -> str:
    """Return what the page called a chosen ``value``; what was typed stays as it is."""
    if isinstance(field, BooleanField):
        return str(gettext("yes"))
    if isinstance(field, SelectFieldBase):
        offered = getattr(field, "choices", None) or ()
        flat = offered.values() if isinstance(offered, dict) else [offered]
        choices = [SelectChoice.from_input(one) for group in flat for one in group]
        return next((str(choice.label) for choice in choices if str(choice.value) == value), value)
    return value


def field_of(forms: Sequence[type[wtforms.Form]], name: str) -> Field | None:
    """Return the field of a name, of a part of a form ``modules-0-title`` as well."""
    name, _, inside = name.partition("-")
    for form in forms:
        unbound = getattr(form, name, None)
        if not isinstance(unbound, UnboundField):
            continue
        field = unbound.bind(form=wtforms.Form(), name=name)
        if isinstance(field, FieldList):
            part = field.unbound_field.args[0]
            return field_of([part], inside.partition("-")[2])
        return field
    return None


def _forms_at(path: str) -> Sequence[type[wtforms.Form]]:
    try:
        endpoint, _ = current_app.url_map.bind("").match(urlsplit(path).path, "POST")
    except (HTTPException, RequestRedirect):
        return ()
    return forms_of(inspect.unwrap(current_app.view_functions[endpoint]))


@cache
def forms_of(view: FunctionType) -> Sequence[type[wtforms.Form]]:
    """Return the forms that a view names, then those of the functions of its feature that it calls."""
    feature = view.__module__.rpartition(".")[0]
    functions, forms = [view], list[type[wtforms.Form]]()
    for function in functions:
        for one in map(function.__globals__.get, _names(function.__code__)):
            if isinstance(one, type) and issubclass(one, wtforms.Form) and one not in forms:
                forms.append(one)
            elif isinstance(one, FunctionType) and one.__module__.startswith(feature) and one not in functions:
                functions.append(one)
    return forms


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names that a function's code uses, its inner functions' too."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
