"""The frame around every page: navigation, assets by their hashed names, error pages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import flask_login
from flask import Flask, g, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from trafficedu.core import access, connections, kept, logs, seen
from trafficedu.core.actors import Actor
from trafficedu.core.addresses import MonthConverter, NoSuchMonth
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Denied, DomainError, Missing, Stale, Unavailable
from trafficedu.core.happenings import Happening, Names, happened
from trafficedu.core.states import CHANGED
from trafficedu.core.text import Message
from trafficedu.core.web import locale, translated, wants_sentence

BUILD = Path(__file__).parent.parent / "static" / "build"
KNOWN_ERRORS = {400, 403, 404, 409, 413, 415, 429, 500}


@dataclass(frozen=True)
class NavigationItem:
    """One entry of the main menu; ``also`` names pages elsewhere that belong to it, with all below them."""

    endpoint: str
    label: Any
    permission: str
    also: Sequence[str] = ()


@dataclass(frozen=True)
class NavigationGroup:
    """Entries of the main menu that belong to one kind of work, under a heading."""

    label: Any
    entries: Sequence[NavigationItem]


@dataclass(frozen=True)
class MenuEntry:
    """An entry of the menu as a page shows it: where it leads, its words, and where else it is the present one."""

    url: str
    label: Any
    also: Sequence[str] = ()

    def reach(self, path: str) -> int:
        """Return the length of its nearest address at or above ``path``; 0 where there is none."""
        above = (url for url in (self.url, *self.also) if path == url or path.startswith(url.rstrip("/") + "/"))
        return max(map(len, above), default=0)


@dataclass(frozen=True)
class MenuGroup:
    """Entries of the menu as a page shows them, under a heading."""

    label: Any
    entries: Sequence[MenuEntry]


def menu_of(who: Actor, navigation: Sequence[NavigationGroup]) -> list[MenuGroup]:
    """Return the menu that ``who`` may open; the address of each entry is made once a page."""
    groups = [(group.label, [item for item in group.entries if who.may(item.permission)]) for group in navigation]
    return [
        MenuGroup(
            label,
            [MenuEntry(url_for(item.endpoint), item.label, [url_for(each) for each in item.also]) for item in items],
        )
        for label, items in groups
        if items
    ]


def marked(menu: Sequence[MenuGroup]) -> str:
    """Return the address of the one entry that is marked as the present page: of several, the nearest above it."""
    nearest = max(
        (entry for group in menu for entry in group.entries), key=lambda entry: entry.reach(request.path), default=None
    )
    return nearest.url if nearest is not None and nearest.reach(request.path) else ""


@cache
def _manifest() -> dict[str, str]:
    path = BUILD / "manifest.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def asset(name: str) -> str:
    """Return the address of a built file by its logical name, such as ``app.css``."""
    return url_for("static", filename=f"build/{_manifest().get(name, name)}")


def init_pages(app: Flask, navigation: Sequence[NavigationGroup], names: Names) -> None:
    """Give every template the frame's names, addresses their months, and every error a page in the user's language.

    ``names`` finds the names of accounts, for what somebody else did meanwhile.
    """
    app.url_map.converters["month"] = MonthConverter

    @app.context_processor
    def _frame() -> dict[str, Any]:
        who = access.actor()
        menu = menu_of(who, navigation)
        return {
            "locale": locale(),
            "asset": asset,
            "actor": who,
            "can": who.may,
            "current_user": access.reader(),
            "navigation": menu,
            "marked_entry": marked(menu),
            "now": utc_now(),
        }

    app.register_error_handler(HTTPException, _http_error)
    app.jinja_env.globals["people_called"] = lambda ids: names(session(), [each for each in ids if each is not None])
    app.jinja_env.globals["happened_meanwhile"] = lambda: _happened(names)
    app.register_error_handler(CSRFError, forged)
    app.register_error_handler(
        NoSuchMonth, lambda _error: error_page(404, _l("This month does not exist. Write months like 2026-10."))
    )
    app.register_error_handler(DomainError, _domain_error)
    for stale in (StaleDataError, ObjectDeletedError):  # changed, or deleted, between the look and the change
        app.register_error_handler(stale, lambda _error: _stale(CHANGED))
    app.register_error_handler(Exception, _unexpected)


def error_page(code: int, reason: Any = "") -> tuple[str | dict[str, str], int]:
    """Render ``errors/<code>.html`` in the user's language; ``reason`` is the sentence of the error itself.

    A page's own script is told the sentence alone; where there is none it shows its own.
    """
    if wants_sentence():
        return {"message": str(reason)}, code
    shown = code if code in KNOWN_ERRORS else 500 if code >= 500 else 400
    return render_template(f"errors/{shown}.html", message=reason), code


def _http_error(error: HTTPException) -> Any:
    if isinstance(error, ServiceUnavailable):
        return _busy(too_long=False, retry_after=str(error.retry_after))
    if isinstance(error.code, int) and error.code >= 400:
        answer = error_page(error.code)
        headers = [(name, value) for name, value in error.get_headers() if name in {"Retry-After", "Allow"}]
        return (*answer, headers)
    return error


def _domain_error(error: DomainError) -> Any:
    session().rollback()
    if isinstance(error, Denied):
        access.note_refusal(access.actor(), request.endpoint or "")
        return error_page(403, translated(error.text))
    if isinstance(error, Stale):
        return _stale(error.text)
    if isinstance(error, Unavailable):
        return error_page(503, translated(error.text))
    return error_page(404 if isinstance(error, Missing) else 400, translated(error.text))


def _happened(names: Names) -> list[Happening]:
    """Return what happened to what this request acts on since its page was drawn."""
    session().rollback()
    why = seen.held()
    records = why.records if why is not None else []
    return happened(session(), records, kept.opened_at(), access.actor(), names)


def _stale(text: Message) -> Any:
    """Say what happened meanwhile, show what was typed and lead back to the record."""
    session().rollback()
    if wants_sentence():
        return error_page(409, translated(text))
    return _with_what_was_posted(409, text, action_left=not seen.has_page())


def forged(_error: CSRFError) -> Any:
    """Say that the token is no longer good; the one for whom the page was drawn may send the same once more."""
    if wants_sentence() or not kept.belongs_to(access.actor().user_id):
        return error_page(400, _l("Another account, or a session that has ended, opened this form. Nothing was saved."))
    return _with_what_was_posted(400, kept.TOKEN_TEXT, action_left=not seen.has_page())


def _with_what_was_posted(code: int, text: Message, *, action_left: bool) -> Any:
    """Render the page of an error with what was typed; ``action_left``: and with the button that sends it once more."""
    body = kept.posted()
    fresh = {seen.FIELD: g.seen_mark, kept.OPENED: kept.opened_mark()} if "seen_mark" in g else {}
    if g.get("seen_version"):
        fresh["version"] = str(g.seen_version)
    fields = [(name, fresh.get(name, value)) for name, value in body.again()]
    once_more = fields if request.method == "POST" and action_left and body.typed else []
    page = render_template(
        f"errors/{code}.html", message=translated(text), body=body, once_more=once_more, way_back=kept.way_back()
    )
    return page, code


def _unexpected(error: Exception) -> Any:
    """Log and answer without asking the database who the user is: it may be what failed."""
    logs.logger.error("unexpected", exc_info=error)
    g._login_user = flask_login.AnonymousUserMixin()
    if isinstance(error, OperationalError):
        if connections.took_too_long(error):
            return _busy(too_long=True)
        return render_template("errors/500.html"), 503
    return error_page(500)


def _busy(*, too_long: bool, retry_after: str = "") -> Any:
    """Say that there is no place for now, or that what was asked took too long, without asking who the user is."""
    g._login_user = flask_login.AnonymousUserMixin()
    page = render_template("errors/503.html", too_long=too_long)
    return page, 503, {"Retry-After": retry_after} if retry_after else {}
