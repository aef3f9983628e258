"""Pages of accounts: signing in and out, one's own password and language, users, the audit trail."""

from __future__ import annotations

import re
import secrets
from typing import Any, cast

import flask_login
from flask import Blueprint, Response, abort, current_app, g, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from flask_wtf.csrf import CSRFError
from itsdangerous import BadSignature, URLSafeTimedSerializer

from trafficedu.accounts import queries, services
from trafficedu.accounts.forms import AuditFilterForm, PasswordForm, SignInForm, UserFilterForm, UserForm
from trafficedu.accounts.models import User
from trafficedu.accounts.rules import KNOWN_DEVICE
from trafficedu.companies import queries as companies
from trafficedu.core import kept
from trafficedu.core.access import SignedIn, actor, handed_over_by, open_to_all, requires, signed_in_only
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Refusal
from trafficedu.core.forms import acted, attach_error, form_page, submitted
from trafficedu.core.lanes import kerb
from trafficedu.core.list_views import list_page
from trafficedu.core.pages import forged
from trafficedu.core.seen import changes_nothing_seen, has_page, seen
from trafficedu.core.text import LOCALES, message
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, flash_message, translated, wants_sentence
from trafficedu.stations import queries as stations

pages = Blueprint("accounts", __name__)
DEVICE_COOKIE = "trafficedu_device"
SIGNED_OUT = message("You are no longer signed in, so nothing was saved. Sign in again, then repeat it.")
NOT_KEPT = message("What was typed before you signed in cannot be shown: another account typed it, or it is too old.")
LOCAL_ADDRESS = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


