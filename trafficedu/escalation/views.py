"""Pages of replays: two policies over the last months; and what companies reach of what is asked of them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from trafficedu.core import jobs
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.fields import show_month
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.job_views import made_by_a_job
from trafficedu.core.list_views import Table, table_file
from trafficedu.core.month import Month
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, locale, still, translated
from trafficedu.escalation.charts import replay_chart
from trafficedu.escalation.forms import CompanyMonthForm, ReplayForm
from trafficedu.escalation.models import PolicyReplay
from trafficedu.escalation.queries import display
from trafficedu.escalation.queries.companies import list_reached, rules_on
from trafficedu.escalation.queries.replays import area_of, find_replay
from trafficedu.escalation.rules import REPLAY_MONTHS
from trafficedu.escalation.services import replaying
from trafficedu.feedback.queries.choices import list_choices
from trafficedu.feedback.queries.policy import list_drafts

pages = Blueprint("escalation", __name__, url_prefix="/escalation")
READ, RUN = "feedback:policy:read", replaying.PERMISSION


@pages.route("/replays/new", methods=["GET", "POST"])
@requires(RUN)
@changes_nothing_seen("it counts what is on record then, whatever that is")
def new_replay() -> Any:
    """I want to know what a policy would have recommended over the last months, beside another one."""
    form, language = ReplayForm(), locale()
    named = [(replaying.IN_FORCE, translated(message("What was in force at the time")))]
    named += [(one.code, one.names[language]) for one in list_choices()]
    named += [(f"{replaying.DRAFT}{one.number}", f"{one.name} · {one.number}") for one in list_drafts(session())]
    form.offer(named)
    if not form.is_submitted():
        form.first.data = replaying.IN_FORCE
        wanted = request.args.get("second", "")
        form.second.data = wanted if wanted in dict(named) else named[2][0]
    if accepted := submitted(
        form,
        lambda: replaying.ask(session(), form.first.data, form.second.data, actor(), utc_now(), language),
    ):
        return back_to("escalation.replay", number=accepted.value)
    last = Month.of(today()) - 1
    months = (last - (REPLAY_MONTHS - 1), last)
    return form_page("escalation/new_replay.html", form, months=months, area=area_of(session(), actor()))


@pages.get("/replays/<number>")
@requires(READ)
def replay(number: str) -> Any:
    """I read what two policies would have recommended, month by month, and where they differ."""
    found = find_replay(session(), number, actor())
    if request.headers.get("HX-Request"):
        return still(found.result is None)
    names = _names(found)
    values: dict[str, Any] = {"replay": found, "names": names, "months": found.months, "result": found.result}
    if found.result is None:
        job = jobs.find_latest(session(), replaying.job_of(found), actor(), locale())
        return render_template("escalation/replay.html", **values, failed=job is not None and not job.is_open)
    return render_template(
        "escalation/replay.html",
        **values,
        figure=replay_chart(names, [str(month) for month in found.months], found.result, locale()),
        rows=display.measure_rows(found.result),
        companies=display.company_rows(session(), found.result),
        called_in=display.called_in(session(), found.result),
        coverage=list(zip(found.result["coverage"]["known"], found.result["coverage"]["of"], strict=True)),
    )


def _names(found: PolicyReplay) -> tuple[str, str]:
    key = "name_en" if locale() == "en" else "name_zh"
    return found.first[key], found.second[key]


@pages.post("/replays/<number>/export/<any(csv, xlsx):suffix>")
@requires(RUN)
@changes_nothing_seen("it makes a file of what is read")
@made_by_a_job
def export(number: str, suffix: str) -> Any:
    """I take the months of a replay with me as a file."""
    found = find_replay(session(), number, actor())
    result = found.result
    if result is None:
        raise Missing(message("This replay is not worked out yet."))
    table = Table(display.columns_of(_names(found)), lambda: display.file_rows(found, result))
    return table_file(table, f"replay-{found.number}.{suffix}", RUN, titles=locale(), replay=found.number)


@pages.get("/companies")
@requires(READ)
def companies() -> Any:
    """I see what companies reach of what the policy in force asks of them: whom it recommends to call in."""
    form = CompanyMonthForm(request.args)
    form.validate()
    running = Month.of(today())
    month = min(form.month.data or running, running)
    show_month(form.month, month)
    policy, rules = rules_on(session(), min(month.last, today()))
    area = area_of(session(), actor())
    reached = list_reached(session(), rules, month, area.path)
    return render_template(
        "escalation/companies.html",
        form=form,
        month=month,
        policy=policy,
        rules=rules,
        area=area,
        reached=reached,
        running=month == running,
    )
