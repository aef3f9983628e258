"""Guards at the door of every view: a permission by name, never a role; what says nothing is closed.

A view is marked by :func:`requires` or :func:`open_to_all`; :func:`guard` runs before each request and
denies by default. Who the user is comes from the loader that the application hands in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar, cast

import flask_login
from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from flask import session as cookie
from sqlalchemy.orm import Session

from trafficedu.core import audit
from trafficedu.core.actors import VISITOR, Actor
from trafficedu.core.database import database, session
from trafficedu.core.transactions import writing

View = TypeVar("View", bound=Callable[..., Any])
Loader = Callable[[Session, str], Actor | None]
HANDED_OVER = "handed_over"
"""Cookie: below which address whoever holds the browser may act for the account."""


def requires(permission: str) -> Callable[[View], View]:
    """Open a view to those who hold ``permission`` (``feature:resource:action``)."""

    def mark(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return mark


def panel_for(permission: str) -> Callable[[Callable[..., str]], Callable[..., str]]:
    """Let a panel of a page say nothing to those who do not hold ``permission``."""

    def mark(panel: Callable[..., str]) -> Callable[..., str]:
        @wraps(panel)
        def drawn(**subject: Any) -> str:
            return panel(**subject) if actor().may(permission) else ""

        return requires(permission)(drawn)

    return mark


def open_to_all(reason: str) -> Callable[[View], View]:
    """Open a view to everybody, signed in or not; ``reason`` says why, for the reader of the access list."""

    def mark(view: View) -> View:
        view.open_reason = reason  # type: ignore[attr-defined]
        return view

    return mark


def open_to_phones(reason: str) -> Callable[[View], View]:
    """Open a view to everybody (:func:`open_to_all`), in the language of the own phone: no account says which one."""

    def mark(view: View) -> View:
        view.of_phone = True  # type: ignore[attr-defined]
        return open_to_all(reason)(view)

    return mark


def signed_in_only(view: View) -> View:
    """Open a view to every signed-in user, whatever the role: own password, sign-out, first screen."""
    view.signed_in_only = True  # type: ignore[attr-defined]
    return view


class SignedIn(flask_login.UserMixin):  # type: ignore[misc]
    """What Flask-Login keeps: the session token of an account and the actor it stands for."""

    def __init__(self, token: str, actor: Actor) -> None:
        self.token = token
        self.actor = actor

    @property
    def display_name(self) -> str:
        """The name shown in the page's frame."""
        return self.actor.name

    def get_id(self) -> str:
        """Return the token that goes into the signed cookie."""
        return self.token


def actor() -> Actor:
    """Return who acts in this request; a visitor without an account has no permissions."""
    user = reader()
    return cast(Actor, user.actor) if user.is_authenticated else VISITOR


def reader() -> Any:
    """Return the user whose account the pages of this request may show; an anonymous one where nobody is signed in."""
    return flask_login.AnonymousUserMixin() if _is_handed_over() else flask_login.current_user


def hand_over(address: str) -> None:
    """Let whoever holds this browser now open ``address`` and what is below it, and nothing else of the account.

    Everywhere else nobody is signed in; signing in again ends it.
    """
    cookie[HANDED_OVER] = address


def handed_over_by() -> Actor | None:
    """Return whose browser somebody else holds now."""
    user = flask_login.current_user
    return cast(Actor, user.actor) if user.is_authenticated and HANDED_OVER in cookie else None


def _is_handed_over() -> bool:
    return HANDED_OVER in cookie and not f"{request.path}/".startswith(f"{cookie[HANDED_OVER]}/")


@contextmanager
def acting_as(who: Actor) -> Iterator[None]:
    """Let ``who`` be the actor of this request: of one that a job makes for them."""
    before = g.get("_login_user")
    g._login_user = SignedIn("", who)
    try:
        yield
    finally:
        g._login_user = before if before is not None else flask_login.AnonymousUserMixin()


def init_access(app: Flask, load: Loader) -> None:
    """Attach sign-in and the guard to ``app``; ``load`` turns a session token into an actor or None."""
    manager = flask_login.LoginManager(app)
    manager.session_protection = None  # the token dies with the password; addresses change on phones

    @manager.user_loader  # type: ignore[untyped-decorator]
    def _load(token: str) -> SignedIn | None:
        who = load(session(), token)
        return None if who is None else SignedIn(token, who)

    app.before_request(forms_only)
    app.before_request(guard)


FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}


def takes_json(view: View) -> View:
    """Open a view to what a program or a page's own script posts as JSON; every other takes forms only."""
    view.takes_json = True  # type: ignore[attr-defined]
    return view


def forms_only() -> None:
    """Refuse what is posted and is no form (415); a body without a kind counts as none."""
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method != "POST" or view is None or hasattr(view, "takes_json"):
        return
    if request.mimetype not in FORMS and (request.mimetype or request.content_length):
        abort(415)


def guard() -> Response | None:
    """Let the request pass, send a visitor to sign in, or refuse and write the refusal to the audit trail."""
    if request.endpoint is None or request.endpoint == "static":
        return None
    view = current_app.view_functions[request.endpoint]
    if hasattr(view, "open_reason"):
        return None
    who = actor()
    if who.user_id is None:
        if request.method == "GET":
            return cast(Response, redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?"))))
        abort(401)
    if hasattr(view, "signed_in_only"):
        return None
    if who.password_due:
        if request.method == "GET":
            return cast(Response, redirect(url_for("accounts.password"), code=303))
        abort(403)
    if who.may(getattr(view, "permission", "")):
        return None
    note_refusal(who, request.endpoint)
    abort(403)


def note_refusal(who: Actor, what: str) -> None:
    """Write a refusal to the audit trail in a transaction of its own; the request's one is given up first."""
    session().rollback()
    with database().sessionmaker() as own, writing(own):
        audit.write(own, "access:page:open", who, result=audit.REFUSED, endpoint=what)
