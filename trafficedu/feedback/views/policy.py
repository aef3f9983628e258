"""Pages of the lines of the escalation policy in force: added to, renewed with a preview, ended; never deleted from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import zip_longest
from typing import Any

from flask import request

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.fields import EndForm
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import Message, message
from trafficedu.core.web import back_to, flash_message
from trafficedu.feedback.forms import StepForm
from trafficedu.feedback.models import EscalationStep
from trafficedu.feedback.queries.policy import find_step, steps_on
from trafficedu.feedback.rules.policy import in_words, ladder
from trafficedu.feedback.rules.strength import check_order
from trafficedu.feedback.services import policy as policy_services
from trafficedu.feedback.services.policy import StepInput
from trafficedu.feedback.views.blueprint import pages


@pages.route("/escalation/new", methods=["GET", "POST"])
@requires("feedback:policy:manage")
@changes_nothing_seen("what it makes is new")
def new_step() -> Any:
    """I add a line, after looking at what it changes."""
    return _previewed(
        StepForm(),
        None,
        lambda new: policy_services.add_step(session(), new, today(), actor(), utc_now()),
        message("Step added to the policy."),
    )


@pages.route("/escalation/<any(company, village):receiver>/<int:count>/<day>", methods=["GET", "POST"])
@requires("feedback:policy:manage")
def step(receiver: str, count: int, day: str) -> Any:
    """I make a new version of a line, after looking at what it changes."""
    present = seen(find_step(session(), receiver, count, _day(day)))
    form = StepForm(obj=present, receiver_kind=receiver)
    if not form.is_submitted():
        form.valid_from.data, form.reason.data = None, ""
    return _previewed(
        form,
        present,
        lambda new: policy_services.renew_step(session(), present, new, form.version.data, today(), actor(), utc_now()),
        message("New version added to the policy."),
    )


@pages.route("/escalation/<any(company, village):receiver>/<int:count>/<day>/end", methods=["GET", "POST"])
@requires("feedback:policy:manage")
def end_step(receiver: str, count: int, day: str) -> Any:
    """I let a line end; what it recommended before stays."""
    present = seen(find_step(session(), receiver, count, _day(day)))
    form = EndForm(obj=present)
    if submitted(
        form,
        lambda: policy_services.end_step(session(), present, form.last_day.data, form.version.data, today(), actor()),
    ):
        flash_message(message("The step ends on that day."))
        return back_to("feedback.policy")
    return form_page("feedback/end_step.html", form, step=present, today=today(), in_words=in_words)


def _previewed(
    form: StepForm, present: EscalationStep | None, save: Callable[[StepInput], Any], success: Message
) -> Any:
    """Save a line that is sent, or show what it would change where that is asked."""

    def act() -> list[Any] | None:
        new = form.to_input()
        policy_services.check_step(new, today())
        if "look" in request.form:
            return _changes(new, present)
        save(new)
        return None

    accepted = submitted(form, act)
    if accepted and accepted.value is None:
        flash_message(success)
        return back_to("feedback.policy")
    changes = accepted.value if accepted else None
    return form_page("feedback/step.html", form, step=present, changes=changes, in_words=in_words)


def _changes(new: StepInput, replaced: EscalationStep | None) -> list[Any]:
    """Return, for each count of violations, what is recommended on the first day without and with the change."""
    before = steps_on(session(), new.receiver_kind, new.valid_from)
    gone = {new.escalation.violations_from} | ({replaced.violations_from} if replaced else set())
    others = [step for step in before if step.violations_from not in gone]
    check_order(new.escalation, others)
    after = [*others, new.escalation]
    rows = zip_longest(ladder(before), ladder(after))
    last_before, last_after = ladder(before)[-1][1], ladder(after)[-1][1]
    return [
        (number, old[1] if old else last_before, new[1] if new else last_after)
        for number, (old, new) in enumerate(rows, start=1)
    ]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Missing(message("This step is not in the policy.")) from error
