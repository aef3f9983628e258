"""Rule sets: the list, one with its trial, drafting, and putting in force by a second person."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from trafficedu.analysis.colours.rule_set import COLOURS, GREY, SECOND
from trafficedu.areas.queries import tree as areas
from trafficedu.core import jobs
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Refusal
from trafficedu.core.forms import attach_error, carried_out, form_page
from trafficedu.core.month import Month
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, flash_message, locale, still, translated
from trafficedu.evaluation.dimensions.registry import TITLES
from trafficedu.evaluation.forms.rule_sets import RuleSetForm, drafted_from, shown
from trafficedu.evaluation.models import RuleSetRecord
from trafficedu.evaluation.queries import rule_sets as queries
from trafficedu.evaluation.rules.names import FIRM_NAMES, KIND_NAMES, TAB_NAMES
from trafficedu.evaluation.services import fits
from trafficedu.evaluation.services import rule_sets as rule_set_services
from trafficedu.evaluation.services.fits import Shown
from trafficedu.evaluation.services.trials import SHOWN_MOVED
from trafficedu.evaluation.views.blueprint import pages


@pages.get("/rules")
@requires("evaluation:rule:read")
def rule_sets() -> Any:
    """I see which rules hold, held and are drafted."""
    rule_sets = queries.list_rule_sets(session())
    current = queries.rule_set_of(session(), Month.of(today()))
    return render_template("evaluation/rules.html", rule_sets=rule_sets, current=current)


@pages.get("/rules/<code>")
@requires("evaluation:rule:read")
def rule_set(code: str) -> Any:
    """I read a rule set, and what it would have changed in the last months evaluated, where I see all of the tree."""
    record = queries.find_rule_set(session(), code)
    top = areas.root(session())
    shown_trial = _trial(record) if record.is_draft and top is not None and actor().scope.covers(top.path) else None
    if request.headers.get("HX-Request"):
        return still(shown_trial is not None and shown_trial.under_way)
    own = actor().user_id in {record.created_by_id, record.changed_by_id}
    return render_template(
        "evaluation/rule_set.html",
        record=record,
        current=queries.rule_set_of(session(), Month.of(today())),
        figures=shown(record.payload),
        shown=shown_trial,
        trial=shown_trial.kept.payload if shown_trial is not None and shown_trial.kept is not None else None,
        shown_moved=SHOWN_MOVED,
        own=own,
        colours=(*COLOURS, GREY),
        names=TITLES,
        kind_names=KIND_NAMES,
        firm_names=FIRM_NAMES,
        second=queries.rules_from(record).scheme == SECOND,
    )


def _trial(record: RuleSetRecord) -> Shown:
    """Return the trial of a draft as it is kept; one that is missing is asked for."""
    shown = fits.trial_shown(session(), record, actor(), utc_now(), locale())
    if shown.due is not None:
        with writing(session()) as own:
            jobs.ask(own, shown.due, actor(), utc_now(), locale())
    return shown


@pages.get("/backtest")
@requires("evaluation:rule:read")
def backtest() -> Any:
    """I see what the colours of the past foretold, and where they foretold nothing."""
    shown = fits.backtest_shown(session(), actor(), utc_now(), locale())
    if request.headers.get("HX-Request"):
        return still(shown.under_way)
    if shown.due is not None:
        with writing(session()) as own:
            jobs.ask(own, shown.due, actor(), utc_now(), locale())
    return render_template(
        "evaluation/backtest.html",
        shown=shown,
        found=shown.kept.payload if shown.kept is not None else None,
        kind_names=TAB_NAMES,
    )


@pages.route("/rules/new", methods=["GET", "POST"])
@requires("evaluation:rule:propose")
@changes_nothing_seen("what it makes is new")
def new_rule_set() -> Any:
    """I draft new rules from those in force."""
    copied = queries.rule_set_of(session(), Month.of(today()))
    least = rule_set_services.earliest_month(session(), today())
    form = RuleSetForm(data={**drafted_from(copied.payload), "valid_from": least})
    if form.validate_on_submit():
        try:
            with writing(session()) as own:
                record = rule_set_services.draft_rule_set(own, form.to_input(), actor(), utc_now())
        except Refusal as error:
            _refused(form, error)
        else:
            flash_message(
                message(
                    "Draft saved. See below what it would have changed, then ask a second person to put it in force."
                )
            )
            return back_to("evaluation.rule_set", code=record.code)
    return form_page("evaluation/rule_form.html", form, record=None)


@pages.route("/rules/<code>/edit", methods=["GET", "POST"])
@requires("evaluation:rule:propose")
def edit_rule_set(code: str) -> Any:
    """I change a draft."""
    record = seen(queries.find_rule_set(session(), code))
    stored = {"name": record.name, "valid_from": record.valid_from, "note": record.note, "version": record.version}
    form = RuleSetForm(data={**drafted_from(record.payload), **stored})
    if form.validate_on_submit():
        try:
            with writing(session()) as own:
                rule_set_services.change_rule_set(own, record, form.to_input(), form.version.data, actor(), utc_now())
        except Refusal as error:
            _refused(form, error)
        else:
            flash_message(message("Draft changed."))
            return back_to("evaluation.rule_set", code=code)
    return form_page("evaluation/rule_form.html", form, record=record)


@pages.post("/rules/<code>/release")
@requires("evaluation:rule:release")
def release_rule_set(code: str) -> Any:
    """I put somebody else's draft in force."""
    record = seen(queries.find_rule_set(session(), code))
    if carried_out(lambda: rule_set_services.release_rule_set(session(), record, _version(), actor(), utc_now())):
        flash_message(message("The rule set is in force from the month you chose."))
    return back_to("evaluation.rule_set", code=code)


@pages.post("/rules/<code>/discard")
@requires("evaluation:rule:propose")
def discard_rule_set(code: str) -> Any:
    """I give a draft up."""
    record = seen(queries.find_rule_set(session(), code))
    if carried_out(lambda: rule_set_services.discard_rule_set(session(), record, _version(), actor())):
        flash_message(message("Draft discarded. It stays in the list."))
    return back_to("evaluation.rule_sets")


def _version() -> int:
    """Return the version the button was shown with; a broken one is always stale."""
    text = request.form.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _refused(form: RuleSetForm, error: Refusal) -> None:
    """Show every fault at its field."""
    if isinstance(error, rule_set_services.RuleFaults):
        for name, text in error.faults.items():
            field = name if name in form else "name"
            form[field].errors = [*form[field].errors, translated(text)]
    else:
        attach_error(form, error)
