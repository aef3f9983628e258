from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from trafficedu.accounts.models import User
from trafficedu.configuration import queries, services
from trafficedu.configuration.forms import UNIT_NAMES
from trafficedu.configuration.rules import calendar_warning_due
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now

MakeUser = Callable[..., User]


def test_a_figure_changes_within_its_bounds(session: Session, client: Browser, make_user: MakeUser) -> None:
    client.sign_in(make_user("administrator"))
    address = "/configuration/figures/education.due_days"
    assert client.post(address, data={"value": "20", "version": "1"}).status_code == 303
    assert queries.figure(session, "education.due_days") == 20
    for wrong in ("0", "366", "viele", ""):
        answer = client.post(address, data={"value": wrong, "version": "2"})
        assert answer.status_code == 422
        assert 'id="value-error"' in answer.text
    assert client.post(address, data={"value": "30", "version": "1"}).status_code == 409
    assert client.get("/configuration/figures/nothing").status_code == 404


def test_the_place_name_before_plates_is_chosen(session: Session, client: Browser, make_user: MakeUser) -> None:
    client.sign_in(make_user("administrator"))
    address = "/configuration/wordings/riders.plate_prefix"

    def place() -> str:
        queries.forget_configuration(session)
        return queries.wording(session, "riders.plate_prefix")

    assert place() == ""
    assert client.post(address, data={"value": "演示", "version": "1"}).status_code == 303
    assert place() == "演示"
    assert "演示" in client.get("/configuration").text
    for wrong in ("浙江省杭州", "A", "杭州1", "演 示"):
        answer = client.post(address, data={"value": wrong, "version": "2"})
        assert answer.status_code == 422
        assert 'id="value-error"' in answer.text
    assert client.post(address, data={"value": "杭州", "version": "1"}).status_code == 409
    assert client.post(address, data={"value": "", "version": "2"}).status_code == 303
    assert place() == ""
    assert client.get("/configuration/wordings/nothing").status_code == 404


def test_a_day_is_corrected_and_the_correction_taken_back(
    session: Session, client: Browser, make_user: MakeUser
) -> None:
    client.sign_in(make_user("administrator"))
    data = {"day": "2027-01-02", "works": "yes", "note": "调休"}
    assert client.post("/configuration/days", data=data).status_code == 303
    assert client.post("/configuration/days", data=data | {"works": "no"}).status_code == 303
    assert queries.corrections(session) == {date(2027, 1, 2): False}
    assert "调休" in client.get("/configuration").text
    assert client.post("/configuration/days", data={"day": "2027-13-01"}).status_code == 422
    assert client.post("/configuration/days/2027-01-02/undo").status_code == 303
    session.expire_all()
    assert queries.corrections(session) == {}
    for nowhere in ("2027-01-02", "yesterday"):
        assert client.post(f"/configuration/days/{nowhere}/undo").status_code == 404


def test_runs_are_listed_and_narrowed(session: Session, client: Browser, make_user: MakeUser) -> None:
    services.note_failed_run(session, "import areas", SYSTEM, utc_now(), refused=3)
    with services.logged_run(session, "worker", SYSTEM, utc_now()) as counts:
        counts["sealed"] = 4
    session.commit()
    client.sign_in(make_user("administrator"))
    page = client.get("/runs").text
    assert "import areas" in page
    assert "sealed: 4" in page
    assert "sealed: 4" not in client.get("/runs?kind=import&result=failed").text


@pytest.mark.parametrize(
    ("today", "known_until", "due"),
    [
        (date(2026, 10, 31), 2026, False),
        (date(2026, 11, 1), 2026, True),
        (date(2026, 11, 1), 2027, False),
        (date(2027, 1, 1), 2026, True),
    ],
)
def test_the_calendar_is_missed_from_november_on(today: date, known_until: int, due: bool) -> None:
    assert calendar_warning_due(today, known_until) is due


def test_every_unit_of_the_shipped_figures_has_a_name_in_both_languages(session: Session) -> None:
    assert {parameter.unit for parameter in queries.list_parameters(session)} <= UNIT_NAMES.keys()
