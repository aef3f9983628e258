"""What was typed, told by labels and in words where the form is not shown."""

from __future__ import annotations

import inspect

import pytest
from flask import Flask
from wtforms import HiddenField, PasswordField

from trafficedu.core import filled

CARRIED = {"double_met", "found_by_plate", "photos_announced", "plate_met", "rider_number", "signature", "still_on"}
"""What a page carries without a label, beside what is hidden and passwords."""


@pytest.mark.one_database
def test_a_field_of_a_form_is_told_unless_its_page_only_carries_it(app: Flask) -> None:
    posts = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())} - {"static"}
    forms = {form for name in posts for form in filled.forms_of(inspect.unwrap(app.view_functions[name]))}
    with app.test_request_context():
        fields = {
            (form, name): field
            for form in forms
            for name in dir(form)
            if (field := filled.field_of([form], name)) is not None
        }
        carried = {key for key, field in fields.items() if filled.is_carried(field)}
    shown = {name for form, name in carried if not isinstance(fields[form, name], (HiddenField, PasswordField))}
    assert shown == CARRIED
    assert len(fields) - len(carried) > 200


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("path", "typed", "told"),
    [
        ("/notices/N1/answer", [("measure", "suspended"), ("days", "3")], [("采取的措施", "停单"), ("停单天数", "3")]),
        ("/notices/N1/answer", [("measure", "unheard-of")], [("采取的措施", "unheard-of")]),
        ("/notices/N1/answer", [("another", "text")], [("", "text")]),
        ("/companies/C1/edit", [("active", "y"), ("version", "3")], [("启用", "是")]),
        (
            "/courses/C1",
            [("modules-0-name_zh", "一")],
            [("名称（中文）", "一")],
        ),
        ("/nowhere", [("measure", "suspended")], [("", "suspended")]),
    ],
)
def test_what_was_typed_is_told_as_its_form_would(
    app: Flask, path: str, typed: list[tuple[str, str]], told: list[tuple[str, str]]
) -> None:
    with app.test_request_context():
        assert filled.told(path, typed) == told
