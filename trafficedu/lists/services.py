"""Use cases of saved views: save, rename, overwrite, delete. They flush and never commit.

A view is kept until its owner deletes it or the account is closed: what it looks for may name a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.accounts.models import User
from trafficedu.core import audit
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.errors import Refusal
from trafficedu.core.numbers import new_number
from trafficedu.core.orm import flush_or_refuse
from trafficedu.core.personal import holds_personal
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.core.transactions import PART
from trafficedu.lists.models import ONE_DEFAULT, SavedView
from trafficedu.lists.queries import QUERY, saved_views

MOST, LONGEST_QUERY = 20, 2_000
MANAGE = "lists:view:manage"


@dataclass(frozen=True)
class NewView:
    """What is saved: of which list, under which name, what stands in the address, whether the list begins with it."""

    page: str
    name: str
    query: str
    is_default: bool = False


def save_view(session: Session, new: NewView, by: Actor, now: datetime) -> SavedView:
    """Save a view for ``by``.

    Raises
    ------
    Refusal
        At ``name``: it is taken, or there are too many; or the address names a document or a phone.
    """
    assert by.user_id is not None
    _check_query(new.query)
    own = saved_views(session, by.user_id, new.page)
    if len(own) >= MOST:
        text = message("This list has %(count)d views of yours. Delete one that you no longer need.", count=MOST)
        raise Refusal(text, field="name")
    view = SavedView(number=new_number("Y"), user_id=by.user_id, page=new.page, name=new.name, created_utc=now)
    view.query_cipher = services_of(session).keyring.encrypt(new.query, QUERY)
    if new.is_default:
        _begin_with(session, view)
    session.add(view)
    _flush(session)
    audit.write(session, "lists:view:save", by, subject=view)
    return view


def change_view(session: Session, view: SavedView, name: str, is_default: bool, by: Actor) -> None:
    """Rename a view, or let its list begin with it or not; raises Refusal at ``name``."""
    view.name = name
    if is_default and not view.is_default:
        _begin_with(session, view)
    view.is_default = is_default
    _flush(session)
    audit.write(session, "lists:view:rename", by, subject=view)


def overwrite_view(session: Session, view: SavedView, query: str, by: Actor) -> None:
    """Let a view show what stands in this address from now on; raises Refusal where that names a document or phone."""
    _check_query(query)
    view.query_cipher = services_of(session).keyring.encrypt(query, QUERY)
    session.flush()
    audit.write(session, "lists:view:save", by, subject=view)


def delete_view(session: Session, view: SavedView, by: Actor) -> None:
    """Delete a view; the list stays as it is."""
    audit.write(session, "lists:view:delete", by, subject=view)
    session.delete(view)
    session.flush()


def _begin_with(session: Session, view: SavedView) -> None:
    """Let the list of a view begin with no other one."""
    for other in saved_views(session, view.user_id, view.page):
        if other.is_default:
            other.is_default = False
    session.flush()
    view.is_default = True


def _check_query(query: str) -> None:
    values = [value for _, value in parse_qsl(query)]
    if len(query) > LONGEST_QUERY:
        raise Refusal(message("This is too much for a view. Choose less."))
    if any(holds_personal(value) for value in values):
        raise Refusal(message("A view keeps no identity or phone number. Clear the search first."))


def _flush(session: Session) -> None:
    taken = Refusal(message("You have a view of this name. Choose another one."), field="name")
    twice = Refusal(message("Another window of yours chose a view to begin with. Try again."))
    flush_or_refuse(session, {"saved_view.name": taken, "uq_saved_view_user_id": taken, ONE_DEFAULT: twice})


def keep_in_order(session: Session, _now: datetime, batch: int = PART) -> int:
    """Forget views of closed accounts, and bring up to ``batch`` others under the current key: the worker's chore."""
    keyring = services_of(session).keyring
    closed = select(SavedView).join(User, SavedView.user_id == User.id).where(User.active.is_(False))
    gone = session.scalars(closed.limit(batch)).all()
    for view in gone:
        session.delete(view)
    stale = select(SavedView).where(~SavedView.query_cipher.startswith(f"{keyring.current}.", autoescape=True))
    found = session.scalars(stale.limit(batch).with_for_update(skip_locked=True)).all()
    for view in found:
        view.query_cipher = keyring.encrypt(keyring.decrypt(view.query_cipher, QUERY), QUERY)
    session.flush()
    if gone or found:
        audit.write(session, "lists:view:keep", SYSTEM, forgotten=len(gone), reencrypted=len(found))
    return len(gone) + len(found)
