"""The blueprint of evaluation, and the month in its addresses."""

from __future__ import annotations

from datetime import date, datetime

from flask import Blueprint

from trafficedu.core.errors import Missing
from trafficedu.core.text import message

pages = Blueprint("evaluation", __name__, url_prefix="/evaluation")


def month_of(text: str) -> date:
    """Return the month written ``2026-10``; raise :class:`Missing` for anything else."""
    try:
        if len(text) != 7:
            raise ValueError(text)
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError as error:
        raise Missing(message("There is no such month. Months are written like 2026-10.")) from error
