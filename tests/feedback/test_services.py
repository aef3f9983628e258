from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.feedback import World, acting, make_notice, make_rider, make_violation
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.errors import Denied, Refusal, Stale
from trafficedu.core.events import publish
from trafficedu.core.text import translate
from trafficedu.feedback.models import EscalationStep, Feedback, Notice
from trafficedu.feedback.queries.notices import notice_of_violation
from trafficedu.feedback.services import answers, closing, notices, policies
from trafficedu.feedback.services.answers import Answer
from trafficedu.messages.models import Push
from trafficedu.riders.events import HomeVillageRecorded, LegalBasisRecorded
from trafficedu.riders.rules import LegalBasis
from trafficedu.riders.services.engagements import NewEngagement, engage
from trafficedu.violations.events import ViolationCorrected, ViolationEstablished, ViolationVoided


@pytest.fixture
def contact(world: World, make_user: Callable[..., User]) -> User:
    return make_user("company", company_id=world.company.id)


def of(session: Session, violation: Any) -> Notice:
    notice = notice_of_violation(session, violation.id)
    assert notice is not None
    return notice


def test_the_company_of_the_day_is_told_and_has_72_hours(session: Session, world: World) -> None:
    notice = make_notice(session, world.village, company=world.company)
    assert (notice.state, notice.receiver_kind, notice.company_id) == ("sent", "company", world.company.id)
    assert notice.sent_utc is not None
    assert notice.due_utc == notice.sent_utc + timedelta(hours=72)


def test_without_a_legal_basis_the_notice_is_held(session: Session, world: World) -> None:
    notice = make_notice(session, world.village, company=world.company, basis=None)
    assert (notice.state, notice.held_reason, notice.sent_utc) == ("held", "no_legal_basis", None)


def test_a_company_without_an_engagement_that_day_is_not_told(session: Session, world: World) -> None:
    rider = make_rider(session)
    engage(session, rider, NewEngagement(world.company.id, local_date(utc_now()), None, "contract"), SYSTEM, utc_now())
    session.refresh(rider)
    old = utc_now() - timedelta(days=9)
    notice = make_notice(session, world.village, rider=rider, company=world.company, occurred=old)
    assert (notice.state, notice.held_reason) == ("held", "no_legal_basis")


def test_a_rider_of_no_company_is_told_to_the_home_village(session: Session, world: World) -> None:
    notice = make_notice(session, world.village, rider=make_rider(session, world.other_village))
    assert (notice.state, notice.receiver_kind, notice.area_id) == ("sent", "village", world.other_village.id)


def test_without_a_home_village_the_notice_is_held(session: Session, world: World) -> None:
    notice = make_notice(session, world.village)
    assert (notice.state, notice.held_reason) == ("held", "no_home_village")


def test_the_same_violation_twice_makes_one_notice(session: Session, world: World) -> None:
    violation = make_violation(session, world.village, company=world.company)
    notices.queue_notice(session, ViolationEstablished(utc_now(), SYSTEM, violation.id))
    count = select(func.count()).select_from(Notice).where(Notice.violation_id == violation.id)
    assert session.scalar(count) == 1


def test_a_legal_basis_recorded_later_releases_the_notice_and_the_clock_runs_from_then(
    session: Session, world: World
) -> None:
    violation = make_violation(session, world.village, company=world.company, basis=None)
    assert violation.rider is not None
    engagement = violation.rider.engagements[0]
    publish(session, LegalBasisRecorded(utc_now(), SYSTEM, engagement.id))  # still without one: nothing goes out
    assert of(session, violation).state == "held"
    engagement.legal_basis = LegalBasis.CONSENT
    session.flush()
    publish(session, LegalBasisRecorded(utc_now(), SYSTEM, engagement.id))
    notice = of(session, violation)
    assert (notice.state, notice.held_reason) == ("sent", "")
    assert notice.due_utc is not None
    assert notice.due_utc > utc_now() + timedelta(hours=71)


def test_a_basis_for_other_days_or_another_company_releases_nothing(session: Session, world: World) -> None:
    violation = make_violation(session, world.village, company=world.company, basis=None)
    assert violation.rider is not None
    tomorrow = local_date(utc_now()) + timedelta(days=1)
    other = engage(
        session, violation.rider, NewEngagement(world.other_company.id, tomorrow, None, "consent"), SYSTEM, utc_now()
    )
    notices.release_held(session, LegalBasisRecorded(utc_now(), SYSTEM, other.id))
    assert of(session, violation).state == "held"


