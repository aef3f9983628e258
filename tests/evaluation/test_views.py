"""The page of trends: what it shows, to whom, and what it says where there is little."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser, run_jobs
from tests.factories import evaluation as made
from tests.factories import places
from trafficedu.accounts.models import User
from trafficedu.core.clock import today
from trafficedu.core.jobs import Job
from trafficedu.core.month import Month
from trafficedu.evaluation.models import AnalysisResult


def first_month(months: int) -> Month:
    return Month.of(today()) - months


def simulate(session: Session, months: int, per_month: float = 12.0) -> None:
    rng = np.random.default_rng(7)
    towns = [places.area(session, code) for code in (places.TOWN, places.OTHER_TOWN)]
    made.add_accidents(session, {town: rng.poisson(per_month, months).tolist() for town in towns}, first_month(months))
    session.commit()


def look(client: Browser, query: str = "") -> str:
    """Open the page of trends, let the job compute what it asks for, and open it again."""
    client.get(f"/evaluation/trends{query}")
    run_jobs(client.application)
    answer = client.get(f"/evaluation/trends{query}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_the_analyst_sees_forecast_trend_and_backtest(
    session: Session, client: Browser, make_user: Callable[..., User]
) -> None:
    simulate(session, 48)
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))
    page = look(client, "?series=casualty")
    assert "data-chart-spec" in page
    assert "正在计" not in page
    assert "MASE" in page
    assert "CRPS" in page
    assert "80 %" in page
    assert "95 %" in page
    kept = session.scalars(select(AnalysisResult)).all()
    assert [one.kind for one in kept] == ["casualty"]
    assert kept[0].payload["months"] == 48
    assert kept[0].payload["whole"]["scores"]["seasonal_naive"]["1-3"]["crps"] > 0


def test_a_level_that_changed_heads_the_drawing_and_is_the_conclusion(
    session: Session, client: Browser, make_user: Callable[..., User]
) -> None:
    """Two towns of 20 a month that both had 6 in the last month: 70 % fewer than 40."""
    towns = [places.area(session, code) for code in (places.TOWN, places.OTHER_TOWN)]
    rng = np.random.default_rng(4)
    counts = [[*rng.poisson(20.0, 29).tolist(), 6] for _ in towns]
    made.add_accidents(session, dict(zip(towns, counts, strict=True)), first_month(30))
    session.commit()
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))
    page = look(client, "?series=casualty")
    month = str(Month.of(today()) - 1)
    assert f"伤亡事故：水平已变化：{month}各辖区合计" in page
    assert f"<strong><span data-said>水平已变化：{month}各辖区合计" in page
    assert f"Level changed: in {month} all areas together had" in client.get("/evaluation/trends?lang=en").text


def test_a_second_look_fits_nothing(
    session: Session, client: Browser, make_user: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(session, 30)
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))
    look(client)
    assert "正在计" not in client.get(f"/evaluation/trends?area={places.TOWN}").text  # the same fit
    assert run_jobs(client.application) == 0


def test_no_page_fits_and_the_page_goes_on_by_itself(
    session: Session, client: Browser, make_user: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(session, 30)
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("fitted by a page")

    with monkeypatch.context() as patched:
        patched.setattr("trafficedu.evaluation.services.results.compute_trend", refuse)
        patched.setattr("trafficedu.evaluation.services.results.load_series", refuse)
        page = client.get("/evaluation/trends").text
    assert "正在计算趋势" in page
    assert page.count("hx-get") == 1

    def ask() -> tuple[int, str | None]:
        answer = client.get("/evaluation/trends", headers={"HX-Request": "true"})
        return answer.status_code, answer.headers.get("HX-Refresh")

    assert ask() == (204, None)
    client.get("/evaluation/trends")
    assert run_jobs(client.application) == 1, "asked for once"
    assert ask() == (200, "true")
    assert "data-chart-spec" in client.get("/evaluation/trends").text


def test_the_trend_of_last_month_is_shown_until_the_new_one_is_there(
    session: Session, client: Browser, make_user: Callable[..., User]
) -> None:
    simulate(session, 30)
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))
    look(client)
    kept = session.scalars(select(AnalysisResult)).one()
    kept.upto = (Month.of(today()) - 2).first
    session.commit()
    page = client.get("/evaluation/trends").text
    assert "data-chart-spec" in page
    assert "正在计入新的月份" in page
    run_jobs(client.application)
    assert "正在计" not in client.get("/evaluation/trends").text


def test_a_fit_that_broke_off_is_said_and_not_asked_for_time_and_again(
    session: Session, client: Browser, make_user: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(session, 30)
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))

    def break_off(*_: object, **__: object) -> None:
        raise ArithmeticError

    client.get("/evaluation/trends")
    with monkeypatch.context() as patched:
        patched.setattr("trafficedu.evaluation.services.results.compute_trend", break_off)
        run_jobs(client.application)
    assert "趋势计算失败" in client.get("/evaluation/trends").text
    assert run_jobs(client.application) == 0
    client.post("/evaluation/trends/again", data={"series": "casualty", "area": places.DISTRICT})
    assert run_jobs(client.application) == 1
    assert "data-chart-spec" in client.get("/evaluation/trends").text


def test_a_recalculation_that_broke_off_is_said_beside_the_kept_trend(
    session: Session, client: Browser, make_user: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(session, 30)
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))
    assert "趋势计算失败" not in look(client)

    def break_off(*_: object, **__: object) -> None:
        raise ArithmeticError

    again = {"series": "casualty", "area": places.DISTRICT}
    client.post("/evaluation/trends/again", data=again)
    with monkeypatch.context() as patched:
        patched.setattr("trafficedu.evaluation.services.results.load_series", break_off)
        run_jobs(client.application)
    page = client.get("/evaluation/trends").text
    assert "趋势计算失败" in page
    assert "data-chart-spec" in page
    client.post("/evaluation/trends/again", data=again)
    run_jobs(client.application)
    assert "趋势计算失败" not in client.get("/evaluation/trends").text


def test_a_fit_that_was_cancelled_is_not_asked_for_until_somebody_wants_it(
    session: Session, client: Browser, make_user: Callable[..., User]
) -> None:
    simulate(session, 30)
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))
    client.get("/evaluation/trends")
    client.post(f"/jobs/{session.scalars(select(Job.number)).one()}/cancel")
    page = client.get("/evaluation/trends").text
    assert "计算已取消" in page
    assert "/evaluation/trends/again" in page
    assert run_jobs(client.application) == 0
    client.post("/evaluation/trends/again", data={"series": "casualty", "area": places.DISTRICT})
    assert run_jobs(client.application) == 1
    page = client.get("/evaluation/trends").text
    assert "data-chart-spec" in page
    assert "计算已取消" not in page


@pytest.mark.parametrize(("months", "said"), [(0, "还没有"), (2, "月份太少"), (12, "不足 24")])
def test_little_is_said_to_be_little(
    months: int, said: str, session: Session, client: Browser, make_user: Callable[..., User]
) -> None:
    simulate(session, months)
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))
    page = look(client, "?series=accidents")
    assert said in page


def test_a_leader_sees_the_own_town_and_nothing_of_others(
    session: Session, client: Browser, make_user: Callable[..., User]
) -> None:
    simulate(session, 30)
    client.sign_in(make_user("leader", area_id=places.area(session, places.TOWN).id))
    page = look(client, "?series=casualty")
    assert "data-chart-spec" in page
    other = places.area(session, places.OTHER_TOWN)
    assert other.name not in page
    assert client.get(f"/evaluation/trends?area={places.OTHER_TOWN}").status_code == 404
    assert client.get(f"/evaluation/trends?area={places.DISTRICT}").status_code == 404
    hidden = client.post("/evaluation/trends/again", data={"series": "casualty", "area": places.OTHER_TOWN})
    assert hidden.status_code == 404


def test_what_was_recorded_since_counts_on_demand(
    session: Session, client: Browser, make_user: Callable[..., User]
) -> None:
    simulate(session, 30)
    client.sign_in(make_user("supervisor", area_id=places.area(session, places.DISTRICT).id))
    look(client, "?series=casualty")
    before = session.scalars(select(AnalysisResult)).one()
    events, fingerprint = before.payload["total"]["events"], before.fingerprint
    made.add_accidents(session, {places.area(session, places.TOWN): [5]}, first_month(1))
    session.commit()
    look(client, "?series=casualty")
    session.expire_all()
    assert session.scalars(select(AnalysisResult)).one().fingerprint == fingerprint
    answer = client.post("/evaluation/trends/again", data={"series": "casualty", "area": places.DISTRICT})
    assert answer.status_code == 303
    assert "正在重新计算趋势" in client.get("/evaluation/trends?series=casualty").text
    run_jobs(client.application)
    session.expire_all()
    assert session.scalars(select(AnalysisResult)).one().payload["total"]["events"] == events + 5


def test_the_claim_of_the_article_could_be_chance(
    session: Session, client: Browser, make_user: Callable[..., User]
) -> None:
    town = places.area(session, places.TOWN)
    made.add_accidents(session, {town: [31]}, Month(2025, 1), "fatal")
    made.add_accidents(session, {town: [21]}, Month(2026, 1), "fatal")
    session.commit()
    client.sign_in(make_user("leader", area_id=town.id))
    page = client.get(
        "/evaluation/trends?measure=fatal&before_first=2025-01&before_last=2025-01&after_first=2026-01&after_last=2026-01"
    ).get_data(as_text=True)
    assert "21起（上年同月为31起），-32.3 %" in page
    assert "p = 0.21" in page
    assert "可能只是偶然" in page


def asked(page: str, client: Browser) -> str:
    found = re.search(r'class="figure-claim">(.*?)</p>', client.get(page).text, re.DOTALL)
    assert found is not None
    return str(found[1])


def test_this_year_against_last_counts_only_days_that_are_over(
    session: Session, client: Browser, make_user: Callable[..., User]
) -> None:
    """What a commander asks in the year: the rest of it has not happened, and last year's rest is no comparison."""
    town, running = places.area(session, places.TOWN), Month.of(today())
    made.add_accidents(session, {town: [5] * 24}, Month(running.year - 1, 1), "fatal")
    session.commit()
    client.sign_in(make_user("leader", area_id=town.id))
    year = running.year
    page = asked(
        f"/evaluation/trends?lang=en&measure=fatal&before_first={year - 1}-01&before_last={year - 1}-12"
        f"&after_first={year}-01&after_last={year}-12",
        client,
    )
    yesterday = today() - timedelta(days=1)
    if yesterday.year < year:
        assert "no day of the later period is over yet" in page
    elif yesterday.month < 12 or yesterday.day < 31:
        assert f"up to {yesterday}" in page
        assert "could be chance" in page


@pytest.mark.parametrize(
    ("periods", "because"),
    [
        ((-12, -1, 1, 12), "no day of the later period is over yet"),
        ((-12, -3, -4, -1), "the two periods overlap"),
        ((-60, -49, -12, -1), "records begin in"),
    ],
)
def test_what_cannot_be_compared_is_not(
    session: Session,
    client: Browser,
    make_user: Callable[..., User],
    periods: tuple[int, int, int, int],
    because: str,
) -> None:
    town, running = places.area(session, places.TOWN), Month.of(today())
    made.add_accidents(session, {town: [9] * 24}, running - 24, "fatal")
    session.commit()
    client.sign_in(make_user("leader", area_id=town.id))
    names = ("before_first", "before_last", "after_first", "after_last")
    query = "&".join(f"{name}={running + step}" for name, step in zip(names, periods, strict=True))
    page = asked(f"/evaluation/trends?lang=en&measure=fatal&{query}", client)
    assert because in page
    assert "p &lt;" not in page
    assert "chance" not in page


def test_an_officer_has_no_trends(session: Session, client: Browser, make_user: Callable[..., User]) -> None:
    client.sign_in(make_user("officer", area_id=places.area(session).id))
    assert client.get("/evaluation/trends").status_code == 403
