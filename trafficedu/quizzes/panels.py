"""What a study card shows of the quiz: how the rider stands, and the key that hands the tablet over."""

from __future__ import annotations

from flask import render_template

from trafficedu.core.access import panel_for
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.education.models.tasks import Booking
from trafficedu.quizzes.queries.attempts import standing_of


@panel_for("education:session:check_in")
def of_card(booking: Booking) -> str:
    """Study card: attempts so far, the running one, and the tablet."""
    standing = standing_of(session(), booking, utc_now())
    if not booking.is_studying and not standing.ended:
        return ""
    return render_template("quizzes/_of_card.html", booking=booking, standing=standing)