def test_a_home_village_recorded_later_releases_the_notice(session: Session, world: World) -> None:
    violation = make_violation(session, world.village)
    assert violation.rider is not None
    violation.rider.home_area_id = world.other_village.id
    session.flush()
    publish(session, HomeVillageRecorded(utc_now(), SYSTEM, violation.rider.id))
    notice = of(session, violation)
    assert (notice.state, notice.area_id, notice.held_reason) == ("sent", world.other_village.id, "")


@pytest.mark.parametrize("basis", ["contract", None])
def test_a_voided_violation_takes_its_notice_back(session: Session, world: World, basis: str | None) -> None:
    violation = make_violation(session, world.village, company=world.company, basis=basis)
    publish(session, ViolationVoided(utc_now(), SYSTEM, violation.id))
    notice = of(session, violation)
    assert (notice.state, notice.held_reason) == ("voided", "")
    assert notice.voided_utc is not None


def test_who_was_told_is_told_that_it_was_withdrawn_or_corrected(session: Session, world: World, contact: User) -> None:
    violation = make_violation(session, world.village, company=world.company)
    publish(session, ViolationCorrected(utc_now(), SYSTEM, violation.id, frozenset({"kind"})))
    notice = of(session, violation)
    assert notice.corrected_utc is not None
    publish(session, ViolationCorrected(utc_now(), SYSTEM, violation.id, frozenset({"note"})))
    publish(session, ViolationVoided(utc_now(), SYSTEM, violation.id))
    told = session.scalars(select(Push).where(Push.user_id == contact.id).order_by(Push.id)).all()
    assert [push.key.split(":")[2] for push in told] == ["corrected", "withdrawn"]
    assert {push.path for push in told} == {f"/notices/{notice.number}"}


def test_nobody_is_told_of_the_end_of_what_was_held(session: Session, world: World, contact: User) -> None:
    violation = make_violation(session, world.village, company=world.company, basis=None)
    publish(session, ViolationVoided(utc_now(), SYSTEM, violation.id))
    assert session.scalars(select(Push).where(Push.user_id == contact.id)).all() == []


def test_a_notice_follows_a_corrected_place(session: Session, world: World) -> None:
    violation = make_violation(session, world.village, company=world.company)
    violation.area_id = world.other_village.id
    session.flush()
    publish(session, ViolationCorrected(utc_now(), SYSTEM, violation.id, frozenset({"area_code"})))
    notice = of(session, violation)
    assert (notice.violation_area_id, notice.counted_area_id) == (world.other_village.id, world.other_village.id)


def test_a_corrected_answer_keeps_the_earlier_one_and_its_time(
    session: Session, world: World, contact: User, make_user: Callable[..., User]
) -> None:
    notice, by = make_notice(session, world.village, company=world.company), acting(contact)
    first = utc_now()
    feedback = answers.answer(session, notice, Answer("suspended", 3, "停单三天"), by, first)
    later = first + timedelta(days=9)
    for given, reason, field in (
        (Answer("criticised"), " ", "reason"),
        (Answer("suspended", 3, "停单三天"), "x", None),
    ):
        with pytest.raises(Refusal) as refusal:
            answers.correct_answer(session, notice, given, reason, feedback.version, by, later)
        assert refusal.value.field == field
    seen = feedback.version
    stranger = acting(make_user("company", company_id=world.other_company.id))
    with pytest.raises(Denied):
        answers.correct_answer(session, notice, Answer("criticised"), "按错", seen, stranger, later)
    answers.correct_answer(session, notice, Answer("criticised"), "按错了", seen, by, later)
    [before] = feedback.earlier
    assert (feedback.measure, feedback.answered_utc, notice.answered_utc) == ("criticised", later, first)
    assert (before.measure, before.days, before.text, before.reason) == ("suspended", 3, "停单三天", "按错了")
    with pytest.raises(Stale):
        answers.correct_answer(session, notice, Answer("home_visit"), "又改", seen, by, later)


def test_a_notice_beyond_help_is_closed_and_still_takes_an_answer(
    session: Session, world: World, contact: User
) -> None:
    beyond, in_time = (make_notice(session, world.village, company=world.company) for _ in range(2))
    answered = make_notice(session, world.village, company=world.company)
    answers.answer(session, answered, Answer("criticised"), acting(contact), utc_now())
    assert beyond.due_utc is not None
    in_time.due_utc = beyond.due_utc + timedelta(days=1)
    session.flush()
    now = beyond.due_utc + timedelta(days=60, seconds=1)
    assert closing.close_beyond_help(session, now) == 1
    assert closing.close_beyond_help(session, now) == 0
    assert (beyond.closed_utc, in_time.closed_utc, answered.closed_utc) == (now, None, None)
    assert beyond.urgency > in_time.urgency
    answers.answer(session, beyond, Answer("criticised"), acting(contact), now)
    assert (beyond.answered_utc, beyond.state) == (now, "sent")


