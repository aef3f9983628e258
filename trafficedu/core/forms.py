"""The one door for what is submitted: check, act, commit, a refusal at its field; and the page that shows the form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import render_template

from trafficedu.core.database import session
from trafficedu.core.errors import Refusal
from trafficedu.core.fields import Form, OnceForm
from trafficedu.core.once import OtherContent
from trafficedu.core.text import Message
from trafficedu.core.transactions import writing
from trafficedu.core.web import flash_message, translated

Result = TypeVar("Result")


def attach_error(form: Form, refusal: Refusal) -> None:
    """Show a refusal at the form field it names, or on top of the form where it names none."""
    if isinstance(refusal, OtherContent) and isinstance(form, OnceForm):
        form.begin_anew(refusal.number)
    target = form[refusal.field] if refusal.field and refusal.field in form else None
    text = translated(refusal.text)
    if target is None:
        form.form_errors.append(text)
    else:
        target.errors = [*target.errors, text]


@dataclass(frozen=True)
class Accepted(Generic[Result]):
    """A submitted form that was acted upon; ``value`` is what the act returned."""

    value: Result


def submitted(form: Form, act: Callable[[], Result]) -> Accepted[Result] | None:
    """Take a submitted form: check it, act, commit.

    Returns None where there is nothing to take (the page was only opened), where a field is wrong, or where a rule
    refused: then nothing is written, the refusal stands at its field, and the view shows the form again with all that
    was typed. Whatever else the act raises (stale, missing, denied) is an answer of its own and travels on.

    ``act`` returns what the view still needs, such as a number: it runs before the commit. Until it begins the request
    only reads; what the view loaded for it is read anew.
    """
    if not form.validate_on_submit():
        return None
    return acted(form, act)


def acted(form: Form, act: Callable[[], Result]) -> Accepted[Result] | None:
    """Act and commit for a form that is checked already; see :func:`submitted`."""
    return _committed(act, lambda refusal: attach_error(form, refusal))


def carried_out(act: Callable[[], Result], success: Message | None = None) -> Accepted[Result] | None:
    """Act and commit for a button without a form; a refusal is said on the next page, and None returned.

    ``success`` is what the next page says where nothing was refused.
    """
    accepted = _committed(act, lambda refusal: flash_message(refusal.text, "error"))
    if accepted and success is not None:
        flash_message(success)
    return accepted


def told_shortly(act: Callable[[], Any], fragment: Callable[[], str]) -> tuple[dict[str, str], int]:
    """Act and commit for a page's own script (:func:`~trafficedu.core.web.wants_sentence`).

    It is told a sentence where a rule refused, with 422; else the piece of the page that has changed.
    """
    refusals: list[Refusal] = []
    if _committed(act, refusals.append) is None:
        return {"message": translated(refusals[0].text)}, 422
    return {"html": fragment()}, 200


def errors_told(form: Form) -> tuple[dict[str, str], int]:
    """Tell a page's own script what is wrong with a form, as one sentence, with 422."""
    faults = [*form.form_errors, *(fault for field in form for fault in field.errors)]
    return {"message": " ".join(str(fault) for fault in faults)}, 422


def _committed(act: Callable[[], Result], show: Callable[[Refusal], None]) -> Accepted[Result] | None:
    """Act and commit; where a rule refuses, undo and show the refusal."""
    try:
        with writing(session()):
            return Accepted(act())
    except Refusal as refusal:
        show(refusal)
        return None


def form_page(template: str, form: Form, **values: Any) -> tuple[str, int]:
    """Render a page with its form: 422 where something in it is wrong, so that no script takes it for done."""
    return render_template(template, form=form, **values), 422 if form.errors else 200
