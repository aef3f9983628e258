from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories.helmets import NOON, NOW, make_company, make_site, make_survey, tree
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.analysis.proportions import Spread, TargetVerdict, clustered_rate, wilson
from trafficedu.analysis.said.result import Direction, Verdict
from trafficedu.core.actors import SYSTEM
from trafficedu.core.month import Month, Period
from trafficedu.helmets.queries import rates
from trafficedu.helmets.queries.monthly import RateCriteria, list_seen
from trafficedu.helmets.queries.rates import Standard
from trafficedu.helmets.services import surveys

MakeUser = Callable[..., User]
MARCH = RateCriteria(Period(Month(2026, 3), Month(2026, 3)))
AT = Standard(0.95, 4.7)


def test_a_rate_is_helmeted_over_clear_and_its_interval_knows_the_sites(session: Session) -> None:
    places = tree(session)
    for helmeted, bare in ((90, 10), (60, 40), (80, 20)):
        make_survey(session, make_site(session, places["A1"]), helmeted, bare, 7)
    seen = list_seen(session, MARCH, SYSTEM)
    line = rates.line_of(seen, AT)
    expected = clustered_rate([90, 60, 80], [100, 100, 100])
    assert (line.helmeted, line.clear, line.unclear, line.surveys) == (230, 300, 21, 3)
    assert (line.rate.low, line.rate.high, line.rate.sites) == (expected.low, expected.high, 3)
    plain = wilson(230, 300)
    assert line.rate.low < plain[0]
    assert line.rate.high > plain[1]


def test_two_surveys_of_a_site_are_one_cluster_and_a_site_has_wilsons_interval(session: Session) -> None:
    site = make_site(session, tree(session)["A1"], "ONE")
    make_survey(session, site, 50, 5)
    make_survey(session, site, 45, 0)
    seen = list_seen(session, MARCH, SYSTEM)
    whole, alone = rates.line_of(seen, AT), rates.by_site(session, seen, AT)[0]
    assert (whole.rate.sites, whole.rate.spread, whole.rate.deff) == (1, Spread.ASSUMED, 4.7)
    assert (alone.key, alone.surveys) == ("ONE", 2)
    assert (alone.rate.low, alone.rate.high) == wilson(95, 100)
    assert (round(alone.low_percent, 1), round(alone.high_percent, 1)) == (88.8, 97.8)
    assert alone.judgement.verdict is TargetVerdict.NOT_JUDGED


def test_void_other_months_other_areas_and_the_other_method_stay_out(session: Session, make_user: MakeUser) -> None:
    places = tree(session)
    site, other = make_site(session, places["A1"]), make_site(session, places["B1"])
    make_survey(session, site, 10, 0)
    make_survey(session, site, 0, 100, when=NOON - timedelta(days=30))
    make_survey(session, site, 0, 100, method="video")
    make_survey(session, other, 0, 100)
    wrong = make_survey(session, site, 0, 100)
    supervisor = actor_of(make_user("supervisor", area_id=places["A"].id))
    surveys.void(session, wrong, "wrong", wrong.version, supervisor, NOW)
    line = rates.line_of(list_seen(session, MARCH, supervisor), AT)
    assert (line.helmeted, line.clear) == (10, 10)
    everywhere = list_seen(session, RateCriteria(MARCH.period, places["B"].path), SYSTEM)
    assert rates.line_of(everywhere, AT).clear == 100
    nobody = list_seen(session, MARCH, actor_of(make_user("administrator")))
    assert nobody == []


