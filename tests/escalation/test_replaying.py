"""A replay over real records: by whom it is seen, what it counts, what it says of what was not reported."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser, run_jobs
from tests.factories.feedback import World, acting, make_rider, make_violation
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import today, utc_now
from trafficedu.core.errors import Missing
from trafficedu.core.month import Month
from trafficedu.escalation.models import PolicyReplay
from trafficedu.escalation.queries.companies import list_reached, rules_of
from trafficedu.escalation.queries.replays import find_replay
from trafficedu.escalation.rules import CompanyCount
from trafficedu.escalation.services.replaying import IN_FORCE, ask, replayed
from trafficedu.feedback.queries.choices import find_choice
from trafficedu.feedback.services import policies
from trafficedu.violations.rules.states import Penalty
from trafficedu.violations.services.reviewing import void

LAST = Month.of(today()) - 1


def at(day: int, month: Month = LAST, hour: int = 4) -> datetime:
    return datetime(month.first.year, month.first.month, day, hour, tzinfo=UTC)


def replay_of(session: Session, user: User, first: str = IN_FORCE, second: str = "qingdao") -> PolicyReplay:
    number = ask(session, first, second, acting(user), utc_now(), "en")
    return find_replay(session, number, acting(user))


def test_stops_are_counted_once_under_both_policies(
    session: Session, world: World, make_user: Callable[..., User]
) -> None:
    rider, other = make_rider(session), make_rider(session, world.other_village)
    for day in (3, 10, 17):
        make_violation(session, world.village, rider, world.company, occurred=at(day))
    make_violation(session, world.village, rider, world.company, occurred=at(17) + timedelta(minutes=2))
    wrong = make_violation(session, world.village, rider, world.company, occurred=at(20))
    make_violation(session, world.other_village, other, occurred=at(5))
    make_violation(session, world.other_village, other, occurred=at(5, LAST + 1))  # the running month is not over
    void(session, wrong, "认错了人，已核实", SYSTEM, utc_now())
    result = replayed(session, replay_of(session, make_user("analyst", area_id=world.district.id)), utc_now())
    assert result["stops"][-1] == 4
    assert sum(result["stops"]) == 4
    in_force, qingdao = (policy["months"][-1] for policy in result["policies"])
    assert in_force == {"criticised": 2, "orders_reduced": 1, "suspended:3": 1}
    assert qingdao == {"criticised": 2, "orders_reduced": 1, "until_month_end": 1}
    assert result["companies"] == [[world.company.id, 0, 0, 1]]
    assert result["policies"][1]["off_the_road"] == 1


def test_what_was_in_force_then_advises_and_not_what_is_in_force_now(
    session: Session, world: World, make_user: Callable[..., User]
) -> None:
    make_violation(session, world.village, make_rider(session), world.company, occurred=at(3))
    policies.adopt(session, policies.chosen("yangzhou", today(), "试行"), today(), SYSTEM, utc_now())
    replay = replay_of(session, make_user("analyst", area_id=world.district.id), second="yangzhou")
    then, now = (policy["months"][-1] for policy in replayed(session, replay, utc_now())["policies"])
    assert (then, now) == ({"criticised": 1}, {"suspended:1": 1})


def test_a_part_of_the_district_sees_its_own_and_stops_elsewhere_count_in_the_window(
    session: Session, world: World, make_user: Callable[..., User]
) -> None:
    rider = make_rider(session)
    make_violation(session, world.other_village, rider, world.company, occurred=at(3))
    make_violation(session, world.village, rider, world.company, occurred=at(9))
    whole = make_user("analyst", area_id=world.district.id)
    part = make_user("supervisor", area_id=world.village.id)
    result = replayed(session, replay_of(session, part), utc_now())
    assert result["stops"][-1] == 1
    assert result["policies"][1]["months"][-1] == {"orders_reduced": 1}
    with pytest.raises(Missing):
        find_replay(session, replay_of(session, whole).number, acting(part))
    assert find_replay(session, replay_of(session, part).number, acting(whole)).area_id == world.village.id


def test_a_company_is_called_in_by_rider_times_and_not_by_records(session: Session, world: World) -> None:
    rules = rules_of(find_choice("ningbo").about)
    riders = [make_rider(session) for _ in range(5)]
    for place, rider in enumerate(riders[:4]):
        make_violation(session, world.village, rider, world.company, occurred=at(3 + place))
        make_violation(session, world.village, rider, world.company, occurred=at(3 + place) + timedelta(minutes=1))
    make_violation(session, world.village, riders[4], world.company, occurred=at(20)).penalty = Penalty.EDUCATION
    session.flush()
    path = world.district.path
    [reached] = list_reached(session, rules, LAST, path)
    assert (reached.company, reached.rule.kind, reached.count) == (world.company, CompanyCount.PENALISED, 4)
    assert not reached.is_called_in
    make_violation(session, world.village, riders[0], world.company, occurred=at(25))
    [reached] = list_reached(session, rules, LAST, path, world.company.id)
    assert reached.is_called_in
    assert list_reached(session, rules, LAST, path, world.other_company.id) == []


def test_the_pages_of_a_replay(
    app: Flask, client: Browser, session: Session, world: World, make_user: Callable[..., User]
) -> None:
    for day in (3, 10, 17):
        make_violation(session, world.village, make_rider(session), world.company, occurred=at(day))
    session.commit()
    analyst = client.sign_in(make_user("analyst", area_id=world.district.id))
    assert "Replay a policy" in analyst.get("/escalation?lang=en").text
    same = analyst.post("/escalation/replays/new?lang=en", data={"first": "ningbo", "second": "ningbo"})
    assert (same.status_code, "two different" in same.text) == (422, True)
    asked = analyst.post("/escalation/replays/new", data={"first": IN_FORCE, "second": "guangzhou"})
    page = asked.headers["Location"]
    assert "being worked out" in analyst.get(f"{page}?lang=en").text
    assert run_jobs(app) == 1
    session.expire_all()
    assert session.scalars(select(PolicyReplay)).one().computed_utc is not None
    shown = analyst.get(f"{page}?lang=en").text
    assert "Recommendations by month" in shown
    assert "off the road recommended 0 times" in shown
    lines = analyst.fetch(f"{page}/export/csv?lang=en").get_data(as_text=True).splitlines()
    assert lines[0].endswith("Month,Recommended measure,what was in force,Guangzhou 2024")
    assert lines[1:] == [f"{LAST},Criticised and educated,3,3"]
    assert analyst.get("/escalation/companies?lang=en&month=nonsense").status_code == 200
    assert analyst.get("/escalation/replays/E00000000000").status_code == 404
    officer = client.sign_in(make_user("officer", area_id=world.district.id))
    assert officer.get(page).status_code == 403
