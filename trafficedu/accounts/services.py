"""Use cases that change users: signing in, passwords, accounts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import update
from sqlalchemy.orm import Session

from trafficedu.accounts import rules
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of, find_by_username
from trafficedu.core import audit, passwords, throttle
from trafficedu.core.actors import VISITOR, Actor
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.orm import expect_version, flush_or_refuse
from trafficedu.core.states import CHANGED
from trafficedu.core.text import message

SAME_PLACE = throttle.Limit(rules.SAME_PLACE_FAILURES, rules.SAME_PLACE_WINDOW)
ANY_PLACE = throttle.Limit(rules.ANY_PLACE_FAILURES, rules.ANY_PLACE_WINDOW)

PASSWORD_FAULTS = {
    "short": message("The password must have at least %(length)d characters.", length=rules.MINIMUM_PASSWORD_LENGTH),
    "name": message("The password must not contain the user name."),
    "dull": message("The password must not repeat the same few characters."),
}


@dataclass(frozen=True)
class Credentials:
    """What was typed to sign in; ``address`` is where from, ``known_device`` whether it signed in here before."""

    username: str
    password: str
    address: str
    known_device: bool = False


@dataclass(frozen=True)
class Attempt:
    """An attempt to sign in whose password was looked at: ``proven`` is the hash that it fits, or empty.

    ``renewed`` is a hash to keep in its place, where that one was made at another price. ``stamp`` is that of the
    sessions by then: a new password ends them, another hash of the same one does not.
    """

    given: Credentials
    proven: str
    renewed: str = ""
    stamp: str = ""


@dataclass(frozen=True)
class NewPassword:
    """A password and its hash, which takes some ten milliseconds to make: before anything is locked.

    ``proven`` is the hash of the password that it takes the place of, where somebody knew that one.
    """

    text: str
    hash: str
    proven: str = ""


@dataclass(frozen=True)
class UserInput:
    """What the administrator enters for an account; exactly the post that the role needs is set."""

    username: str
    display_name: str
    role: str
    badge: str = ""
    area_id: int | None = None
    station_id: int | None = None
    company_id: int | None = None
    active: bool = True


def attempt(session: Session, given: Credentials, now: datetime) -> Attempt:
    """Look at a password. Only reads: that takes some ten milliseconds, for which nobody waits at a lock.

    Guessing is limited by name and place together (a stranger elsewhere locks nobody out), and more loosely by
    name alone, from which a device that signed in before is exempt. A wrong name costs as much time as a wrong
    password.

    Raises
    ------
    Refusal
        Too many failures; says when to try again. The password was not looked at.
    """
    user = find_by_username(session, given.username)
    _require_unlocked(throttle.locked_until(session, _limits(given), now), now)
    if not _verified(user, given.password) or user is None:
        return Attempt(given, "")
    renewed = passwords.renewed(given.password, user.password_hash)
    return Attempt(given, user.password_hash, renewed, user.session_stamp)


def sign_in(session: Session, made: Attempt, now: datetime) -> User | None:
    """Return the user whose name and password these are, or None; either way it is audited and counted.

    It counts as a failure before it is judged, under the lock of what it counts under, and a right one is forgotten
    again: whoever guesses at many passwords at once is told no more than the limit allows.

    Raises
    ------
    Refusal
        Too many failures by now; says when to try again, and not whether the password was right.
    """
    given = made.given
    limits = _limits(given)
    _require_unlocked(throttle.count(session, limits, now), now)
    user = find_by_username(session, given.username)
    if user is None or not user.active or not _still_fits(user, made):
        audit.write(session, "accounts:session:open", VISITOR, subject=user, result=audit.FAILED)
        return None
    throttle.forget(session, limits)
    # not by the mapper: two phones of one account may sign in at once, and neither edits what the other one saw
    kept = made.renewed or made.proven
    session.execute(
        update(User)
        .where(User.id == user.id, User.password_hash == made.proven)
        .values(last_sign_in_utc=now, password_hash=kept)
    )
    audit.write(session, "accounts:session:open", actor_of(user), subject=user)
    return user


def _still_fits(user: User, made: Attempt) -> bool:
    """Tell whether the password that was looked at is the user's still; another phone may have renewed its hash."""
    return user.password_hash == made.proven or user.session_stamp == made.stamp


def _limits(given: Credentials) -> throttle.Limits:
    """Return the keys under which failures count, with their limits."""
    name = given.username.strip().lower()
    limits = [(f"sign-in:{name}:{given.address}", SAME_PLACE)]
    if not given.known_device:
        limits.append((f"sign-in:{name}", ANY_PLACE))
    return limits


