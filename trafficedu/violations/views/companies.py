"""Which company answers: what the police decide, and what a company says of riders named as its own."""

from __future__ import annotations

from typing import Any

from flask import render_template

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import carried_out, form_page, submitted
from trafficedu.core.list_views import list_page
from trafficedu.core.seen import seen
from trafficedu.core.text import message
from trafficedu.core.web import back_where_pressed, flash_message
from trafficedu.violations.forms.companies import ChooseForm, ClaimForm, ProofForm, SeenForm, TakeBackForm
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries import companies, records
from trafficedu.violations.rules.states import COMPANY_LIFE, CompanyAct
from trafficedu.violations.services import companies as answering
from trafficedu.violations.services.companies import Claim
from trafficedu.violations.views.blueprint import pages

BACK = {"home": "overview.home", "list": "violations.companies_open", "named": "violations.named_riders"}
"""Where a key on a list leads back to."""
DECIDED = message("Decided. The notice goes to whoever answers for the record.")


@pages.get("/companies-open")
@requires("violations:company:decide")
def companies_open() -> Any:
    """I see the records of which it is open which company answers, and decide with one key."""
    return list_page("violations/companies_open.html", companies.COMPANIES_OPEN, None, None)


@pages.get("/violations/<number>/company")
@requires("violations:company:decide")
def company(number: str) -> Any:
    """I read how the company of a record is known and what was decided, and decide."""
    return _decisions(records.find_violation(session(), number, actor()))


@pages.post("/violations/<number>/company/prove")
@requires("violations:company:decide")
def prove_company(number: str) -> Any:
    """I confirm the named company by what was seen."""
    violation = seen(records.find_violation(session(), number, actor()))
    form = ProofForm()

    def act() -> None:
        basis = form.legal_basis.data or None
        answering.prove(session(), violation, form.proof.data, basis, form.version.data, actor(), utc_now())

    if submitted(form, act):
        flash_message(DECIDED)
        return back_where_pressed(BACK, "violations.company", number=number)
    return _decisions(records.find_violation(session(), number, actor()), proof_form=form), 422


@pages.post("/violations/<number>/company/choose")
@requires("violations:company:decide")
def choose_company(number: str) -> Any:
    """I say which of the companies that engage the rider it was."""
    violation = seen(records.find_violation(session(), number, actor()))
    form = ChooseForm()
    company_id, version = form.company_id.data or 0, form.version.data
    carried_out(lambda: answering.choose(session(), violation, company_id, version, actor(), utc_now()), DECIDED)
    return back_where_pressed(BACK, "violations.company", number=number)


@pages.post("/violations/<number>/company/none")
@requires("violations:company:decide")
def no_company(number: str) -> Any:
    """I say that the rider worked for none; the home village is told."""
    violation = seen(records.find_violation(session(), number, actor()))
    version = SeenForm().version.data
    carried_out(lambda: answering.name_none(session(), violation, version, actor(), utc_now()), DECIDED)
    return back_where_pressed(BACK, "violations.company", number=number)


@pages.post("/violations/<number>/company/take-back")
@requires("violations:company:decide")
def take_back_company(number: str) -> Any:
    """I take the last decision on the company back and say why."""
    violation = seen(records.find_violation(session(), number, actor()))
    form = TakeBackForm()

    def act() -> None:
        answering.take_back(session(), violation, form.reason.data, form.version.data, actor(), utc_now())

    if submitted(form, act):
        flash_message(message("Decision taken back. The record is as it was before."))
        return back_where_pressed(BACK, "violations.company", number=number)
    return _decisions(records.find_violation(session(), number, actor()), take_back_form=form), 422


def _decisions(
    violation: Violation, proof_form: ProofForm | None = None, take_back_form: TakeBackForm | None = None
) -> str:
    """Render the page of decisions, with a form that was refused where there is one."""
    [row] = companies.describe_open(session(), [violation])
    decisions = companies.list_decisions(session(), violation.id)
    last = decisions[-1].act if decisions else CompanyAct.UNDONE
    may_undo = last != CompanyAct.UNDONE and COMPANY_LIFE.may(CompanyAct.UNDONE, violation.company_known)
    return render_template(
        "violations/company.html",
        violation=violation,
        row=row,
        decisions=decisions,
        may_undo=may_undo,
        proof_form=proof_form or ProofForm(formdata=None, obj=violation),
        take_back_form=take_back_form or TakeBackForm(formdata=None, obj=violation),
    )


@pages.get("/named-riders")
@requires("violations:company:confirm")
def named_riders() -> Any:
    """I see riders whom records name as ours, and say with one key whether they are."""
    return list_page("violations/named_riders.html", companies.NAMED_RIDERS, None, None)


@pages.route("/named-riders/<number>", methods=["GET", "POST"])
@requires("violations:company:confirm")
def claim_rider(number: str) -> Any:
    """I say since when the rider works for us, and why we may be told."""
    violation = seen(companies.find_named(session(), number, actor()))
    form = ClaimForm(data={"since": violation.occurred_on, "version": violation.version})

    def act() -> None:
        said = Claim(form.since.data, form.legal_basis.data)
        answering.claim(session(), violation, said, form.version.data, actor(), utc_now())

    if submitted(form, act):
        flash_message(message("Recorded. The notice is with you now."))
        return back_where_pressed(BACK, "violations.named_riders")
    violation = companies.find_named(session(), number, actor())
    [row] = companies.describe_named(session(), [violation])
    return form_page("violations/claim_rider.html", form, row=row)


@pages.post("/named-riders/<number>/not-ours")
@requires("violations:company:confirm")
def disown_rider(number: str) -> Any:
    """I say that the rider does not work for us."""
    violation = seen(companies.find_named(session(), number, actor()))
    version = SeenForm().version.data
    said = message("Recorded. The police see your answer.")
    carried_out(lambda: answering.disown(session(), violation, version, actor(), utc_now()), said)
    return back_where_pressed(BACK, "violations.named_riders")
