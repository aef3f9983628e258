"""Putting a record right: by who made it for some minutes, by a supervisor later; who made it asks for it then."""

from __future__ import annotations

from typing import Any

from flask import request

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.database import session
from trafficedu.core.fields import choices
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message, locale
from trafficedu.violations.forms.records import CorrectForm, ReasonForm
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries import records
from trafficedu.violations.queries.kinds import list_kinds
from trafficedu.violations.rules.states import ViolationAct
from trafficedu.violations.services import correcting, requests
from trafficedu.violations.views.blueprint import pages

VOIDED = message("This record was voided. Nothing of it can be changed any more.")
REJECTED = message("This record was rejected. Nothing of it can be changed any more.")
ASKED = message("A supervisor is asked. You will be told what was decided.")


@pages.route("/violations/<number>/correct", methods=["GET", "POST"])
@requires("violations:violation:record")
@kerb
def correct(number: str) -> Any:
    """I put right what a record says happened, or ask a supervisor to; what it said before stays with it."""
    if _is_over(number):
        return back_to("violations.show", number=number)
    violation, asks = _own(number)
    form = CorrectForm()
    form.kind.choices = choices(
        (kind.code, kind.name(locale())) for kind in list_kinds(session(), local_date(violation.occurred_utc))
    )
    if not form.is_submitted():
        form.begin_with(violation)

    def correct_now() -> None:
        said = (form.to_input(), form.reason.data)
        if asks:
            requests.ask(session(), violation, *said, actor(), utc_now())
        else:
            correcting.correct(session(), violation, *said, form.version.data, actor(), utc_now())

    if submitted(form, correct_now):
        flash_message(ASKED if asks else message("Record corrected. Whoever was told of it is told again."))
        return back_to("violations.show", number=number)
    shown = records.find_violation(session(), number, actor())
    return form_page("violations/correct.html", form, violation=shown, asks=asks)


@pages.route("/violations/<number>/take-back", methods=["GET", "POST"])
@requires("violations:violation:record")
@kerb
def take_back(number: str) -> Any:
    """I take back what I have just recorded, as the wrong person; later I ask a supervisor to void it."""
    if _is_over(number):
        return back_to("violations.show", number=number)
    violation, asks = _own(number)
    form = ReasonForm()

    def take_back_now() -> None:
        if asks:
            requests.ask(session(), violation, None, form.reason.data, actor(), utc_now())
        else:
            correcting.take_back(session(), violation, form.reason.data, actor(), utc_now())

    if submitted(form, take_back_now):
        taken = message("Record taken back. It is not counted; record it again if it was something else.")
        flash_message(ASKED if asks else taken)
        return back_to("violations.show", number=number)
    shown = records.find_violation(session(), number, actor())
    return form_page("violations/take_back.html", form, violation=shown, asks=asks)


def _is_over(number: str) -> bool:
    """Tell whether a form is opened on a record that was voided or rejected, and say so at once."""
    violation = records.find_violation(session(), number, actor())
    if request.method == "POST" or violation.may(ViolationAct.CORRECT):
        return False
    flash_message(VOIDED if violation.is_voided else REJECTED, "warning")
    return True


def _own(number: str) -> tuple[Violation, bool]:
    """Return the record, unless it is somebody else's to change, and whether a supervisor has to be asked by now."""
    violation = records.find_violation(session(), number, actor())
    now = utc_now()
    asks = not correcting.may_change(session(), violation, actor(), now) and requests.may_ask(violation, actor())
    if not asks:
        correcting.require_in_time(session(), violation, actor(), now)
    return seen(violation), asks
