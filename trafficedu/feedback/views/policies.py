"""Pages of the policy as a whole: in force since when, by whom, why; those to choose from; drafts of one's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from operator import attrgetter
from typing import Any

from flask import render_template, request, url_for

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.fields import choices
from trafficedu.core.forms import carried_out, form_page, submitted
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message, locale, translated
from trafficedu.feedback.forms import AdoptForm, DraftForm, LineForm
from trafficedu.feedback.queries import policy as queries
from trafficedu.feedback.queries.choices import find_choice, list_choices
from trafficedu.feedback.rules.policy import PolicyLine, Receiver, in_words, ladder_of
from trafficedu.feedback.services import policies
from trafficedu.feedback.views.blueprint import pages

READ, MANAGE = "feedback:policy:read", "feedback:policy:manage"
PRESENT = "present"
"""The steps in force today, as something a draft begins with."""


@pages.get("/escalation")
@requires(READ)
def policy() -> Any:
    """I see what is recommended today, since when, by whom and why, and what else there is."""
    day = today()
    history, steps = queries.list_policies(session()), queries.list_steps(session())
    return render_template(
        "feedback/policy.html",
        present=next((one for one in history if one.holds_on(day)), None),
        coming=[one for one in history if one.valid_from > day and not one.is_taken_back],
        ladders=_ladders(queries.lines_on(session(), day)),
        history=history,
        choices=list_choices(),
        drafts=queries.list_drafts(session()),
        steps=steps,
        changed=sorted((one for one in steps if one.entered_utc), key=attrgetter("entered_utc", "id"), reverse=True),
        today=day,
        in_words=in_words,
    )


def _ladders(lines: list[PolicyLine]) -> list[tuple[Any, Any]]:
    """Return, for each kind of receiver, what is recommended from how many stops on."""
    return [(receiver, ladder_of(receiver, lines)) for receiver in Receiver]


@pages.get("/escalation/choices/<code>")
@requires(READ)
def choice(code: str) -> Any:
    """I read a policy that comes with the program, where it comes from and what of it was assumed, beside ours."""
    chosen = find_choice(code)
    return render_template(
        "feedback/choice.html",
        choice=chosen,
        ladders=_ladders(list(chosen.lines)),
        present=_ladders(queries.lines_on(session(), today())),
        in_words=in_words,
    )


@pages.route("/escalation/choices/<code>/adopt", methods=["GET", "POST"])
@requires(MANAGE)
def adopt_choice(code: str) -> Any:
    """I put a policy in force that comes with the program, and say why."""
    chosen = seen(find_choice(code), lambda _chosen: list(queries.list_policies(session())))
    return _adopt(
        chosen.names[locale()],
        list(chosen.lines),
        url_for("feedback.choice", code=code),
        lambda day, reason: policies.chosen(code, day, reason),
    )


def _adopt(name: str, lines: list[PolicyLine], back: str, new: Callable[[date, str], policies.NewPolicy]) -> Any:
    """Ask from which day and why, beside what it changes; then put it in force."""
    form, day = AdoptForm(), today()
    if not form.is_submitted():
        form.valid_from.data = day + timedelta(days=1)

    def act() -> date:
        given = new(form.valid_from.data, form.reason.data.strip())
        return policies.adopt(session(), given, day, actor(), utc_now()).valid_from

    if accepted := submitted(form, act):
        flash_message(message("The policy is in force from %(day)s.", day=accepted.value.isoformat()))
        return back_to("feedback.policy")
    ladders, present = _ladders(lines), _ladders(queries.lines_on(session(), day))
    values = {"name": name, "ladders": ladders, "present": present, "back": back, "in_words": in_words}
    return form_page("feedback/adopt.html", form, **values)


@pages.post("/escalation/policies/<number>/take-back")
@requires(MANAGE)
def take_back(number: str) -> Any:
    """I take a policy back before its day: what is in force today goes on."""
    found = seen(queries.find_policy(session(), number))
    carried_out(
        lambda: policies.take_back(session(), found, today(), actor()),
        message("Taken back: the policy does not come into force."),
    )
    return back_to("feedback.policy")


@pages.route("/escalation/drafts/new", methods=["GET", "POST"])
@requires(MANAGE)
@changes_nothing_seen("what it makes is new")
def new_draft() -> Any:
    """I begin a policy of our own from another one."""
    form, language = DraftForm(), locale()
    offered = [(one.code, one.names[language]) for one in list_choices()]
    form.start.choices = choices([(PRESENT, translated(message("the policy in force today"))), *offered])
    if not form.is_submitted() and request.args.get("start") in dict(offered):
        form.start.data = request.args["start"]

    def begin() -> str:
        code = form.start.data
        if code == PRESENT:
            present = queries.policy_on(session(), today())
            lines, about = queries.lines_on(session(), today()), present.about if present else {}
        else:
            lines, about = list(find_choice(code).lines), find_choice(code).about
        return policies.begin_draft(session(), form.name.data.strip(), lines, actor(), utc_now(), about).number

    if accepted := submitted(form, begin):
        return back_to("feedback.draft", number=accepted.value)
    return form_page("feedback/new_draft.html", form)


@pages.route("/escalation/drafts/<number>", methods=["GET", "POST"])
@requires(MANAGE)
def draft(number: str) -> Any:
    """I set the steps of our own policy; nothing is recommended by it yet."""
    found, form = seen(queries.find_draft(session(), number)), LineForm()
    if not form.is_submitted():
        form.version.data = found.version
    if submitted(form, lambda: policies.set_line(session(), found, form.to_line(), form.version.data, actor())):
        flash_message(message("Step kept in the draft."))
        return back_to("feedback.draft", number=number)
    lines = [PolicyLine.unpacked(line) for line in found.lines]
    return form_page("feedback/draft.html", form, draft=found, ladders=_ladders(lines), in_words=in_words)


@pages.route("/escalation/drafts/<number>/adopt", methods=["GET", "POST"])
@requires(MANAGE)
def adopt_draft(number: str) -> Any:
    """I put our own policy in force, and say why."""
    found = seen(queries.find_draft(session(), number))
    lines = [PolicyLine.unpacked(line) for line in found.lines]
    back = url_for("feedback.draft", number=number)
    return _adopt(found.name, lines, back, lambda day, reason: policies.drafted(found, day, reason))


@pages.post("/escalation/drafts/<number>/remove/<any(company, village):receiver>/<int:count>")
@requires(MANAGE)
def remove_line(number: str, receiver: str, count: int) -> Any:
    """I leave a step of our own policy out."""
    found = seen(queries.find_draft(session(), number))
    carried_out(
        lambda: policies.remove_line(session(), found, receiver, count, found.version, actor()),
        message("Step removed from the draft."),
    )
    return back_to("feedback.draft", number=number)


@pages.post("/escalation/drafts/<number>/discard")
@requires(MANAGE)
def discard(number: str) -> Any:
    """I lay a draft aside."""
    found = seen(queries.find_draft(session(), number))
    carried_out(lambda: policies.discard(session(), found, actor(), utc_now()), message("Draft laid aside."))
    return back_to("feedback.policy")
