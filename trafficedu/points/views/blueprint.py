"""The blueprint of points, and the words its templates use for codes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from trafficedu.core.text import Message
from trafficedu.core.web import say
from trafficedu.points.forms import DIRECTION_NAMES, KIND_NAMES, SOURCE_NAMES
from trafficedu.points.models import PointEntry
from trafficedu.points.queries.entries import COUNTER

pages = Blueprint("points", __name__, url_prefix="/points")


@pages.context_processor
def names() -> dict[str, Any]:
    """Give every template of this feature the names of its codes."""
    return {
        "kind_names": KIND_NAMES,
        "direction_names": DIRECTION_NAMES,
        "source_names": SOURCE_NAMES,
        "source_of": _source_of,
        "note_of": _note_of,
    }


def _source_of(entry: PointEntry) -> str:
    return COUNTER if entry.counters_id is not None else entry.source


def _note_of(entry: PointEntry) -> str:
    """Return what was noted; what the system noted itself is put into the reader's language."""
    return say(Message(entry.note)) if entry.note and entry.source == "event" else entry.note
