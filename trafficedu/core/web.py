"""What all pages share: answers to domain errors, flashes, the address of the present page changed, panels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import flask_babel
from flask import Flask, Response, current_app, flash, redirect, render_template, request, url_for
from markupsafe import Markup

from trafficedu.core import clock
from trafficedu.core.database import session
from trafficedu.core.errors import Refusal
from trafficedu.core.fields import Form
from trafficedu.core.text import LOCALES, Message, translate

Panel = Callable[..., Markup | str]
Result = TypeVar("Result")


def locale() -> str:
    """Return the language of this request, ``zh`` or ``en``."""
    found = flask_babel.get_locale()
    return str(found.language if found and found.language in LOCALES else current_app.config["BABEL_DEFAULT_LOCALE"])


def say(text: Message | str) -> str:
    """Put a message into the language of this request; the template filter of the same name."""
    return translate(text, locale()) if isinstance(text, Message) else text


def attach_error(form: Form, refusal: Refusal) -> None:
    """Show a refusal at the form field it names, or on top of the form where it names none."""
    target = form[refusal.field] if refusal.field and refusal.field in form else None
    text = say(refusal.text)
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

    ``act`` returns what the view still needs, such as a number: it runs before the commit.
    """
    if not form.validate_on_submit():
        return None
    return acted(form, act)


def acted(form: Form, act: Callable[[], Result]) -> Accepted[Result] | None:
    """Act and commit for a form that is checked already; see :func:`submitted`."""
    try:
        accepted = Accepted(act())
        session().commit()
    except Refusal as refusal:
        session().rollback()
        attach_error(form, refusal)
        return None
    return accepted


def form_page(template: str, form: Form, **values: Any) -> tuple[str, int]:
    """Render a page with its form: 422 where something in it is wrong, so that no script takes it for done."""
    return render_template(template, form=form, **values), 422 if form.errors else 200


def tell(text: Message, category: str = "success") -> None:
    """Flash a sentence (``success``, ``warning`` or ``error``) for the next page."""
    flash(say(text), category)


def back_to(endpoint: str, **values: Any) -> Response:
    """Redirect after a successful POST (303, so that a reload repeats nothing)."""
    return redirect(url_for(endpoint, **values), code=303)  # type: ignore[return-value]


def page_url(**changes: Any) -> str:
    """Return the present address with some query arguments changed; None removes one. Values are not nested."""
    return address_of(request.endpoint or "", **{**(request.view_args or {}), **changes})


def address_of(endpoint: str, **values: Any) -> str:
    """Return the address of ``endpoint`` with the present query arguments, except those given otherwise.

    What a visitor typed into the address never reaches ``url_for``'s own parameters (``_external``, ``_scheme``
    ...), which would make the page fail or its links lead elsewhere.
    """
    typed = {k: v for k, v in request.args.to_dict(flat=False).items() if not k.startswith("_") and k != "endpoint"}
    return url_for(endpoint, **{k: v for k, v in {**typed, **values}.items() if v is not None})


def page_number() -> int:
    """Return ``?page=`` as a number from 1; nonsense counts as 1."""
    return max(1, request.args.get("page", 1, type=int) or 1)


def panels_for(page: str, **subject: Any) -> list[Markup]:
    """Return the fragments that higher features add to ``page``, in the order of ``wiring.PANELS``."""
    table: Mapping[str, Sequence[Panel]] = current_app.extensions["panels"]
    return [Markup(html) for panel in table.get(page, ()) if (html := panel(**subject))]  # noqa: S704 - rendered by templates


def local_time(moment: Any) -> str:
    """Format a stored moment on the district's clock, ``2026-11-23 21:05``."""
    return clock.local(moment).strftime("%Y-%m-%d %H:%M")


def init_web(app: Flask) -> None:
    """Give the templates the filters and functions named in docs/pages.md."""
    app.jinja_env.filters.update(
        say=say, local_time=local_time, local_date=lambda moment: clock.local_date(moment).isoformat()
    )
    app.jinja_env.globals.update(page_url=page_url, address_of=address_of, panels_for=panels_for)