@pages.route("/sign-in", methods=["GET", "POST"])
@open_to_all("nobody is signed in before signing in")
@changes_nothing_seen("nobody shares it")
@kerb
def sign_in() -> Any:
    """I enter my user name and password."""
    form = SignInForm()
    if (who := handed_over_by()) is not None and not form.is_submitted():
        form.username.data = queries.find_user(session(), who.user_id or 0).username
    if not form.validate_on_submit():
        return form_page("accounts/sign_in.html", form)
    given = services.Credentials(
        form.username.data, form.password.data, request.remote_addr or "", _device_knows(form.username.data)
    )
    try:
        made = services.attempt(session(), given, utc_now())
        with writing(session()) as own:
            user = services.sign_in(own, made, utc_now())
            opened = _opened(user) if user is not None else None
    except Refusal as error:
        with writing(session()) as own:
            services.note_locked(own)
        attach_error(form, error)
        return render_template("accounts/sign_in.html", form=form), 429
    if opened is None:
        attach_error(form, Refusal(message("The user name or password is wrong. Check both and try again.")))
        return render_template("accounts/sign_in.html", form=form), 422
    _open_session(opened)
    answer = _after_signing_in(opened, form.kept.data or "")
    answer.set_cookie(
        DEVICE_COOKIE,
        _devices().dumps(opened.actor.user_id),
        max_age=int(KNOWN_DEVICE.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )
    return answer


def _after_signing_in(opened: SignedIn, sealed: str) -> Response:
    """Lead on, or back to what was typed before: by the same person it is shown again, anybody else's is dropped."""
    user_id = opened.actor.user_id or 0
    body = kept.unsealed(sealed, user_id) if sealed and not opened.actor.password_due else None
    if body is not None:
        return make_response(render_template("accounts/kept.html", body=body, fields=kept.shown_again(body)))
    if sealed:
        flash_message(NOT_KEPT, "warning")
    return cast(Response, redirect(url_for("accounts.password") if opened.actor.password_due else _next_page(), 303))


@pages.app_errorhandler(401)
def signed_out(_error: Exception) -> Any:
    """I was signed out while I filled in a form: I sign in on top of it, and what I typed is kept."""
    if wants_sentence():
        return {"message": translated(SIGNED_OUT)}, 401
    form = SignInForm(formdata=None)
    form.kept.data = kept.sealed()
    body, back = kept.posted(), request.path if has_page() else kept.way_back()
    return render_template("accounts/sign_in.html", form=form, lost=body, back=back), 401


@pages.errorhandler(CSRFError)
def opened_twice(error: CSRFError) -> Any:
    """I opened the sign-in page in two windows, or long ago: I type my password once more, my name is there."""
    if request.endpoint != "accounts.sign_in":
        return forged(error)
    form = SignInForm()
    attach_error(form, Refusal(message("This page was open for long, or twice. Type your password and sign in again.")))
    return render_template("accounts/sign_in.html", form=form), 400


@pages.post("/sign-out")
@signed_in_only
@changes_nothing_seen("nobody shares it")
@kerb
def sign_out() -> Any:
    """I end my session."""
    with writing(session()) as own:
        services.sign_out(own, actor())
    flask_login.logout_user()
    cookie.clear()
    flash_message(message("You have signed out."))
    return back_to("accounts.sign_in")


@pages.route("/password", methods=["GET", "POST"])
@signed_in_only
@changes_nothing_seen("nobody shares it, and the old one is asked for")
def password() -> Any:
    """I choose a new password; my other sessions end."""
    form = PasswordForm()
    user = queries.find_user(session(), actor().user_id or 0)
    if form.validate_on_submit() and _changed_password(form, user):
        _open_session(_opened(user))
        flash_message(message("Your password has been changed."))
        return redirect("/", code=303)
    return form_page("accounts/password.html", form, forced=user.must_change_password)


def _changed_password(form: PasswordForm, user: User) -> bool:
    """Hash, and only then write; a refusal stands at its field."""
    try:
        chosen = services.choose_password(user, form.old.data, form.new.data)
    except Refusal as refusal:
        attach_error(form, refusal)
        return False
    return acted(form, lambda: services.change_password(session(), user, chosen)) is not None


@pages.post("/language")
@open_to_all("everybody chooses the language they read")
@changes_nothing_seen("nobody shares it")
@kerb
def language() -> Any:
    """I choose the language I read."""
    choice = request.values.get("locale", "")
    if choice not in LOCALES:
        abort(400)
    cookie["locale"] = choice
    user_id = actor().user_id
    if user_id is not None:
        with writing(session()) as own:
            services.choose_locale(own, queries.find_user(own, user_id), choice)
    return redirect(_next_page(), code=303)


@pages.get("/users")
@requires("accounts:user:manage")
def users() -> Any:
    """I look for accounts."""
    form = UserFilterForm(request.args)
    form.validate()
    return list_page("accounts/users.html", queries.USERS, form, form.to_input())


@pages.route("/users/new", methods=["GET", "POST"])
@requires("accounts:user:manage")
@changes_nothing_seen("what it makes is new")
def create_user() -> Any:
    """I open an account for somebody and hand over the first password."""
    form = _offer_posts(UserForm())
    if form.validate_on_submit():
        first = services.first_password()  # hashed before anything is locked
        if opened := acted(form, lambda: services.create_user(session(), form.to_input(), actor(), first)):
            return render_template("accounts/first_password.html", user=opened.value, password=first.text)
    return form_page("accounts/user.html", form, user=None)


@pages.route("/users/<username>", methods=["GET", "POST"])
@requires("accounts:user:manage")
def user(username: str) -> Any:
    """I change somebody's name, role or post, or deactivate the account."""
    account = seen(queries.find_account(session(), username))
    form = _offer_posts(UserForm(obj=account))
    if submitted(form, lambda: services.update_user(session(), account, form.to_input(), form.version.data, actor())):
        flash_message(message("Account changed."))
        return back_to("accounts.users")
    return form_page("accounts/user.html", form, user=account)


@pages.post("/users/<username>/password")
@requires("accounts:user:manage")
def reset_password(username: str) -> Any:
    """I give somebody a new first password; the old one ends."""
    account = seen(queries.find_account(session(), username))
    first = services.first_password()  # hashed before anything is locked
    with writing(session()) as own:
        services.reset_password(own, account, first, actor())
    return render_template("accounts/first_password.html", user=account, password=first.text)


@pages.get("/audit")
@requires("accounts:audit:read")
def audit_trail() -> Any:
    """I read who did what."""
    form = AuditFilterForm(request.args)
    form.validate()
    return list_page(
        "accounts/audit_trail.html",
        queries.AUDIT_TRAIL,
        form,
        form.to_input(),
        lambda rows: {"names": queries.names_of(session(), [row.actor_id for row in rows if row.actor_id])},
    )


def _opened(user: User) -> SignedIn:
    return SignedIn(f"{user.id}:{user.session_stamp}", queries.actor_of(user))


def _open_session(opened: SignedIn) -> None:
    chosen = cookie.get("locale")
    cookie.clear()
    if chosen:
        cookie["locale"] = chosen
    cookie["nonce"] = secrets.token_hex(8)
    for token in ("csrf_token", "masked_token"):  # of the former session
        g.pop(token, None)
    flask_login.login_user(opened)


def _next_page() -> str:
    """Return ``?next=`` where it is an address of this site, else the first screen.

    Two slashes in a row at the beginning, however many more follow or what is hidden between them, lead a
    browser to another site; so does a backslash, which browsers read as a slash.
    """
    address = request.values.get("next", "")
    return address if LOCAL_ADDRESS.fullmatch(address) else "/"


def _devices() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="known-device")


def _device_knows(username: str) -> bool:
    """Tell whether this browser signed in as ``username`` before."""
    try:
        known = _devices().loads(request.cookies.get(DEVICE_COOKIE, ""), max_age=int(KNOWN_DEVICE.total_seconds()))
    except BadSignature:
        return False
    user = queries.find_by_username(session(), username)
    return user is not None and user.id == known


def _offer_posts(form: UserForm) -> UserForm:
    form.offer(stations.choices(session()), companies.choices(session()))
    return form
