"""What all pages share: sentences in the reader's language, flashes, the present address changed, panels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import flask_babel
from flask import Flask, Response, current_app, flash, redirect, request, url_for
from flask_babel import gettext
from markupsafe import Markup

from trafficedu.core import clock
from trafficedu.core.access import actor
from trafficedu.core.counting import CAP
from trafficedu.core.database import session
from trafficedu.core.paging import Place
from trafficedu.core.passages import Passage, Teller, in_order
from trafficedu.core.row_acts import Followers
from trafficedu.core.states import Word
from trafficedu.core.tabular import Exporter, Importer
from trafficedu.core.text import LOCALES, Message, translate, translations
from trafficedu.core.times import Moment

Panel = Callable[..., Markup | str]


@dataclass(frozen=True)
class Tables:
    """What pages read of ``trafficedu.wiring``.

    ROLE -> panels, PAGE -> panels, KIND -> importer, KIND -> exporter, KIND -> what a document would say now, KIND
    -> the page on which a document of it is revoked, where its record has to follow, PAGE -> who tells its time line,
    ACT on many rows -> what follows for each.
    """

    home: Mapping[Any, Sequence[Panel]]
    panels: Mapping[str, Sequence[Panel]]
    importers: Mapping[str, Importer]
    exporters: Mapping[str, Exporter]
    documents: Mapping[Any, Callable[..., Any]]
    revoked_at: Mapping[Any, Callable[..., str]]
    timelines: Mapping[str, Sequence[Teller]]
    follows: Mapping[str, Sequence[Followers]]


def tables() -> Tables:
    """Return the tables of the present application."""
    return cast(Tables, current_app.extensions["trafficedu"])


def locale() -> str:
    """Return the language of this request, ``zh`` or ``en``."""
    chosen = flask_babel.get_locale()
    return str(chosen.language if chosen and chosen.language in LOCALES else current_app.config["BABEL_DEFAULT_LOCALE"])


class Catalogues(flask_babel.Domain):  # type: ignore[misc] # Flask-Babel carries no types
    """The catalogues of ``core.text``, of which a page asks for a hundred sentences.

    Flask-Babel names the language and looks for its own context three times for each sentence: a tenth of the time of
    a short page.
    """

    def get_translations(self) -> Any:
        """Return the catalogue of this request's language."""
        return translations(locale())


class Languages(flask_babel.Babel):  # type: ignore[misc] # Flask-Babel carries no types
    """The language of a request, with our catalogues for Python, and the same for templates by a shorter way."""

    domain_instance = Catalogues()

    def init_app(self, app: Flask, *args: Any, **kwargs: Any) -> None:
        """Choose languages, and say sentences, in an application."""
        super().init_app(app, *args, **kwargs)
        app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined] # of the extension that was just added
            lambda text: translations(locale()).ugettext(text),
            lambda one, many, count: translations(locale()).ungettext(one, many, count),
            newstyle=True,
        )


def translated(text: Message | str) -> str:
    """Put a message into the language of this request; the template filter of the same name."""
    return translate(text, locale()) if isinstance(text, Message) else text


def flash_message(text: Message, category: str = "success") -> None:
    """Flash a sentence (``success``, ``warning`` or ``error``) for the next page."""
    flash(translated(text), category)


def back_to(endpoint: str, **values: Any) -> Response:
    """Redirect after a successful POST (303, so that a reload repeats nothing)."""
    return redirect(url_for(endpoint, **values), code=303)  # type: ignore[return-value]


def back_where_pressed(places: Mapping[str, str], otherwise: str, **values: Any) -> Response:
    """Redirect after a key of a list to the list it stood on, which its form names as ``back``; else to a page.

    ``places`` says name -> endpoint; ``values`` are of the page ``otherwise``.
    """
    if (named := request.form.get("back", "")) in places:
        return back_to(places[named])
    return back_to(otherwise, **values)


def wants_sentence() -> bool:
    """Tell whether a page's own script asks (``Accept: application/json``): a sentence answers it, not a page."""
    return request.accept_mimetypes.best == "application/json"


