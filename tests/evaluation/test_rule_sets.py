"""Rule sets: two people, past months untouched, and the trial on months evaluated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.analysis.colours.district import PAYLOAD
from tests.conftest import Browser
from tests.factories import colours as made
from tests.factories import places
from tests.factories.evaluation import NOW
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.analysis.colours.rule_set import RuleSet
from trafficedu.areas.models import Area
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import today
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.month import Month
from trafficedu.evaluation.models import RuleSetRecord
from trafficedu.evaluation.queries import rule_sets, runs
from trafficedu.evaluation.services import runs as run_services
from trafficedu.evaluation.services import trials
from trafficedu.evaluation.services.rule_sets import (
    RuleFaults,
    RuleSetInput,
    change_rule_set,
    discard_rule_set,
    draft_rule_set,
    release_rule_set,
)

NEXT = Month(2026, 12)
Makes = Callable[..., User]


@pytest.fixture
def analyst(session: Session, make_user: Makes) -> User:
    return make_user("analyst", area_id=places.area(session, places.DISTRICT).id)


@pytest.fixture
def supervisor(session: Session, make_user: Makes) -> User:
    return make_user("supervisor", area_id=places.area(session, places.DISTRICT).id)


def draft(session: Session, by: User, **figures: Any) -> RuleSetRecord:
    new = RuleSetInput("试行规则", NEXT, {**PAYLOAD, **figures})
    return draft_rule_set(session, new, actor_of(by), NOW)


def test_a_second_person_puts_it_in_force_and_past_months_stay(
    session: Session, analyst: User, supervisor: User
) -> None:
    record = draft(session, analyst, blue=85)
    with pytest.raises(Refusal, match="did not draft or change it"):
        release_rule_set(session, record, record.version, actor_of(analyst), NOW)
    with pytest.raises(Stale):
        release_rule_set(session, record, record.version + 1, actor_of(supervisor), NOW)
    release_rule_set(session, record, record.version, actor_of(supervisor), NOW)
    assert rule_sets.rule_set_of(session, Month(2026, 11)).code == "default"
    assert rule_sets.rule_set_of(session, NEXT) is record
    with pytest.raises(Refusal, match="no longer a draft"):
        change_rule_set(session, record, RuleSetInput("x", NEXT, PAYLOAD), record.version, actor_of(analyst), NOW)
    with pytest.raises(Refusal, match="no longer a draft"):
        discard_rule_set(session, record, record.version, actor_of(analyst))


def test_who_changed_it_last_does_not_release_it_either(session: Session, analyst: User, supervisor: User) -> None:
    record = draft(session, analyst)
    change_rule_set(session, record, RuleSetInput("新名", NEXT, PAYLOAD), record.version, actor_of(supervisor), NOW)
    for who in (analyst, supervisor):
        with pytest.raises(Refusal, match="did not draft or change it"):
            release_rule_set(session, record, record.version, actor_of(who), NOW)


def test_an_evaluated_month_takes_no_new_rules(session: Session, analyst: User) -> None:
    made.three_towns(session)
    run_services.evaluate(session, made.MONTH, NOW)
    with pytest.raises(Refusal, match="Past months"):
        draft_rule_set(session, RuleSetInput("x", made.MONTH, PAYLOAD), actor_of(analyst), NOW)
    with pytest.raises(RuleFaults) as refused:
        draft(session, analyst, blue=95, green=None)
    assert set(refused.value.faults) == {"green"}


def test_a_trial_says_what_would_change(session: Session, analyst: User) -> None:
    towns: dict[str, Area] = made.three_towns(session)
    run_services.evaluate(session, made.MONTH, NOW)
    # A has 87.81, blue from 80; with blue from 88 it is yellow. B (57.00, red) and C (grey, veto) stay.
    trial = trials.try_rules(session, RuleSet("trial", {**PAYLOAD, "blue": 88}), SYSTEM)
    assert [(one.code, one.before, one.after) for one in trial.moved] == [(towns["A"].code, "blue", "yellow")]
    assert trial.judged == 3
    assert trial.colours["town"] == {"blue": (1, 0), "orange": (1, 1), "red": (1, 1), "yellow": (0, 1)}
    # with half of the weight enough, C is judged: (20 + 16 + 15) / 0.55 = 92.73, capped at orange all the same
    wider = trials.try_rules(session, RuleSet("trial", {**PAYLOAD, "least_weight": 50}), SYSTEM)
    assert not wider.moved
    assert runs.latest_run(session, made.MONTH) is not None


def test_the_pages_lead_from_draft_to_release(
    session: Session, client: Browser, analyst: User, supervisor: User
) -> None:
    client.sign_in(analyst)
    page = client.get("/evaluation/rules/new").get_data(as_text=True)
    assert 'name="area_education"' in page
    month = str(Month.of(today()))
    typed = {name: value for name, value in PAYLOAD.items() if not isinstance(value, dict)}
    for group in ("area", "company"):
        typed |= {f"{group}_{name}": value for name, value in PAYLOAD[f"weights_{group}"].items()}
    typed |= {"name": "试行", "valid_from": month, "note": ""}
    refused = client.post("/evaluation/rules/new?lang=en", data={**typed, "area_trend": "30", "green": "nan"})
    assert refused.status_code == 422
    assert "Enter a figure from" in refused.get_data(as_text=True)
    sums = client.post("/evaluation/rules/new?lang=en", data={**typed, "area_trend": "30"})
    assert "The weights add up to 110 %" in sums.get_data(as_text=True)
    kept = client.post("/evaluation/rules/new", data=typed)
    assert kept.status_code == 303
    address = kept.headers["Location"]
    own = client.get(f"{address}?lang=en").get_data(as_text=True)
    assert "a second person must put it in force" in own
    assert client.post(f"{address}/release", data={"version": "1"}).status_code == 403
    client.sign_in(supervisor)
    assert "Put in force" in client.get(f"{address}?lang=en").get_data(as_text=True)
    client.post(f"{address}/release", data={"version": "1"})
    assert rule_sets.find_rule_set(session, address.rsplit("/", 1)[1]).state == "in_force"
