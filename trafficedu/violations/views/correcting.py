"""Putting a record right: corrected or taken back, by who made it for some minutes, by a supervisor later."""

from __future__ import annotations

from typing import Any

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
from trafficedu.violations.models import Violation
from trafficedu.violations.queries import records
from trafficedu.violations.queries.kinds import list_kinds
from trafficedu.violations.services import correcting
from trafficedu.violations.views.blueprint import pages


@pages.route("/violations/<number>/correct", methods=["GET", "POST"])
@requires("violations:violation:record")
@kerb
def correct(number: str) -> Any:
    """I put right what a record says happened; what it said before stays with it."""
    violation = _own(number)
    form = CorrectForm()
    form.kind.choices = choices(
        (kind.code, kind.name(locale())) for kind in list_kinds(session(), local_date(violation.occurred_utc))
    )
    if not form.is_submitted():
        form.begin_with(violation)
    if submitted(
        form,
        lambda: correcting.correct(
            session(), violation, form.to_input(), form.reason.data, form.version.data, actor(), utc_now()
        ),
    ):
        flash_message(message("Record corrected. Whoever was told of it is told again."))
        return back_to("violations.show", number=number)
    return form_page("violations/correct.html", form, violation=records.find_violation(session(), number, actor()))


@pages.route("/violations/<number>/take-back", methods=["GET", "POST"])
@requires("violations:violation:record")
@kerb
def take_back(number: str) -> Any:
    """I take back what I have just recorded, for instance because it was the wrong person."""
    violation = _own(number)
    form = ReasonForm()
    if submitted(form, lambda: correcting.take_back(session(), violation, form.reason.data, actor(), utc_now())):
        flash_message(message("Record taken back. It is not counted; record it again if it was something else."))
        return back_to("violations.show", number=number)
    return form_page("violations/take_back.html", form, violation=records.find_violation(session(), number, actor()))


def _own(number: str) -> Violation:
    """Return the record, unless it is somebody else's to change."""
    violation = records.find_violation(session(), number, actor())
    correcting.require_in_time(session(), violation, actor(), utc_now())
    return seen(violation)