def pdf(body: bytes, name: str) -> Response:
    """Show a document in the browser; saved, it is named ``name``."""
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return Response(body, mimetype="application/pdf", headers=headers)


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


LONGEST_WORD = 24
"""Characters without a blank that a column of a list makes room for; a longer word is broken."""
BEGINNING_OF_LIST: Mapping[str, None] = {"after": None, "before": None}
"""Changes of an address that lead to where a list begins, for :func:`page_url`."""


def page_place() -> Place:
    """Return where the page of a list begins: ``?after=`` or ``?before=``; whether it is a place, the list says."""
    return Place(request.args.get("after", ""), request.args.get("before", ""))


def still(under_way: bool) -> tuple[str, int, dict[str, str]]:
    """Answer a page that asks whether what it waits for is there: nothing while it is made, then the page anew."""
    return ("", 204, {}) if under_way else ("", 200, {"HX-Refresh": "true"})


def panels_for(page: str, **subject: Any) -> list[Markup]:
    """Return the fragments that higher features add to ``page``, in the order of ``wiring.screens.PANELS``."""
    return _drawn(tables().panels.get(page, ()), **subject)


@dataclass(frozen=True)
class TimelineRow:
    """A line of a time line; ``url`` leads to the page that says more, "" for who may not open it."""

    passage: Passage
    url: str


def timeline_of(page: str, **subject: Any) -> list[TimelineRow]:
    """Return what happened to the record of a page in its order, as all features tell it whoever asks."""
    told = [
        passage
        for teller in tables().timelines.get(page, ())
        for passage in teller(session(), actor(), locale(), **subject)
    ]
    return [TimelineRow(each, _page_of(each)) for each in in_order(told)]


def _page_of(passage: Passage) -> str:
    view = current_app.view_functions.get(passage.page)
    may = view is not None and actor().may(getattr(view, "permission", ""))
    return url_for(passage.page, **passage.values) if may else ""


def home_panels(role: str) -> list[Markup]:
    """Return the fragments of a role's first screen, in the order of ``wiring.screens.HOME``."""
    return _drawn(tables().home[role])


def _drawn(panels: Sequence[Panel], **subject: Any) -> list[Markup]:
    return [Markup(html) for panel in panels if (html := panel(**subject))]  # noqa: S704 - rendered by templates


def local_time(moment: Any) -> str:
    """Format a moment on the district's clock, ``2026-11-23 21:05``; of a day alone, that the time is not known."""
    return translated((moment if isinstance(moment, Moment) else Moment(moment)).told)


def counted(count: int, short: bool = False) -> str:
    """Return a count of ``core.counting`` as a sentence says it ("more than 1,000"); ``short`` for a tile."""
    if count <= CAP:
        return f"{count:,}"
    return f"{CAP:,}+" if short else gettext("more than %(count)s", count=f"{CAP:,}")


def init_web(app: Flask, tables: Tables) -> None:
    """Give views the tables, and templates the filters and functions named in docs/pages.md."""
    app.extensions["trafficedu"] = tables
    app.jinja_env.filters.update(
        translated=translated,
        counted=counted,
        local_time=local_time,
        local_date=lambda moment: clock.local_date(moment).isoformat(),
        local_clock=lambda moment: clock.local(moment).strftime("%H:%M"),
    )
    app.jinja_env.tests.update(
        word=lambda value: isinstance(value, Word),
        message=lambda value: isinstance(value, Message),
        moment=lambda value: isinstance(value, datetime | Moment),
        happened=lambda value: isinstance(value, Moment),
        day=lambda value: isinstance(value, date),
        unbroken=lambda value: any(len(part) > LONGEST_WORD for part in value.split()),
    )
    app.jinja_env.globals.update(
        timeline_of=timeline_of,
        page_url=page_url,
        address_of=address_of,
        panels_for=panels_for,
        beginning_of_list=BEGINNING_OF_LIST,
    )
