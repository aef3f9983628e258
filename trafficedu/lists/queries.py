"""Reads of saved views: nobody sees those of anybody else."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core.actors import Actor
from trafficedu.core.errors import Missing
from trafficedu.core.keys import field_of
from trafficedu.core.listing import NamedView
from trafficedu.core.numbers import normalise
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.lists.models import SavedView

QUERY = field_of(SavedView.query_cipher)


def list_views(session: Session, by: Actor, page: str) -> list[NamedView]:
    """Return the views that ``by`` saved of a list, by name."""
    if by.user_id is None:
        return []
    return [
        NamedView(view.number, view.name, query_of(session, view), view.is_default, view)
        for view in saved_views(session, by.user_id, page)
    ]


def saved_views(session: Session, user_id: int, page: str) -> Sequence[SavedView]:
    """Return the views of an account and a list, by name."""
    own = select(SavedView).where(SavedView.user_id == user_id, SavedView.page == page)
    return session.scalars(own.order_by(SavedView.name)).all()


def find_view(session: Session, number: str, by: Actor) -> SavedView:
    """Return a view that ``by`` saved; raise :class:`Missing`."""
    own = select(SavedView).where(SavedView.number == normalise(number), SavedView.user_id == by.user_id)
    view = session.scalar(own)
    if view is None:
        raise Missing(message("You have no such view."))
    return view


def query_of(session: Session, view: SavedView) -> str:
    """Return what stands in the address of a view, for its owner."""
    return services_of(session).keyring.decrypt(view.query_cipher, QUERY)