def test_an_answer_is_kept_and_audited_without_what_it_says(session: Session, world: World, contact: User) -> None:
    notice = make_notice(session, world.village, company=world.company)
    answers.answer(session, notice, Answer("suspended", 3, "谈话后停单"), acting(contact), utc_now())
    assert notice.feedback is not None
    assert (notice.feedback.measure, notice.feedback.days) == ("suspended", 3)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "feedback:notice:answer")).one()
    assert entry.detail == {"measure": "suspended", "late": False}


def test_a_late_answer_is_taken_and_noted_as_late(session: Session, world: World, contact: User) -> None:
    notice = make_notice(session, world.village, company=world.company)
    assert notice.due_utc is not None
    answers.answer(session, notice, Answer("criticised"), acting(contact), notice.due_utc + timedelta(seconds=1))
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "feedback:notice:answer")).one()
    assert entry.detail["late"] is True


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (Answer("suspended"), "days"),
        (Answer("suspended", 0), "days"),
        (Answer("suspended", 366), "days"),
        (Answer("criticised", 3), "days"),
        (Answer("other"), "text"),
        (Answer("shot"), "measure"),
    ],
)
def test_an_answer_that_is_not_whole_is_refused_at_its_field(
    session: Session, world: World, contact: User, given: Answer, field: str
) -> None:
    notice = make_notice(session, world.village, company=world.company)
    with pytest.raises(Refusal) as caught:
        answers.answer(session, notice, given, acting(contact), utc_now())
    assert caught.value.field == field
    assert session.scalar(select(func.count()).select_from(Feedback)) == 0


def test_a_village_cannot_answer_that_it_reduced_orders(
    session: Session, world: World, make_user: Callable[..., User]
) -> None:
    notice = make_notice(session, world.village, rider=make_rider(session, world.village))
    grid = acting(make_user("grid", area_id=world.village.id))
    with pytest.raises(Refusal) as caught:
        answers.answer(session, notice, Answer("orders_reduced"), grid, utc_now())
    assert caught.value.field == "measure"
    answers.answer(session, notice, Answer("home_visit"), grid, utc_now())


def test_a_second_answer_is_refused_with_the_name_and_time_of_the_first(
    session: Session, world: World, contact: User, make_user: Callable[..., User]
) -> None:
    notice = make_notice(session, world.village, company=world.company)
    answers.answer(session, notice, Answer("criticised"), acting(contact), utc_now())
    colleague = make_user("company", company_id=world.company.id)
    with pytest.raises(Refusal) as caught:
        answers.answer(session, notice, Answer("criticised"), acting(colleague), utc_now())
    said = translate(caught.value.text, "en")
    assert contact.display_name in said
    assert f"{local_date(utc_now())}" in said


def test_the_same_answer_sent_twice_is_harmless(session: Session, world: World, contact: User) -> None:
    notice = make_notice(session, world.village, company=world.company)
    first = answers.answer(session, notice, Answer("criticised"), acting(contact), utc_now())
    assert answers.answer(session, notice, Answer("criticised"), acting(contact), utc_now()) is first


@pytest.mark.parametrize("role", ["company", "grid", "officer"])
def test_nobody_but_the_receiver_answers(
    session: Session, world: World, make_user: Callable[..., User], role: str
) -> None:
    notice = make_notice(session, world.village, company=world.company)
    post = {"company_id": world.other_company.id} if role == "company" else {"area_id": world.village.id}
    with pytest.raises(Denied):
        answers.answer(session, notice, Answer("criticised"), acting(make_user(role, **post)), utc_now())


def test_a_withdrawn_notice_needs_no_answer(session: Session, world: World, contact: User) -> None:
    notice = make_notice(session, world.village, company=world.company)
    publish(session, ViolationVoided(utc_now(), SYSTEM, notice.violation_id))
    with pytest.raises(Refusal, match="withdrawn"):
        answers.answer(session, notice, Answer("criticised"), acting(contact), utc_now())


def test_opening_is_stamped_once(session: Session, world: World, contact: User) -> None:
    notice = make_notice(session, world.village, company=world.company)
    first = utc_now()
    assert notices.note_opened(session, notice.id, acting(contact), first)
    assert not notices.note_opened(session, notice.id, acting(contact), first + timedelta(hours=1))
    session.refresh(notice)
    assert notice.opened_utc == first


def test_the_shipped_policy_is_loaded_once_and_a_changed_one_is_kept(session: Session) -> None:
    assert policies.load_policy(session, utc_now()) == 0
    steps = session.scalars(select(EscalationStep)).all()
    assert {step.receiver_kind for step in steps} == {"company", "village"}
    for step in steps[1:]:
        session.delete(step)
    session.flush()
    assert policies.load_policy(session, utc_now()) == 0
