"""The quiz on the station's tablet: the clerk hands it over, the rider answers, and hands it back.

The pages show no navigation. Handing back leads to the study card and nowhere else.
"""

from __future__ import annotations

from flask import url_for

from trafficedu.core.access import actor, requires
from trafficedu.core.database import session
from trafficedu.education.queries.sessions import find_study
from trafficedu.quizzes.rules.words import Device
from trafficedu.quizzes.views.blueprint import pages
from trafficedu.quizzes.views.steps import offer
from trafficedu.quizzes.views.taking import Place


def _place(number: str, task: str) -> Place:
    booking = find_study(session(), number, task, actor())
    back = url_for("study.card", number=number, task=task)
    return Place(booking, Device.TABLET, actor(), {"number": number, "task": task}, back)


offer(pages, Device.TABLET, "/sessions/<number>/riders/<task>/test", requires("education:session:check_in"), _place)
