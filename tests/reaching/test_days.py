"""The report of a station's day: what it says, the same bytes again, another one when the day changed."""

from __future__ import annotations

from datetime import timedelta

import pypdfium2
import pytest
from sqlalchemy.orm import Session

from tests.education.test_study import STARTS, seat, studied
from tests.factories.education import TODAY, District, make_rider, make_session, sign_off_by_exception
from trafficedu.core.actors import Actor
from trafficedu.core.errors import Denied, Missing, Refusal
from trafficedu.education.services import door
from trafficedu.education.services.closing import Choice, close_session
from trafficedu.issued.queries.documents import list_documents
from trafficedu.issued.rules import DocumentKind
from trafficedu.reaching.queries.days import find_station, list_of_day
from trafficedu.reaching.services.days import day_now, issue_day, render_day

OVER = STARTS + timedelta(hours=3)


def text_of(body: bytes) -> str:
    return "".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(body))


def test_the_report_says_who_came_and_stays_as_it_was(session: Session, district: District, staff: Actor) -> None:
    study = make_session(session, district.at_a, STARTS)
    names = ("丁一", "白二", "艾三", "陈四")
    seats = [seat(session, make_rider(session, district.a, name), district) for name in names]
    studied(session, seats[0], staff)
    door.check_in(session, seats[1], staff, STARTS)
    door.check_in(session, seats[2], staff, STARTS)
    sign_off_by_exception(session, seats[1], staff, STARTS + timedelta(hours=1), "设备故障，已当面考核合格")
    with pytest.raises(Missing):
        render_day(session, district.at_a, TODAY, "zh", OVER)
    numbers = [booking.task.number for booking in seats]
    first = Choice(signed={numbers[0]}, left={numbers[2]})
    close_session(session, study, first, staff, OVER)
    (one,) = list_of_day(session, district.at_a, TODAY)
    assert (one.came, one.absent, one.left, one.signed, one.open) == (3, 0, 1, 2, 1)
    issue_day(session, district.at_a, TODAY, staff, OVER)
    said = {locale: render_day(session, district.at_a, TODAY, locale, OVER) for locale in ("zh", "en")}
    for word in (*names, "设备故障，已当面考核合格", "中途离开", study.number, staff.name):
        assert word in text_of(said["zh"])
    assert "left early" in text_of(said["en"])
    same = issue_day(session, district.at_a, TODAY, staff, OVER + timedelta(hours=1))
    assert render_day(session, district.at_a, TODAY, "zh", OVER + timedelta(days=2)) == said["zh"]
    close_session(session, study, Choice(absent={numbers[3]}), staff, OVER + timedelta(hours=2))
    other = issue_day(session, district.at_a, TODAY, staff, OVER + timedelta(hours=2))
    assert other.replaces_id == same.id
    kept = list_documents(session, DocumentKind.STATION_DAY, f"{district.at_a.code}/{TODAY}")
    assert [document.state for document in kept] == ["valid", "replaced"]
    assert "缺席" in text_of(render_day(session, district.at_a, TODAY, "zh", OVER))


def test_a_day_is_the_stations_own_and_not_one_to_come(session: Session, district: District, staff: Actor) -> None:
    with pytest.raises(Refusal):
        issue_day(session, district.at_a, TODAY + timedelta(days=1), staff, OVER)
    with pytest.raises(Missing):
        find_station(session, district.at_b.code, staff)
    with pytest.raises(Missing):
        day_now(session, f"{district.at_a.code}/2026-13-01", OVER)
    with pytest.raises(Denied):
        issue_day(session, district.at_a, TODAY, Actor(None, "x"), OVER)
    issue_day(session, district.at_a, TODAY, staff, OVER)
    assert "当天没有举办场次。" in text_of(render_day(session, district.at_a, TODAY, "zh", OVER))
