"""The quiz on the rider's own phone: the key of the check-in opens it, and shows no more of anybody than a family name.

The key has 144 bits of chance and belongs to one check-in; who tries others from one address has to wait.
"""

from __future__ import annotations

from typing import Any

from flask import request

from trafficedu.core.access import open_to_all
from trafficedu.core.actors import VISITOR
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.transactions import writing
from trafficedu.quizzes.queries.attempts import find_by_phone
from trafficedu.quizzes.rules.words import Device
from trafficedu.quizzes.services import guessing
from trafficedu.quizzes.views import taking
from trafficedu.quizzes.views.blueprint import pages
from trafficedu.quizzes.views.taking import Place

RIDER = "a rider has no account: the key of the own check-in opens the quiz, and nothing else"
BASE = "/q/<key>"


def _place(key: str) -> Place:
    """Return where the rider of a key takes the quiz; raise Missing for a key that there is none of."""
    address, now = request.remote_addr or "", utc_now()
    if guessing.is_locked(session(), address, now):
        raise Missing(guessing.WAIT)
    booking = find_by_phone(session(), key)
    if booking is None:
        with writing(session()) as own:
            guessing.count_wrong(own, address, now)
        raise Missing(guessing.UNKNOWN)
    return Place(booking, Device.PHONE, VISITOR, {"key": key})


@pages.get(BASE)
@open_to_all(RIDER)
@kerb
def phone_start(key: str) -> Any:
    """I open my quiz after the check-in."""
    return taking.start_page(_place(key))


@pages.post(f"{BASE}/begin")
@open_to_all(RIDER)
@kerb
def phone_begin(key: str) -> Any:
    """I begin my quiz, or go on with it."""
    return taking.begin(_place(key))


@pages.get(f"{BASE}/<int:position>")
@open_to_all(RIDER)
@kerb
def phone_question(key: str, position: int) -> Any:
    """I read a question."""
    return taking.question_page(_place(key), position)


@pages.post(f"{BASE}/<int:position>")
@open_to_all(RIDER)
@changes_nothing_seen("an answer says by its question what it answers, and replaces the rider's own one before")
@kerb
def phone_answer(key: str, position: int) -> Any:
    """I answer a question."""
    return taking.keep_answer(_place(key), position)


@pages.get(f"{BASE}/all")
@open_to_all(RIDER)
@kerb
def phone_overview(key: str) -> Any:
    """I look at what I answered before handing in."""
    return taking.overview_page(_place(key))


@pages.post(f"{BASE}/hand-in")
@open_to_all(RIDER)
@kerb
def phone_hand_in(key: str) -> Any:
    """I hand in and read my result."""
    return taking.hand_in(_place(key))


@pages.get(f"{BASE}/<int:position>/picture")
@open_to_all(RIDER)
@kerb
def phone_picture(key: str, position: int) -> Any:
    """I look at the picture of a question."""
    return taking.picture_of(_place(key), position)
