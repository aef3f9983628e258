"""The blueprint of hazards, the words its templates use for codes, and the lists that its forms offer."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

from trafficedu.core.access import actor
from trafficedu.core.clock import today
from trafficedu.core.database import session
from trafficedu.hazards import rules
from trafficedu.violations.queries.kinds import list_villages

pages = Blueprint("hazards", __name__, url_prefix="/hazards")


@pages.context_processor
def names() -> dict[str, Any]:
    """Give every template of this feature what can be done to a hazard, and the day on which something is late."""
    return {
        "today": today(),
        "act": rules.HazardAct,
    }


def village_choices(kept: tuple[str, str] | None = None) -> list[SelectChoice]:
    """Return my villages by town, for reports; ``kept`` is code and name of one that stays though it ended."""
    scope = actor().scope
    villages = [
        SelectChoice(village.code, village.name, optgroup=village.town)
        for village in list_villages(session(), today())
        if scope.covers(village.path)
    ]
    if kept is not None and kept[0] not in {village.value for village in villages}:
        villages.insert(0, SelectChoice(*kept))
    return villages if len(villages) == 1 else [SelectChoice("", _("Choose the village")), *villages]