def _require_unlocked(until: datetime | None, now: datetime) -> None:
    """Raise Refusal where there is a lock; ``until`` is its end."""
    if until is not None:
        minutes = int((until - now).total_seconds() // 60) + 1
        raise Refusal(message("Too many wrong attempts. Try again in %(minutes)d minutes.", minutes=minutes))


@cache
def _nobody() -> str:
    """Return a hash that no password fits, made when it is first needed: it would slow every start of the program."""
    return passwords.hashed(secrets.token_urlsafe(16))


def note_locked(session: Session) -> None:
    """Audit that an attempt to sign in was turned away unread, after too many wrong ones."""
    audit.write(session, "accounts:session:open", VISITOR, result=audit.REFUSED)


def _verified(user: User | None, password: str) -> bool:
    fits = passwords.fits(password, user.password_hash if user else _nobody())
    return fits and user is not None and user.active


def sign_out(session: Session, by: Actor) -> None:
    """Audit that ``by`` signed out; the cookie is the view's to clear."""
    audit.write(session, "accounts:session:close", by)


def choose_password(user: User, old: str, new: str) -> NewPassword:
    """Check and hash the password that ``user`` chose, before anything is locked.

    Raises
    ------
    Refusal
        The old password is wrong (field ``old``) or the new one is too weak (field ``new``).
    """
    proven = user.password_hash
    if not _verified(user, old):
        raise Refusal(message("This is not your current password."), field="old")
    fault = rules.password_fault(new, user.username)
    if fault:
        raise Refusal(PASSWORD_FAULTS[fault], field="new")
    return NewPassword(new, passwords.hashed(new), proven)


def change_password(session: Session, user: User, chosen: NewPassword) -> None:
    """Give ``user`` the password they chose; every session but the caller's ends with the old stamp.

    Raises
    ------
    Stale
        The password that was proven has ended since, by an administrator's reset or another change, or the account has.
    """
    session.refresh(user, with_for_update={"key_share": True})
    if not user.active or user.password_hash != chosen.proven:
        raise Stale(CHANGED)
    _set_password(session, user, chosen, must_change=False)
    audit.write(session, "accounts:password:change", actor_of(user), subject=user)


def _set_password(session: Session, user: User, new: NewPassword, *, must_change: bool) -> None:
    """Store a password and end all sessions."""
    user.password_hash = new.hash
    user.session_stamp = secrets.token_hex(16)
    user.must_change_password = must_change
    session.flush()


def first_password() -> NewPassword:
    """Make up a password for somebody, shown once and to be changed at the first sign-in."""
    text = secrets.token_urlsafe(9)
    return NewPassword(text, passwords.hashed(text))


def create_user(session: Session, new: UserInput, by: Actor, first: NewPassword) -> User:
    """Create an account with its :func:`first_password`.

    Raises
    ------
    Refusal
        The name is taken (field ``username``), or the role lacks its post (``area_id`` ...).
    """
    _check_post(new)
    user = User(password_hash=first.hash, session_stamp=secrets.token_hex(16), must_change_password=True)
    _apply(user, new)
    session.add(user)
    _flush(session)
    audit.write(session, "accounts:user:create", by, subject=user, role=user.role)
    return user


def update_user(session: Session, user: User, new: UserInput, version: int, by: Actor) -> None:
    """Change an account; a changed role, post or activity ends its sessions. Raises Stale, Refusal."""
    expect_version(user, version)
    _check_post(new)
    if user.id == by.user_id and not new.active:
        raise Refusal(message("You cannot deactivate your own account."), field="active")
    before = (user.role, user.area_id, user.station_id, user.company_id, user.active)
    _apply(user, new)
    if before != (user.role, user.area_id, user.station_id, user.company_id, user.active):
        user.session_stamp = secrets.token_hex(16)
    _flush(session)
    audit.write(session, "accounts:user:update", by, subject=user, role=user.role, active=user.active)


def reset_password(session: Session, user: User, first: NewPassword, by: Actor) -> None:
    """Give ``user`` a new :func:`first_password`; the administrator never sees the old one."""
    _set_password(session, user, first, must_change=True)
    audit.write(session, "accounts:password:reset", by, subject=user)


def choose_locale(session: Session, user: User, locale: str) -> None:
    """Remember the language a user reads in."""
    user.locale = locale
    audit.write(session, "accounts:language:choose", actor_of(user), subject=user, locale=locale)
    session.flush()


def _apply(user: User, new: UserInput) -> None:
    user.username = new.username.strip().lower()
    user.display_name, user.role, user.badge, user.active = new.display_name, new.role, new.badge, new.active
    user.area_id, user.station_id, user.company_id = new.area_id, new.station_id, new.company_id


def _flush(session: Session) -> None:
    taken = Refusal(message("This user name is taken. Choose another."), field="username")
    flush_or_refuse(session, {"user_account.username": taken})


def _check_post(new: UserInput) -> None:
    post = rules.POST_OF[rules.Role(new.role)]
    posts = {"area": new.area_id, "station": new.station_id, "company": new.company_id}
    for name, value in posts.items():
        if name == post and value is None:
            raise Refusal(message("This role needs a post. Choose one."), field=f"{name}_id")
        if name != post and value is not None:
            raise Refusal(message("This role has no post of this kind. Leave it empty."), field=f"{name}_id")
