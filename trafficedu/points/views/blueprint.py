"""The blueprint of points, and the words its templates use for codes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from trafficedu.points.forms import KIND_NAMES

pages = Blueprint("points", __name__, url_prefix="/points")


@pages.context_processor
def names() -> dict[str, Any]:
    """Give every template of this feature the names of its codes."""
    return {
        "kind_names": KIND_NAMES,
    }
