"""The blueprint that the pages of this feature share."""

from __future__ import annotations

from flask import Blueprint

from trafficedu.core.access import actor
from trafficedu.core.clock import today
from trafficedu.core.database import session
from trafficedu.core.fields import Form
from trafficedu.helmets.queries import sites

pages = Blueprint("helmets", __name__, url_prefix="/helmets")
INDENT = {"town": "　", "village": "　　"}


def status(form: Form) -> int:
    """Return the status of a page with a form: 422 when it is shown again because of errors."""
    return 422 if form.errors else 200


def area_choices() -> list[tuple[str, str]]:
    """Return code and indented name of the areas of the own post."""
    areas = sites.list_areas(session(), actor(), today())
    return [(area.code, f"{INDENT.get(area.level, '')}{area.name}") for area in areas]
