"""What a phone sends is taken in once, whatever the network does to it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.helmets import NOON, NOW, make_company, make_site, tree
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core.audit import AuditEntry
from trafficedu.core.database import database
from trafficedu.core.errors import Denied, Refusal
from trafficedu.core.transactions import WRITES
from trafficedu.helmets.models import HelmetCount, HelmetSheet, HelmetSite, HelmetSurvey
from trafficedu.helmets.rules import Tap
from trafficedu.helmets.services.counting import CountSheet, receive
from trafficedu.helmets.services.surveys import void

MakeUser = Callable[..., User]


def taps(first: int, last: int, result: str = "helmeted", **values: Any) -> list[Tap]:
    facts = {"group": "other", "role": "rider", "company_code": "", "step": 1, **values}
    return [Tap(number, result=result, **facts) for number in range(first, last + 1)]


def sheet(site: HelmetSite, sent: list[Tap], **values: Any) -> CountSheet:
    facts: dict[str, Any] = {
        "key": "phone-0123456789abcdef",
        "site_code": site.code,
        "shared_code": "7K3M",
        "started_utc": NOON,
        "until_utc": NOON + timedelta(minutes=12),
        "clock_utc": NOON + timedelta(minutes=12),
        "ended": False,
        **values,
    }
    return CountSheet(taps=sent, **facts)


def total(session: Session) -> tuple[int, int, int]:
    row = session.execute(
        select(func.sum(HelmetCount.helmeted), func.sum(HelmetCount.bare), func.sum(HelmetCount.unclear))
    ).one()
    return row[0] or 0, row[1] or 0, row[2] or 0


@pytest.fixture
def site(session: Session) -> HelmetSite:
    return make_site(session, tree(session)["A1"])


@pytest.fixture
def officer(session: Session, site: HelmetSite, make_user: MakeUser) -> User:
    return make_user("officer", area_id=site.area_id)


END = NOON + timedelta(minutes=12)


def test_pieces_are_added_up_and_a_piece_sent_again_adds_nothing(
    session: Session, site: HelmetSite, officer: User
) -> None:
    by = actor_of(officer)
    first = receive(session, sheet(site, taps(1, 3)), by, END)
    assert (first.last_event, first.ended) == (3, False)
    again = receive(session, sheet(site, taps(1, 3)), by, END)
    assert again.last_event == 3
    overlapping = receive(session, sheet(site, [*taps(2, 3), *taps(4, 5, "bare")], ended=True), by, END)
    assert (overlapping.last_event, overlapping.ended) == (5, True)
    tomorrow = END + timedelta(days=1)
    late_one = sheet(site, [*taps(2, 3), *taps(4, 5, "bare")], ended=True, clock_utc=tomorrow)
    late = receive(session, late_one, by, tomorrow)
    assert late == overlapping
    assert total(session) == (3, 2, 0)
    assert session.scalar(select(func.count()).select_from(HelmetSurvey)) == 1
    survey = session.scalars(select(HelmetSurvey)).one()
    assert (survey.minutes, survey.occurred_on.isoformat(), survey.method) == (12, "2026-03-10", "on_site")


def test_a_gap_is_refused_so_that_no_tap_is_lost_unnoticed(session: Session, site: HelmetSite, officer: User) -> None:
    by = actor_of(officer)
    receive(session, sheet(site, taps(1, 3)), by, END)
    with pytest.raises(Refusal, match="missing"):
        receive(session, sheet(site, taps(5, 6)), by, END)
    assert total(session) == (3, 0, 0)


def test_taking_back_works_across_pieces_and_never_below_zero(
    session: Session, site: HelmetSite, officer: User
) -> None:
    by = actor_of(officer)
    receive(session, sheet(site, taps(1, 2)), by, END)
    receive(session, sheet(site, taps(3, 3, step=-1)), by, END)
    assert total(session) == (1, 0, 0)
    with pytest.raises(Refusal, match="undone"):
        receive(session, sheet(site, taps(4, 5, step=-1)), by, END)


def test_observers_with_the_same_code_count_one_survey_together(
    session: Session, site: HelmetSite, officer: User, make_user: MakeUser
) -> None:
    colleague = make_user("officer", area_id=site.area_id)
    receive(session, sheet(site, taps(1, 4)), actor_of(officer), END)
    other = sheet(site, taps(1, 2, "bare"), key="phone-another-sheet", started_utc=NOON - timedelta(minutes=3))
    receive(session, other, actor_of(colleague), END)
    alone = sheet(site, taps(1, 1, "unclear"), key="phone-a-third-sheet", shared_code="ZZZZ")
    receive(session, alone, actor_of(colleague), END)
    surveys = session.scalars(select(HelmetSurvey).order_by(HelmetSurvey.id)).all()
    assert [len(survey.sheets) for survey in surveys] == [2, 1]
    assert total(session) == (4, 2, 1)
    assert (surveys[0].started_utc, surveys[0].minutes) == (NOON - timedelta(minutes=3), 15)


def test_companies_are_kept_apart_for_delivery_riders_only(session: Session, site: HelmetSite, officer: User) -> None:
    company = make_company(session)
    by = actor_of(officer)
    receive(session, sheet(site, taps(1, 2, group="delivery", company_code="MT")), by, END)
    receive(session, sheet(site, taps(3, 3, group="delivery")), by, END)
    rows = session.execute(select(HelmetCount.company_id, HelmetCount.helmeted)).all()
    assert sorted(rows, key=str) == [(company.id, 2), (None, 1)] or sorted(rows, key=str) == [
        (None, 1),
        (company.id, 2),
    ]
    with pytest.raises(Refusal, match="not what"):
        receive(session, sheet(site, taps(4, 4, group="other", company_code="MT")), by, END)
    with pytest.raises(Refusal, match="no company"):
        receive(session, sheet(site, taps(4, 4, group="delivery", company_code="NONE")), by, END)


@pytest.mark.parametrize(
    "values",
    [
        {"key": "short"},
        {"shared_code": "O0IL"},
        {"taps": [Tap(1, "walking", "rider", "", "bare", 1)]},
        {"taps": [Tap(1, "other", "rider", "", "hat", 1)]},
        {"taps": [Tap(1, "other", "rider", "", "bare", 7)]},
        {"taps": taps(1, 1001)},
    ],
)
def test_what_the_page_never_sends_is_refused(
    session: Session, site: HelmetSite, officer: User, values: dict[str, Any]
) -> None:
    with pytest.raises(Refusal, match="not what"):
        receive(session, replace(sheet(site, taps(1, 1)), **values), actor_of(officer), END)


def test_a_phone_with_a_wrong_clock_counts_in_our_time(session: Session, site: HelmetSite, officer: User) -> None:
    sent = sheet(site, taps(1, 1), clock_utc=END + timedelta(days=400), started_utc=NOON + timedelta(days=400))
    receive(session, replace(sent, until_utc=END + timedelta(days=400)), actor_of(officer), END)
    assert session.scalars(select(HelmetSurvey)).one().started_utc == NOON


def test_others_cannot_add_to_a_sheet_nor_count_outside_their_area(
    session: Session, site: HelmetSite, officer: User, make_user: MakeUser
) -> None:
    receive(session, sheet(site, taps(1, 1)), actor_of(officer), END)
    with pytest.raises(Refusal, match="Another account"):
        receive(session, sheet(site, taps(2, 2)), actor_of(make_user("officer", area_id=site.area_id)), END)
    elsewhere = actor_of(make_user("officer", area_id=tree(session)["B1"].id))
    with pytest.raises(Refusal, match="no site with the code"):
        receive(session, sheet(site, taps(1, 1), key="phone-from-elsewhere"), elsewhere, END)
    with pytest.raises(Denied):
        receive(session, sheet(site, taps(1, 1)), actor_of(make_user("analyst", area_id=site.area_id)), END)


def test_taps_for_a_void_survey_are_confirmed_and_do_not_revive_it(
    session: Session, site: HelmetSite, officer: User, make_user: MakeUser
) -> None:
    by = actor_of(officer)
    receive(session, sheet(site, taps(1, 1)), by, END)
    survey = session.scalars(select(HelmetSurvey)).one()
    supervisor = actor_of(make_user("supervisor", area_id=site.area_id))
    void(session, survey, "counted the wrong road", survey.version, supervisor, NOW)
    assert receive(session, sheet(site, taps(1, 2)), by, END).last_event == 2
    assert survey.state == "void"
    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.subject_kind == "helmet_survey")).all()
    assert "helmets:survey:void" in actions
    assert actions.count("helmets:survey:record") == 3


def test_the_same_pieces_from_many_connections_at_once_count_once(fresh_app: Flask) -> None:
    from tests.factories.people import make_user as add_user  # noqa: PLC0415 - only here with real commits

    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        site = make_site(session, tree(session)["A1"])
        officers = [actor_of(add_user(session, "officer", area_id=site.area_id)) for _ in range(2)]
        pieces = [
            (sheet(site, taps(1, 20), key=f"phone-of-observer-{place}"), by)
            for place, by in enumerate(officers)
            for _ in range(4)
        ]
        session.commit()
    start = threading.Barrier(len(pieces))

    def send(piece: tuple[CountSheet, Any]) -> int:
        with fresh_app.app_context(), database().sessionmaker(info=WRITES) as own:
            start.wait()
            last = receive(own, piece[0], piece[1], END).last_event
            own.commit()
            return last

    with ThreadPoolExecutor(len(pieces)) as pool:
        assert set(pool.map(send, pieces)) == {20}
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        assert total(session) == (40, 0, 0)
        assert session.scalar(select(func.count()).select_from(HelmetSurvey)) == 1
        assert session.scalar(select(func.count()).select_from(HelmetSheet)) == 2
