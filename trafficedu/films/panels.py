"""What the study card shows of films seen at home, and what the rider's own page offers."""

from __future__ import annotations

from flask import render_template

from trafficedu.core.access import panel_for
from trafficedu.core.database import session
from trafficedu.education.models.tasks import Booking
from trafficedu.education.queries.online import list_online
from trafficedu.films.queries.watching import list_viewings


@panel_for("education:session:check_in")
def of_card(booking: Booking) -> str:
    """Study card: how much of which film was seen at home, and when."""
    studies = [] if booking.attendance is None else list_online(session(), booking.attendance.id)
    if not studies:
        return ""
    missed = sum(viewing.missed for viewing in list_viewings(session(), booking.task_id))
    return render_template("films/_of_card.html", studies=studies, missed=missed)
