"""What other pages show of replays and of what is asked of companies."""

from __future__ import annotations

from flask import render_template

from trafficedu.companies.models import Company
from trafficedu.core.access import actor, panel_for
from trafficedu.core.clock import today
from trafficedu.core.database import session
from trafficedu.core.month import Month
from trafficedu.escalation.queries.companies import Reached, list_reached, rules_on
from trafficedu.escalation.queries.replays import area_seen, list_replays
from trafficedu.escalation.services.replaying import DRAFT

READ, RUN = "feedback:policy:read", "escalation:replay:run"


@panel_for(READ)
def replays() -> str:
    """Page of the policy: the last replays, and the way to another."""
    return render_template("escalation/_replays.html", replays=list_replays(session(), actor()))


@panel_for(READ)
def called_in() -> str:
    """Page of the policy: which companies it recommends to call in this month."""
    policy, rules = rules_on(session(), today())
    area = area_seen(session(), actor())
    if policy is None or not rules or area is None:
        return ""
    path = area.path
    rows: dict[Company, list[Reached]] = {}
    for one in list_reached(session(), rules, Month.of(today()), path):
        if one.is_called_in:
            rows.setdefault(one.company, []).append(one)
    return render_template("escalation/_called_in.html", policy=policy, rules=rules, rows=rows)


@panel_for(RUN)
def of_choice(code: str) -> str:
    """Page of a policy to choose from: the way to its replay."""
    return render_template("escalation/_replay_it.html", second=code)


@panel_for(RUN)
def of_draft(number: str) -> str:
    """Page of a draft: the way to its replay."""
    return render_template("escalation/_replay_it.html", second=f"{DRAFT}{number}")


def of_company(company_id: int) -> str:
    """Page of a company: what it reaches of what the policy in force asks of companies, if it does."""
    who = actor()
    if not (who.may(READ) or who.scope.company_id == company_id) or session().get(Company, company_id) is None:
        return ""
    policy, rules = rules_on(session(), today())
    if policy is None or not rules:
        return ""
    area = area_seen(session(), who)
    if area is None and who.scope.company_id != company_id:
        return ""
    path = area.path if area is not None and who.scope.company_id != company_id else ""
    reached = list_reached(session(), rules, Month.of(today()), path, company_id)
    counts = {one.rule: one.count for one in reached}
    rows = [(rule, counts.get(rule, 0)) for rule in rules]
    return render_template("escalation/_of_company.html", policy=policy, rows=rows)
