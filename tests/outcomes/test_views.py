"""The pages of outcomes and of signatures, as those who may open them and those who may not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.conftest import Browser, run_jobs
from tests.factories.education import District
from tests.outcomes.making import held, offended, studied
from trafficedu.accounts.models import User
from trafficedu.core.clock import today
from trafficedu.core.month import Month

START = Month.of(today()) - 9
ADDRESS = f"/outcomes?first={START}&last={START + 2}"


@pytest.fixture
def riders(session: Session, district: District, make_user: Callable[..., User]) -> list[User]:
    """Sixty riders of two courses, of whom every third offends again; signed by two."""
    signers = [make_user("station", station_id=district.at_a.id) for _ in range(2)]
    for place, code in enumerate(("basic", "intermediate")):
        day = START.first + timedelta(days=10 + place)
        study = held(session, district, day, code=code, lecturer=("王老师", "李老师")[place])
        for number in range(30):
            task = studied(session, study, district.a, signer=signers[place], birth_date=date(1980 + number, 1, 1))
            offended(session, task, district.a, day - timedelta(days=2))
            if number % 3 == 0:
                offended(session, task, district.a, day + timedelta(days=5 + number))
    session.commit()
    return signers


def test_the_page_of_outcomes(
    app: Flask, client: Browser, district: District, riders: list[User], make_user: Callable[..., User]
) -> None:
    analyst = client.sign_in(make_user("analyst", area_id=district.root.id))
    assert "being looked through" in analyst.get(f"{ADDRESS}&lang=en").text
    assert analyst.get(f"{ADDRESS}&lang=en", headers={"HX-Request": "true"}).status_code == 204
    assert run_jobs(app) == 1
    page = analyst.get(f"{ADDRESS}&lang=en").text
    assert "33.3 %" in page
    assert "It cannot be said: only 30 riders of longer courses and 30 of the basic course" in page
    assert "It is not a trial." in page
    assert "王老师" in page
    assert page.count('class="forest"') >= 4
    chinese = analyst.get(f"{ADDRESS}&lang=zh").text
    assert "长课程有用吗" in chinese
    lines = analyst.fetch(f"/outcomes/export/csv?first={START}&last={START + 2}&lang=en").get_data(as_text=True)
    assert lines.splitlines()[0].endswith(
        "Part,Name,Riders,Observed long enough,Offended again,Rate from (%),Rate to (%),Ratio beside riders alike,"
        "Ratio from,Ratio to,p-value"
    )
    assert "Instructor,王老师,30,30,10," in lines


def test_an_area_out_of_reach_is_not_there(
    client: Browser, district: District, riders: list[User], make_user: Callable[..., User]
) -> None:
    leader = client.sign_in(make_user("leader", area_id=district.other_town.id))
    assert leader.get(f"{ADDRESS}&area={district.town.code}").status_code == 404
    assert leader.get(f"{ADDRESS}&first=nonsense&last=9999-99").status_code == 200
    assert leader.get("/outcomes/signing").status_code == 403
    assert client.sign_in(make_user("station", station_id=district.at_a.id)).get("/outcomes").status_code == 403


def test_months_without_anybody_say_what_will_be_here(
    app: Flask, client: Browser, district: District, make_user: Callable[..., User]
) -> None:
    analyst = client.sign_in(make_user("analyst", area_id=district.root.id))
    assert analyst.get(ADDRESS).status_code == 200
    export = analyst.post(f"/outcomes/export/csv?first={START}&last={START + 2}&lang=en")
    assert export.status_code == 404
    assert run_jobs(app) == 1
    assert "Nobody can be watched yet" in analyst.get(f"{ADDRESS}&lang=en").text


def test_the_page_of_signatures(
    app: Flask,
    client: Browser,
    session: Session,
    district: District,
    riders: list[User],
    make_user: Callable[..., User],
) -> None:
    study = held(session, district, START.first + timedelta(days=20))
    for place in range(20):
        reason = "设备坏了，无法完成测验" if place < 9 else ""
        task = studied(session, study, district.a, signer=riders[0], reason=reason)
    session.commit()
    supervisor = client.sign_in(make_user("supervisor", area_id=district.root.id))
    address = f"/outcomes/signing?first={START}&last={START + 2}&lang=en"
    assert "being looked through" in supervisor.get(address).text
    assert run_jobs(app) == 1
    page = supervisor.get(address).text
    name = riders[0].display_name
    assert f"{name}: 9 of 50, where 0.0 were to be expected from the others: more than chance explains." in page
    assert "not a proof" in page
    number = task.number
    assert f"/education/{number}" not in page, "a study without an exception is no case"
    links = [part.split('"')[0] for part in page.split('href="')[1:] if part.startswith("/education/T")]
    assert len(links) == 9
    assert supervisor.get(links[0]).status_code == 200