def test_breakdowns_by_area_company_hour_and_month(session: Session) -> None:
    places = tree(session)
    company = make_company(session)
    a, b, town = (make_site(session, places[name]) for name in ("A1", "B1", "A"))
    make_survey(session, a, 8, 2)
    make_survey(session, b, 5, 5, company=company.code)
    make_survey(session, town, 3, 0, when=NOON - timedelta(hours=3))
    criteria = RateCriteria(Period(Month(2026, 2), Month(2026, 3)))
    seen = list_seen(session, criteria, SYSTEM)
    areas = rates.by_area(session, seen, AT, places["D"])
    assert {(line.key, line.clear) for line in areas} == {(places["A"].code, 13), (places["B"].code, 10)}
    inside = rates.by_area(session, [one for one in seen if one.site_id != b.id], AT, places["A"])
    assert {(line.key, line.clear) for line in inside} == {(places["A1"].code, 10), (places["A"].code, 3)}
    assert [(line.key, line.clear) for line in rates.by_company(session, criteria, SYSTEM, AT)] == [("MT", 10)]
    assert [(line.key, line.clear) for line in rates.by_hour(session, criteria, SYSTEM, AT)] == [("9", 3), ("12", 20)]
    months = rates.by_month(seen, AT, [Month(2026, 2), Month(2026, 3)])
    assert [(line.key, line.clear, line.rate.rate is None) for line in months] == [
        ("2026-02", 0, True),
        ("2026-03", 23, False),
    ]


def test_the_two_methods_are_compared_and_not_mixed(session: Session) -> None:
    places = tree(session)
    sites = [make_site(session, places["A1"]) for _ in range(4)]
    for place, site in enumerate(sites):
        make_survey(session, site, 96 + place % 2, 4)
        make_survey(session, site, 80 + place % 2, 20, method="video")
    both = list_seen(session, rates.either_method(MARCH), SYSTEM)
    found = rates.compare_methods(both, AT)
    assert [line.clear for line in found.lines] == [402, 402]
    assert found.gap is not None
    assert found.gap.rate == pytest.approx((386 - 322) / 402)
    assert found.differs
    assert found.shared_sites == 4
    only = rates.compare_methods([one for one in both if one.method == "video"], AT)
    assert only.gap is None
    assert not only.differs


def test_the_configured_target_is_read(session: Session) -> None:
    assert rates.standard(session) == Standard(0.95, 4.7)


def test_a_towns_rate_and_verdict_are_the_same_for_whoever_reads_them(session: Session, make_user: MakeUser) -> None:
    """Town A has 3 sites, town B 4: 2 + 3 = 5 degrees of freedom, so the spread is that of the district.

    A leader of A sees no count of B, and yet reads the interval that the district and its bulletin show of A.
    """
    places = tree(session)
    for helmeted in (97, 96, 98):
        make_survey(session, make_site(session, places["A1"]), helmeted, 100 - helmeted)
    for helmeted in (60, 99, 80, 95):
        make_survey(session, make_site(session, places["B1"]), helmeted, 100 - helmeted)
    criteria = RateCriteria(MARCH.period, places["A"].path)
    own = rates.rate_of(session, criteria, actor_of(make_user("leader", area_id=places["A"].id)))
    district = rates.rate_of(session, RateCriteria(MARCH.period, places["D"].path), SYSTEM)
    rows = rates.by_area(session, district.seen, district.standard, places["D"], district.pools)
    assert own.row.rate == next(row.rate for row in rows if row.key == places["A"].code)
    assert own.row.rate.spread is Spread.POOLED
    assert own.row.rate.deff > 1.0, "its own three alike sites alone would have said 1"
    assert own.row.clear == 300
    assert district.row.rate.spread is Spread.OWN, "its seven sites tell for themselves"
    assert district.row.rate.pool is None


def test_halves_say_whether_more_wear_a_helmet_than_before(session: Session) -> None:
    places = tree(session)
    sites = [make_site(session, places["A1"]) for _ in range(8)]
    for place, site in enumerate(sites):
        make_survey(session, site, 70 + place % 3, 30, when=NOON - timedelta(days=60))
        make_survey(session, site, 90 + place % 3, 10)
    period = Period(Month(2026, 1), Month(2026, 3))
    seen = list_seen(session, RateCriteria(period), SYSTEM)
    halves = rates.compare_halves(seen, AT, period, period.last_day)
    assert halves is not None
    assert (str(halves.pair.before), str(halves.pair.after)) == ("2026-01-01 – 2026-01-31", "2026-02-01 – 2026-03-31")
    assert (halves.verdict, halves.direction) == (Verdict.PROVEN, Direction.GOOD)
    assert rates.compare_halves(seen, AT, MARCH.period, period.last_day) is None
