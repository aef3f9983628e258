"""The quiz on the station's tablet: the clerk hands it over, the rider answers, and hands it back.

The pages show no navigation. From the moment it is handed over the tablet opens this quiz and nothing else of the
clerk's account; who takes it back signs in, and is at the study card.
"""

from __future__ import annotations

from typing import Any

from flask import url_for

from trafficedu.core.access import actor, hand_over, requires
from trafficedu.core.database import session
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.education.queries.sessions import find_study
from trafficedu.education.services.absence import CHECK_IN
from trafficedu.quizzes.rules.words import Device
from trafficedu.quizzes.views.blueprint import pages
from trafficedu.quizzes.views.steps import offer
from trafficedu.quizzes.views.taking import Place


def _place(number: str, task: str) -> Place:
    booking = find_study(session(), number, task, actor())
    back = url_for("study.card", number=number, task=task)
    return Place(booking, Device.TABLET, actor(), {"number": number, "task": task}, back)


@pages.post("/sessions/<number>/riders/<task>/test")
@requires(CHECK_IN)
@changes_nothing_seen("it shuts this browser in the quiz, and changes no record")
@kerb
def tablet_hand_over(number: str, task: str) -> Any:
    """I hand the tablet to the rider, for this quiz alone."""
    place = _place(number, task)
    hand_over(place.url("start"))
    return place.to("start")


offer(pages, Device.TABLET, "/sessions/<number>/riders/<task>/test", requires(CHECK_IN), _place)
