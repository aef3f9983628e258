"""What is known of units and months, read from the database."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from tests.coverage.conftest import fill
from tests.factories.violations import District
from trafficedu.accidents.queries import monthly
from trafficedu.areas.models import Area
from trafficedu.configuration.queries import find_parameter
from trafficedu.configuration.services import set_figure
from trafficedu.core.actors import SYSTEM
from trafficedu.core.month import Month, Period
from trafficedu.coverage.models import CoverageMark
from trafficedu.coverage.queries.coverage import CLOSING_DAYS, Coverage, coverage_of
from trafficedu.coverage.rules import FigureKind, State
from trafficedu.settled import services as settling

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
YEAR = Period(Month(2025, 12), Month(2026, 11))
REPORTED, NONE, OPEN, MISSING = State


def mark(session: Session, area: Area, month: Month, state: State) -> None:
    session.add(CoverageMark(figure=FigureKind.ACCIDENTS, area_id=area.id, month=month, state=state))
    session.flush()


def asked(session: Session, root: Area, period: Period = YEAR, now: datetime = NOW) -> Coverage:
    return coverage_of(session, "accidents", root, period, now)


def letters(found: Coverage) -> list[str]:
    return ["".join("-" if state is None else state.value[0] for state in row) for row in found.states]


def test_towns_report_and_what_is_not_reported_is_no_zero(session: Session, here: District) -> None:
    fill(session, here.village, Month.range(Month(2026, 2), Month(2026, 10)), 4)
    fill(session, here.neighbour, Month.range(Month(2026, 2), Month(2026, 4)), 2)
    fill(session, here.other_village, Month.range(Month(2026, 3), Month(2026, 8)), 5, ebike_involved=False)
    found = asked(session, here.root)
    assert [unit.code for unit in found.units] == [here.town.code, here.other_town.code]
    # December and January lie before the first record; the other town's September and October are too silent to be
    # zeros (exp(-10)), its February (exp(-5), one run in nine months) is not; November runs
    assert letters(found) == ["mmrrrrrrrrro", "mmrrrrrrrmmo"]
    assert found.begun == Month(2026, 2)
    assert found.heard == (Month(2026, 10), Month(2026, 8))
    assert found.closed == Month(2026, 10)
    assert found.ended is None
    assert found.counted(Month(2026, 10)) == (1, 2)
    assert str(found.sentence(Month(2026, 10))) == "1 of 2 towns reported"
    assert str(found.sentence(Month(2026, 8))) == "all 2 towns reported"
    assert found.complete_months == Month.range(Month(2026, 2), Month(2026, 8))
    assert found.known_in([Month(2026, 9), Month(2026, 10)]) == [found.units[0]]
    assert found.known(here.town.code, Month(2026, 10))
    assert not found.known(here.town.code, Month(2026, 1))
    assert not found.known(here.town.code, Month(2020, 1))
    assert found.known_at(here.neighbour.path, Month(2026, 10)), "as its town"
    assert not found.known_at(here.root.path, Month(2026, 10)), "as all towns"


def test_every_part_of_the_tree_and_every_period_says_the_same(session: Session, here: District) -> None:
    fill(session, here.village, Month.range(Month(2026, 2), Month(2026, 10)), 4)
    fill(session, here.other_village, Month.range(Month(2026, 3), Month(2026, 8)), 5)
    whole = asked(session, here.root)
    for place, root in enumerate([here.town, here.other_town]):
        assert asked(session, root).states == (whole.states[place],)
    village = asked(session, here.other_village, Period(Month(2026, 8), Month(2026, 10)))
    assert [unit.code for unit in village.units] == [here.other_town.code]
    assert letters(village) == ["rmm"]
    assert village.ended == Month(2026, 8)
    assert village.begun == Month(2026, 2)


def test_a_district_without_towns_reports_itself(session: Session, here: District) -> None:
    alone = Area(code="97", name="孤区", level="district", path="97/", valid_from=date(2000, 1, 1))
    session.add(alone)
    session.flush()
    fill(session, alone, [Month(2026, 9), Month(2026, 10)], 1)
    found = asked(session, alone)
    assert [unit.code for unit in found.units] == ["97"]
    assert letters(found) == ["mmmmmmmmmrro"]
    assert str(found.sentence(Month(2026, 10))) == "reported"


def test_settled_months_say_the_same(session: Session, here: District) -> None:
    fill(session, here.village, Month.range(Month(2026, 6), Month(2026, 11)), 3)
    before = asked(session, here.root)
    settling.settle_due(session, NOW, [monthly.FIGURE])
    fill(session, here.neighbour, [Month(2026, 8)], 1)
    after = asked(session, here.root)
    assert after.states == before.states
    assert after.records[0] == (0, 0, 0, 0, 0, 0, 3, 3, 4, 3, 3, 3)


def test_marks_and_the_closing_day(session: Session, here: District) -> None:
    fill(session, here.village, Month.range(Month(2026, 2), Month(2026, 10)), 4)
    mark(session, here.other_town, Month(2026, 1), NONE)
    mark(session, here.other_town, Month(2026, 10), OPEN)
    mark(session, here.town, Month(2026, 10), NONE)
    found = asked(session, here.root)
    assert found.begun == Month(2026, 1)
    assert found.state(here.other_town.code, Month(2026, 1)) is NONE
    assert found.state(here.other_town.code, Month(2026, 10)) is OPEN
    assert found.state(here.town.code, Month(2026, 10)) is REPORTED, "contradicted by four records"
    days = find_parameter(session, CLOSING_DAYS)
    set_figure(session, days, 25, days.version, SYSTEM)
    later = asked(session, here.root)
    assert later.state(here.town.code, Month(2026, 10)) is OPEN
    assert later.closed == Month(2026, 9)
    assert str(later.sentence(Month(2026, 10))) == "month not closed: 1 of 2 towns so far"


def test_the_number_of_statements_does_not_grow(session: Session, here: District) -> None:
    fill(session, here.village, Month.range(Month(2026, 2), Month(2026, 10)), 2)
    asked(session, here.root)
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    def count(root: Area, period: Period) -> int:
        session.expire_all()
        statements.clear()
        asked(session, root, period)
        return len(statements)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        few = count(here.root, Period(Month(2026, 10), Month(2026, 10)))
        assert count(here.root, Period(Month(2017, 1), Month(2026, 11))) == few
        assert few <= 8
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("figure", list(FigureKind))
def test_every_figure_can_be_asked(session: Session, here: District, figure: FigureKind) -> None:
    found = coverage_of(session, figure, here.root, YEAR, NOW)
    assert letters(found) == ["mmmmmmmmmmmo"] * 2
    assert found.begun is None


def test_a_closed_month_that_was_opened_again_is_not_reported_whatever_is_on_record(
    session: Session, here: District
) -> None:
    """The town still has its four records of October; of November, which runs, what was said so far counts."""
    fill(session, here.village, Month.range(Month(2026, 2), Month(2026, 11)), 4)
    fill(session, here.other_village, Month.range(Month(2026, 2), Month(2026, 10)), 4)
    mark(session, here.town, Month(2026, 10), OPEN)
    found = asked(session, here.root)
    assert found.counted(Month(2026, 10)) == (1, 2)
    assert found.counted(Month(2026, 11)) == (1, 2)
