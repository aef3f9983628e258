"""The indicators handed on: each village's own numerators and denominators, within the scope."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from tests.factories import evaluation as series
from tests.factories import hazards, helmets
from tests.factories import places as known
from tests.factories.people import make_user as person
from trafficedu.accounts.queries import actor_of
from trafficedu.bulletin.imports import COLUMNS, list_rows
from trafficedu.bulletin.queries.indicators import list_indicators
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now

MONTH = series.LAST


def test_a_village_has_its_own_figures_and_a_leader_the_own_villages(session: Session) -> None:
    village, other = known.area(session, known.VILLAGE), known.area(session, known.OTHER_VILLAGE)
    series.add_accidents(session, {village: [2], other: [1]}, MONTH)
    series.add_accidents(session, {village: [1]}, MONTH, "fatal")
    helmets.make_survey(session, helmets.make_site(session, village), 45, 5, when=series.noon(MONTH.first))
    hazards.make_hazard(session, village, now=series.noon(MONTH.first + timedelta(days=3)))
    session.flush()
    rows = {one.village_code: one for one in list_indicators(session, SYSTEM, MONTH, series.NOW)}
    assert len(rows) > 500
    one = rows[known.VILLAGE]
    assert (one.town_code, one.month) == (known.TOWN, "2026-10")
    assert (one.accidents, one.casualty_accidents, one.fatal_accidents, one.killed, one.injured) == (3, 3, 1, 1, 2)
    assert (one.helmets_observed, one.helmets_worn) == (50, 45)
    assert (one.hazards_new, one.hazards_open) == (1, 1)
    assert rows[known.NEXT_VILLAGE].accidents == 0
    leader = actor_of(person(session, "leader", area_id=known.area(session, known.TOWN).id))
    own = list(list_indicators(session, leader, MONTH, series.NOW))
    assert {row.town_code for row in own} == {known.TOWN}
    assert next(row for row in own if row.village_code == known.VILLAGE) == one
    company = actor_of(person(session, "company", company_id=known.add_company(session).id))
    assert list(list_indicators(session, company, MONTH, series.NOW)) == []


def test_the_export_has_a_column_for_every_figure(session: Session) -> None:
    row = next(iter(list_rows(session, SYSTEM, utc_now(), MONTH, clear=False)))
    assert list(row) == list(COLUMNS.names)
