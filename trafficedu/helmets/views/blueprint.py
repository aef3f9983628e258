"""The blueprint that the pages of this feature share."""

from __future__ import annotations

from flask import Blueprint

from trafficedu.core.access import actor
from trafficedu.core.clock import today
from trafficedu.core.database import session
from trafficedu.helmets.queries import sites

pages = Blueprint("helmets", __name__, url_prefix="/helmets")
INDENT = {"town": "　", "village": "　　"}


def area_choices() -> list[tuple[str, str]]:
    """Return code and indented name of the areas of the own post."""
    areas = sites.list_areas(session(), actor(), today())
    return [(area.code, f"{INDENT.get(area.level, '')}{area.name}") for area in areas]
