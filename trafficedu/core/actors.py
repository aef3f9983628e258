"""Who is acting, what they may do and how far they may see. Must not know the web or the user table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, false, true

from trafficedu.core.errors import Denied
from trafficedu.core.text import DEFAULT_LOCALE, message


def at_or_below(column: SQLColumnExpression[Any], path: str) -> ColumnElement[bool]:
    """Return the condition that a column of paths (``areas.models.Area.path``) lies at or below ``path``.

    A range, which an index of bytes answers on either database: ``0`` is the character after the slash that ends
    every path. ``LIKE`` asked SQLite to read every area (docs/adr, "The tree of areas"). "" is above every path.
    """
    return and_(column >= path, column < f"{path[:-1]}0") if path else true()


@dataclass(frozen=True)
class Scope:
    """What part of the tree somebody sees. Queries apply it; pages never filter.

    Exactly one of the fields is set; with none set nothing is visible. ``area_path`` is the path of an area
    (``areas.models.Area.path``): that area and all below it.
    """

    everything: bool = False
    area_path: str | None = None
    station_id: int | None = None
    company_id: int | None = None

    def condition(self, *, area: Bound = None, station: Bound = None, company: Bound = None) -> ColumnElement[bool]:
        """Return the condition that keeps a query to what is seen; each feature's ``visible_to`` is made of it.

        Parameters
        ----------
        area
            The column of an area's path, or a function of the path (``areas.queries.lies_in`` makes one for a
            column of ids); None where posts in an area see nothing.
        station, company
            The column of the id, or a function of it; None where such a post sees nothing.
        """
        if self.everything:
            return true()
        if area is not None and self.area_path:
            return area(self.area_path) if callable(area) else at_or_below(area, self.area_path)
        for bound, own in ((station, self.station_id), (company, self.company_id)):
            if bound is not None and own is not None:
                return bound(own) if callable(bound) else bound == own
        return false()

    def covers(self, path: str) -> bool:
        """Tell whether the area at ``path`` is seen."""
        return self.everything or bool(self.area_path and path.startswith(self.area_path))


Bound = SQLColumnExpression[Any] | Callable[[Any], ColumnElement[bool]] | None
NOTHING = Scope()


@dataclass(frozen=True)
class Actor:
    """The user (or the system) on whose behalf a service runs.

    ``user_id`` is None for the system itself (worker, command line) and for a visitor without an account.
    ``password_due``: still signed in with the first password, which somebody else knows; nothing but choosing
    an own one is open until then.
    """

    user_id: int | None
    name: str
    role: str = ""
    permissions: frozenset[str] = frozenset()
    scope: Scope = field(default=NOTHING)
    locale: str = DEFAULT_LOCALE
    password_due: bool = False

    def may(self, permission: str) -> bool:
        """Tell whether this actor holds ``permission`` (``scope:resource:action``)."""
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise :class:`Denied` unless this actor holds ``permission``."""
        if not self.may(permission):
            raise Denied(message("You do not have permission to do this. Ask your administrator if you need it."))


VISITOR = Actor(None, "")
SYSTEM = Actor(None, "system", role="system", scope=Scope(everything=True))
