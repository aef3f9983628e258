"""Pages of the end of a study: signed off, left early, absent, and how each is taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import carried_out, form_page, submitted
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import seen
from trafficedu.core.text import Message, message
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, flash_message
from trafficedu.education.forms.study import OverrideForm, ReasonForm
from trafficedu.education.models.tasks import Booking
from trafficedu.education.queries import sessions
from trafficedu.education.services import absence, exceptions, signing
from trafficedu.education.views.door import row_or_list
from trafficedu.education.views.roster import CHECK_IN, entries_of, facts_of, ready_of
from trafficedu.education.views.study import card_page, to_card

pages = Blueprint("signing", __name__)
COMPLETE = "education:session:complete"


def _study(number: str, task: str) -> Booking:
    return sessions.find_study(session(), number, task, actor())


@pages.post("/sessions/<number>/riders/<task>/sign-off")
@requires(COMPLETE)
@kerb
def sign_off(number: str, task: str) -> Any:
    """I sign a rider's study off in my name; the certificate is issued."""
    booking = seen(_study(number, task), facts_of)
    carried_out(
        lambda: signing.sign_off(session(), booking, actor(), utc_now()),
        message("Signed off. The certificate has been issued."),
    )
    return to_card(number, task)


@pages.post("/sessions/<number>/riders/<task>/override")
@requires("education:session:override")
@kerb
def override(number: str, task: str) -> Any:
    """I propose to sign a study off although something is missing, with a reason; somebody else decides."""
    booking = seen(_study(number, task), facts_of)
    form = OverrideForm()
    if submitted(form, lambda: exceptions.propose_sign_off(session(), booking, form.reason.data, actor(), utc_now())):
        flash_message(message("Proposed. A supervisor other than you decides."))
        return to_card(number, task)
    return card_page(_study(number, task), override=form)


@pages.post("/sessions/<number>/riders/<task>/absent")
@requires(CHECK_IN)
@kerb
def absent(number: str, task: str) -> Any:
    """I note that a rider did not come; after the first time the task gets the next seat."""
    booking = seen(_study(number, task), facts_of)
    noted = carried_out(lambda: absence.mark_absent(session(), booking, actor(), utc_now()))
    if noted and noted.value is not None:
        flash_message(message("Marked as absent. The rider has another seat."))
    elif noted:
        flash_message(message("Marked as absent. The rider has no other seat yet."))
    return back_to("door.check_in_list", number=number, _anchor=task)


@pages.post("/sessions/<number>/riders/<task>/left")
@requires(CHECK_IN)
@kerb
def left(number: str, task: str) -> Any:
    """I note that a rider who came left before the end."""
    booking = seen(_study(number, task), facts_of)
    return row_or_list(
        number,
        task,
        lambda: absence.leave_early(session(), booking, actor(), utc_now()),
        message("Noted as having left early. Modules that were completed count at the next session."),
    )


def _with_reason(
    number: str, task: str, act: Callable[[Booking, str], Any], title: Message, lead: Message, done: Message
) -> Any:
    booking, form = seen(_study(number, task), facts_of), ReasonForm()
    if submitted(form, lambda: act(booking, form.reason.data)):
        flash_message(done)
        return to_card(number, task)
    return form_page("study/reason.html", form, booking=booking, title=title, lead=lead)


@pages.route("/sessions/<number>/riders/<task>/absent/take-back", methods=["GET", "POST"])
@requires(CHECK_IN)
def take_back_absence(number: str, task: str) -> Any:
    """I take back that a rider did not come: the seat is theirs again while the session lasts."""
    return _with_reason(
        number,
        task,
        lambda booking, reason: absence.take_back_absence(session(), booking, reason, actor(), utc_now()),
        message("Take the absence back"),
        message(
            "While the session lasts, the rider has the seat here again, and a seat given since goes to the next who "
            "waits. After that, the absence no longer counts."
        ),
        message("The absence was taken back."),
    )


@pages.route("/sessions/<number>/riders/<task>/left/take-back", methods=["GET", "POST"])
@requires(CHECK_IN)
def come_back(number: str, task: str) -> Any:
    """I take back that a rider left: the study goes on."""
    return _with_reason(
        number,
        task,
        lambda booking, reason: absence.come_back(session(), booking, reason, actor(), utc_now()),
        message("The rider did not leave"),
        message("The study goes on where it was. A seat given since goes to the next who waits."),
        message("The study goes on."),
    )


@pages.route("/sessions/<number>/riders/<task>/sign-off/take-back", methods=["GET", "POST"])
@requires("education:session:take_back")
def take_back(number: str, task: str) -> Any:
    """I take a sign-off back; the certificate is revoked with my reason."""
    return _with_reason(
        number,
        task,
        lambda booking, reason: signing.take_back_sign_off(session(), booking, reason, actor(), utc_now()),
        message("Take the sign-off back"),
        message(
            "The certificate is revoked at once, and its page says so with this reason. The study is open again: sign "
            "it off anew, or note that the rider left. Otherwise it is closed as not completed after some days."
        ),
        message("The sign-off was taken back and the certificate revoked."),
    )


@pages.post("/sessions/<number>/sign-off")
@requires(COMPLETE)
@kerb
def sign_off_all(number: str) -> Any:
    """I sign off everybody for whom nothing is missing, each in my name."""
    study = seen(sessions.find_session(session(), number, actor()), lambda study: ready_of(entries_of(study)))
    with writing(session()) as own:
        result = signing.sign_off_ready(own, study, actor(), utc_now())
    flash_message(
        message("Signed off %(done)d riders; %(left)d are not ready yet.", done=result.served, left=result.passed_over)
    )
    return back_to("door.check_in_list", number=number)
