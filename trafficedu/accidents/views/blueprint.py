"""The blueprint of accidents, and the words its templates use for codes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from trafficedu.accidents.forms import HELMET_NAMES, RESPONSIBILITY_NAMES, ROLE_NAMES, SEVERITY_NAMES, STATE_NAMES

pages = Blueprint("accidents", __name__, url_prefix="/accidents")


@pages.context_processor
def names() -> dict[str, Any]:
    """Give every template of this feature the names of its codes."""
    return {
        "severity_names": SEVERITY_NAMES,
        "helmet_names": HELMET_NAMES,
        "responsibility_names": RESPONSIBILITY_NAMES,
        "role_names": ROLE_NAMES,
        "state_names": STATE_NAMES,
    }
