"""Sums of helmets: a page reads what the counts of every survey add up to, however they came in."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tests.factories import full_counts
from tests.factories.helmets import RECORDER, make_company, make_site, make_survey, tree
from trafficedu.core.actors import SYSTEM, Actor, Scope
from trafficedu.core.month import Month, Period
from trafficedu.core.tabular import numbered, silent
from trafficedu.helmets.imports import IMPORTER
from trafficedu.helmets.models import HelmetCount, HelmetSheet, HelmetSite, HelmetSurvey
from trafficedu.helmets.queries import monthly, rates, sites
from trafficedu.helmets.queries.monthly import RateCriteria, list_seen
from trafficedu.helmets.rules import CELLS, HeadState, Tap, tally
from trafficedu.helmets.services import surveys
from trafficedu.helmets.services.counting import CountSheet, receive
from trafficedu.settled import services as settling
from trafficedu.settled.models import LateChange

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
FIGURES = [monthly.FIGURE, monthly.OF_CELLS]
PERIOD = Period(Month(2026, 8), Month(2026, 11))
KEYS = itertools.count()


def settle(session: Session, now: datetime = NOW) -> int:
    session.commit()
    return settling.settle_due(session, now, FIGURES)


def questions(path: str) -> Iterator[RateCriteria]:
    yield RateCriteria(PERIOD, path, method="")
    yield RateCriteria(Period(Month(2026, 10), Month(2026, 10)), path)
    yield RateCriteria(PERIOD, path, method="video", group="delivery")
    yield RateCriteria(PERIOD, path, method="", role="passenger")
    yield RateCriteria(PERIOD, path, group="other", role="rider")


def assert_exact(session: Session, path: str) -> None:
    """What pages read is what every count of every sheet adds up to, and so is what surveys keep of them."""
    session.commit()
    session.expire_all()
    for criteria in questions(path):
        seen = {
            (one.site_id, one.month, str(one.method)): (one.helmeted, one.bare, one.unclear, one.surveys)
            for one in list_seen(session, criteria, SYSTEM)
        }
        assert seen == full_counts.count_helmets(session, criteria), criteria
    assert_kept(session)
    assert settling.compare_all(session, FIGURES) == []


def assert_kept(session: Session) -> None:
    heads = [func.sum(getattr(HelmetCount, head)) for head in HeadState]
    query = (
        select(HelmetSheet.survey_id, HelmetCount.group, HelmetCount.role, *heads)
        .join(HelmetCount)
        .group_by(HelmetSheet.survey_id, HelmetCount.group, HelmetCount.role)
    )
    counted = {(survey_id, (group, role)): tuple(sums) for survey_id, group, role, *sums in session.execute(query)}
    sheets = select(HelmetSheet.survey_id, func.count(HelmetSheet.id.distinct())).join(HelmetCount)
    observers = dict(session.execute(sheets.group_by(HelmetSheet.survey_id)).tuples().all())
    for survey in session.scalars(select(HelmetSurvey)):
        assert survey.observers == observers.get(survey.id, 0)
        for cell in CELLS:
            kept = tuple(getattr(survey, tally(*cell, head)) for head in HeadState)
            assert kept == counted.get((survey.id, cell), (0, 0, 0)), cell


def count_by_phone(
    session: Session, site: HelmetSite, when: datetime, code: str = "7KQ2", company: str = "", undone: int = 0
) -> None:
    """Two pieces of a sheet: three riders with helmets, one passenger without; some are taken back."""
    group = "delivery" if company else "other"
    pieces = [Tap(number, group, "rider", company, "helmeted", 1) for number in (1, 2, 3)]
    later = [Tap(4, group, "passenger", company, "bare", 1)]
    later += [Tap(5 + number, group, "rider", company, "helmeted", -1) for number in range(undone)]
    key = f"sheet-of-a-phone-{next(KEYS)}"
    for sent, ended in ((pieces, False), (later, True)):
        sheet = CountSheet(key, site.code, code, when, when + timedelta(minutes=9), NOW, ended, sent)
        receive(session, sheet, RECORDER, NOW)


def count_by_file(session: Session, site: HelmetSite, day: date, reference: str, helmeted: int) -> None:
    facts = {"reference": reference, "site_code": site.code, "started_at": f"{day} 08:00", "minutes": "30"}
    facts |= {"method": "video", "bare": "4", "unclear": "1"}
    rows = [{**facts, "group": group, "role": "rider", "helmeted": str(helmeted)} for group in ("other", "delivery:MT")]
    report = IMPORTER.run(session, numbered(rows), SYSTEM, NOW, skip_errors=True, progress=silent)
    assert not report.refused


def test_a_small_case_by_hand(session: Session) -> None:
    places = tree(session)
    site = make_site(session, places["A1"])
    make_company(session)
    count_by_phone(session, site, datetime(2026, 10, 5, 1, tzinfo=UTC))
    count_by_phone(session, site, datetime(2026, 10, 5, 1, 5, tzinfo=UTC), company="MT")  # the same survey
    make_survey(session, site, 50, 10, 2, when=datetime(2026, 11, 3, 1, tzinfo=UTC))
    assert settle(session) == 4
    path = places["D"].path

    def read(**values: str) -> list[tuple[str, int, int, int, int]]:
        seen = list_seen(session, RateCriteria(PERIOD, path, **values), SYSTEM)
        return [(str(one.month), one.helmeted, one.bare, one.unclear, one.surveys) for one in seen]

    assert read() == [("2026-10", 6, 2, 0, 1), ("2026-11", 50, 10, 2, 1)]
    assert read(group="delivery") == [("2026-10", 3, 1, 0, 1)]
    assert read(role="passenger") == [("2026-10", 0, 2, 0, 1)]
    assert read(method="video") == []
    assert_exact(session, path)

    make_survey(session, site, 1, 1, when=NOW - timedelta(hours=1))
    session.commit()
    assert session.scalars(select(LateChange)).all() == [], "today costs nothing"
    count_by_phone(session, site, datetime(2026, 10, 5, 1, 7, tzinfo=UTC), undone=3)  # sent late
    noted = select(LateChange.part, func.sum(LateChange.n)).group_by(LateChange.part)
    assert {part: n for part, n in session.execute(noted) if n} == {"on_site.bare": 1, "on_site.bare.3": 1}
    assert_exact(session, path)
    settling.fold(session, monthly.FIGURE)
    assert_exact(session, path)
    [line] = [one for one in sites.SITES.complete(session, [site])] if sites.SITES.complete else []
    assert (line.surveys, line.last_on) == (3, date(2026, 11, 20))


def test_any_order_reads_the_same(session: Session) -> None:
    places = tree(session)
    path = places["D"].path
    make_company(session)
    chance = random.Random(9)
    villages = [places["A1"], places["B1"], places["A"]]
    made = [make_site(session, village) for village in villages]
    files: dict[str, tuple[HelmetSite, date]] = {}
    for _ in range(32):
        what, site = chance.random(), chance.choice(made)
        when = NOW - timedelta(hours=chance.randrange(1, 24 * 100))
        if what < 0.2:
            company = chance.choice(["", "MT"])
            make_survey(session, site, chance.randrange(1, 40), chance.randrange(9), when=when, company=company)
        elif what < 0.42:
            count_by_phone(session, site, when, company=chance.choice(["", "MT"]), undone=chance.randrange(4))
        elif what < 0.5:
            reference = f"CAM-{len(files)}"
            files[reference] = site, when.date()
            count_by_file(session, *files[reference], reference, chance.randrange(30))
        elif what < 0.58 and files:
            reference = chance.choice(sorted(files))
            count_by_file(session, *files[reference], reference, chance.randrange(30))
        elif what < 0.68:
            standing = session.scalars(select(HelmetSurvey).where(HelmetSurvey.state == "counted")).all()
            if wrong := [one for one in standing if one.reference not in files]:
                survey = chance.choice(wrong)
                surveys.void(session, survey, "wrong", survey.version, RECORDER, NOW)
        elif what < 0.74:
            moved = update(HelmetSite).where(HelmetSite.id == site.id)
            session.execute(moved.values(area_id=chance.choice(villages).id))
        elif what < 0.84:
            settling.fold(session, chance.choice(FIGURES))
        else:
            settle(session, NOW - timedelta(days=chance.randrange(60)))
        assert_exact(session, path)


def test_hours_and_companies_add_up_to_the_whole(session: Session) -> None:
    places = tree(session)
    make_company(session)
    site, other = make_site(session, places["A1"]), make_site(session, places["B1"])
    count_by_phone(session, site, datetime(2026, 10, 5, 1, tzinfo=UTC), company="MT")
    make_survey(session, other, 8, 2, when=datetime(2026, 10, 5, 9, tzinfo=UTC))
    settle(session)
    at = rates.Standard(0.95, 4.7)
    for criteria in questions(places["D"].path):
        whole = rates.line_of(list_seen(session, criteria, SYSTEM), at)
        hours = rates.by_hour(session, criteria, SYSTEM, at)
        assert sum(line.clear for line in hours) == whole.clear
        assert sum(line.surveys for line in hours) == whole.surveys
    criteria = RateCriteria(PERIOD, places["D"].path)
    assert [(line.key, line.clear) for line in rates.by_hour(session, criteria, SYSTEM, at)] == [("9", 4), ("17", 10)]
    assert [(line.key, line.clear) for line in rates.by_company(session, criteria, SYSTEM, at)] == [("MT", 4)]


def test_somebody_elsewhere_reads_nothing_and_a_post_its_own_part(session: Session) -> None:
    places = tree(session)
    for village in (places["A1"], places["B1"]):
        make_survey(session, make_site(session, village), 5, 0, when=datetime(2026, 10, 5, 1, tzinfo=UTC))
    settle(session)

    def read(scope: Scope) -> int:
        by = Actor(1, "x", scope=scope)
        return sum(one.helmeted for one in list_seen(session, RateCriteria(PERIOD, places["D"].path), by))

    scopes = [Scope(company_id=1), Scope(area_path=places["A"].path), Scope(everything=True)]
    assert [read(scope) for scope in scopes] == [0, 5, 10]
