"""The quiz on the rider's own phone: the key of the check-in opens it, and shows no more of anybody than a family name.

The key has 144 bits of chance and belongs to one check-in; who tries others from one address has to wait.
"""

from __future__ import annotations

from flask import request

from trafficedu.core.access import open_to_phones
from trafficedu.core.actors import VISITOR
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.transactions import writing
from trafficedu.quizzes.queries.attempts import find_by_phone
from trafficedu.quizzes.rules.words import Device
from trafficedu.quizzes.services import guessing
from trafficedu.quizzes.views.blueprint import pages
from trafficedu.quizzes.views.steps import offer
from trafficedu.quizzes.views.taking import Place

RIDER = "a rider has no account: the key of the own check-in opens the quiz, and nothing else"


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


offer(pages, Device.PHONE, "/q/<key>", open_to_phones(RIDER), _place)
