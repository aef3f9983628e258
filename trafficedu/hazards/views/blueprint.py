"""The blueprint of hazards and the words its templates use for codes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from trafficedu.core.clock import today
from trafficedu.hazards import rules

pages = Blueprint("hazards", __name__, url_prefix="/hazards")


@pages.context_processor
def names() -> dict[str, Any]:
    """Give every template of this feature what can be done to a hazard, and the day on which something is late."""
    return {
        "today": today(),
        "act": rules.HazardAct,
    }
