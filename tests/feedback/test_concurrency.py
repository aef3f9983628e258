"""Real commits from two threads: a notice gets one answer, the slower one is told, and none is held for ever."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.feedback import acting, make_notice, make_world
from tests.factories.people import make_user
from trafficedu.core.actors import SYSTEM, Actor
from trafficedu.core.clock import utc_now
from trafficedu.core.database import database
from trafficedu.core.errors import Refusal
from trafficedu.core.events import publish
from trafficedu.core.transactions import WRITES
from trafficedu.feedback.models import Feedback, Notice
from trafficedu.feedback.queries.notices import find_notice
from trafficedu.feedback.services import answers, notices
from trafficedu.feedback.services.answers import Answer
from trafficedu.riders.models import Rider
from trafficedu.riders.services.people import NewRider, update_rider
from trafficedu.violations.events import ViolationEstablished, ViolationVoided

ROUNDS = 6


def prepared(app: Flask) -> tuple[str, int, list[Actor]]:
    with app.app_context(), database().sessionmaker(info=WRITES) as session:
        world = make_world(session)
        notice = make_notice(session, world.village, company=world.company)
        actors = [acting(make_user(session, "company", company_id=world.company.id)) for _ in range(2)]
        session.commit()
        return notice.number, notice.violation_id, actors


def test_of_two_answers_at_once_one_is_kept_and_the_other_is_told(fresh_app: Flask) -> None:
    for _ in range(ROUNDS):
        number, _violation, actors = prepared(fresh_app)
        start = threading.Barrier(2)

        def one(by: Actor, number: str = number, start: threading.Barrier = start) -> str:
            with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
                start.wait()
                notice = find_notice(session, number, by)
                try:
                    answers.answer(session, notice, Answer("criticised"), by, utc_now())
                    session.commit()
                except Refusal:
                    session.rollback()
                    return "told"
                return "kept"

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(one, actors)) == ["kept", "told"]
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        assert session.scalar(select(func.count()).select_from(Feedback)) == ROUNDS


def test_an_answer_and_a_withdrawal_at_once_leave_a_withdrawn_notice(fresh_app: Flask) -> None:
    for _ in range(ROUNDS):
        number, violation_id, actors = prepared(fresh_app)
        start = threading.Barrier(2)

        def answer(session: Session, number: str = number, by: Actor = actors[0]) -> None:
            answers.answer(session, find_notice(session, number, by), Answer("criticised"), by, utc_now())

        def void(session: Session, violation_id: int = violation_id) -> None:
            publish(session, ViolationVoided(utc_now(), SYSTEM, violation_id))

        def run(work: object, start: threading.Barrier = start) -> None:
            with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
                start.wait()
                try:
                    work(session)  # type: ignore[operator] # one of the two above
                    session.commit()
                except Refusal:
                    session.rollback()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(run, (answer, void)))
        with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
            assert find_notice(session, number, actors[0]).state == "voided"


def test_a_home_recorded_while_a_notice_is_queued_lets_the_notice_go_out(fresh_app: Flask) -> None:
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        world = make_world(session)
        notice = make_notice(session, world.village)
        rider_id, violation_id, home_id = notice.rider_id, notice.violation_id, world.village.id
        session.delete(notice)
        session.commit()

    def move() -> None:
        with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
            rider = session.get_one(Rider, rider_id)
            change = NewRider(rider.id_type, "*", rider.name, "*", home_id, rider.birth_date)
            update_rider(session, rider, change, rider.version, SYSTEM, utc_now())
            session.commit()

    with (
        fresh_app.app_context(),
        database().sessionmaker(info=WRITES) as session,
        ThreadPoolExecutor(1) as pool,
    ):
        notices.queue_notice(session, ViolationEstablished(utc_now(), SYSTEM, violation_id))
        moved = pool.submit(move)
        wait([moved], timeout=0.5)
        session.commit()
        moved.result(timeout=20)
        assert session.scalars(select(Notice.state)).one() == "sent"
