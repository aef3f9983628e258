"""Questions from and to other programs, in GIFT; as a table they come and go by the page of imports."""

from __future__ import annotations

from typing import Any

from flask import Response

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message
from trafficedu.quizzes.forms import GiftForm
from trafficedu.quizzes.queries.bank import READ
from trafficedu.quizzes.services import exchange
from trafficedu.quizzes.services.bank import MANAGE
from trafficedu.quizzes.views.blueprint import pages


@pages.route("/questions/gift", methods=["GET", "POST"])
@requires(MANAGE)
@changes_nothing_seen("a file says by its codes what it adds and what it changes")
def gift() -> Any:
    """I take in questions from another program."""
    form = GiftForm()

    def take() -> exchange.Taken:
        return exchange.take_gift(session(), form.file.data.read(), actor(), utc_now())

    if accepted := submitted(form, take):
        done = accepted.value
        flash_message(
            message(
                "%(added)d questions added, %(changed)d changed, %(same)d as before.",
                added=done.added,
                changed=done.changed,
                same=done.unchanged,
            )
        )
        return back_to("quizzes.index")
    return form_page("quizzes/gift.html", form)


@pages.get("/questions.gift")
@requires(READ)
def gift_file() -> Any:
    """I take the questions with me for another program."""
    name = f"questions-{today().isoformat()}.gift"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(exchange.gift_of_bank(session()), content_type="text/plain; charset=utf-8", headers=headers)
