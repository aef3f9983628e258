"""The quiz on the station's tablet: the clerk hands it over, the rider answers, and hands it back.

The pages show no navigation. Handing back leads to the study card and nowhere else.
"""

from __future__ import annotations

from typing import Any

from flask import url_for

from trafficedu.core.access import actor, requires
from trafficedu.core.database import session
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.education.queries.sessions import find_study
from trafficedu.quizzes.rules.words import Device
from trafficedu.quizzes.views import taking
from trafficedu.quizzes.views.blueprint import pages
from trafficedu.quizzes.views.taking import Place

CHECK_IN = "education:session:check_in"
BASE = "/sessions/<number>/riders/<task>/test"


def _place(number: str, task: str) -> Place:
    booking = find_study(session(), number, task, actor())
    back = url_for("study.card", number=number, task=task)
    return Place(booking, Device.TABLET, actor(), {"number": number, "task": task}, back)


@pages.get(BASE)
@requires(CHECK_IN)
@kerb
def tablet_start(number: str, task: str) -> Any:
    """I give the rider the tablet."""
    return taking.start_page(_place(number, task))


@pages.post(f"{BASE}/begin")
@requires(CHECK_IN)
@kerb
def tablet_begin(number: str, task: str) -> Any:
    """Begin the quiz on the tablet."""
    return taking.begin(_place(number, task))


@pages.get(f"{BASE}/<int:position>")
@requires(CHECK_IN)
@kerb
def tablet_question(number: str, task: str, position: int) -> Any:
    """Show a question on the tablet."""
    return taking.question_page(_place(number, task), position)


@pages.post(f"{BASE}/<int:position>")
@requires(CHECK_IN)
@changes_nothing_seen("an answer says by its question what it answers, and replaces the rider's own one before")
@kerb
def tablet_answer(number: str, task: str, position: int) -> Any:
    """Keep the answer that the rider gave on the tablet."""
    return taking.keep_answer(_place(number, task), position)


@pages.get(f"{BASE}/all")
@requires(CHECK_IN)
@kerb
def tablet_overview(number: str, task: str) -> Any:
    """Show what is answered before handing in."""
    return taking.overview_page(_place(number, task))


@pages.post(f"{BASE}/hand-in")
@requires(CHECK_IN)
@kerb
def tablet_hand_in(number: str, task: str) -> Any:
    """Hand in on the tablet."""
    return taking.hand_in(_place(number, task))


@pages.get(f"{BASE}/<int:position>/picture")
@requires(CHECK_IN)
@kerb
def tablet_picture(number: str, task: str, position: int) -> Any:
    """Show the picture of a question on the tablet."""
    return taking.picture_of(_place(number, task), position)
