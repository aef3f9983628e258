"""The demo district keeps the rules of the live system, and is the same each time."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from tests.factories.full_counts import count_completion
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.accounts.rules import POST_OF, Role
from trafficedu.accounts.services import Credentials, attempt, sign_in
from trafficedu.areas.models import Area, RegisteredEBikes
from trafficedu.core.clock import today
from trafficedu.core.corrections import Correction
from trafficedu.core.import_runs import ImportRun
from trafficedu.core.month import Month, Period
from trafficedu.core.positions import check_position
from trafficedu.core.services import services_of
from trafficedu.demo.accounts import list_accounts
from trafficedu.demo.plan import Plan
from trafficedu.education.models.courses import Course, CourseModule, StudySession
from trafficedu.education.models.exceptions import Proposal
from trafficedu.education.models.reminders import Reminder
from trafficedu.education.models.tasks import Attendance, Booking, Certificate, ModuleRecord, StudyTask, TaskViolation
from trafficedu.education.rules.reckoning import ModulePlan, ModuleTimes, gaps
from trafficedu.feedback.models import Feedback, Notice
from trafficedu.feedback.queries.notices import count_unanswered
from trafficedu.feedback.rules.notices import NoticeState
from trafficedu.feedback.services.answers import Answer, check_answer
from trafficedu.helmets.models import HelmetSite, HelmetSurvey
from trafficedu.riders import rules as riders
from trafficedu.riders.models import Engagement, Rider, Vehicle
from trafficedu.riders.queries.people import ID_NUMBER, PHONE
from trafficedu.stations.models import Station
from trafficedu.violations.models.decisions import Objection, PlateQuestion
from trafficedu.violations.models.records import Violation, ViolationKind
from trafficedu.violations.rules import checks as offences

Elsewhere = Callable[[Plan, datetime], Session]
PLAN = Plan(violations=600, months=14, seed=7)
NOW = datetime(2026, 6, 17, 8, 30, tzinfo=UTC)
TODAY = date(2026, 6, 17)


def rows(session: Session, query: Any) -> list[Any]:
    return list(session.execute(query).all())


def test_the_violations_asked_for_lie_in_the_months_asked_for(demo: Session) -> None:
    days = list(demo.scalars(select(Violation.occurred_on)))
    assert len(days) == 600
    assert (min(days).year, min(days).month) == (2025, 5)
    assert max(days) == TODAY
    assert len({(day.year, day.month) for day in days}) == 14
    assert max(demo.scalars(select(Violation.recorded_utc))) <= NOW


def test_no_identity_number_can_belong_to_anybody(demo: Session) -> None:
    keyring = services_of(demo).keyring
    numbers = [keyring.decrypt(cipher, ID_NUMBER) for cipher in demo.scalars(select(Rider.id_number_cipher))]
    assert len(set(numbers)) == len(numbers) > 200
    assert all(number.startswith("99") for number in numbers)
    for rider in demo.scalars(select(Rider)):
        number = keyring.decrypt(rider.id_number_cipher, ID_NUMBER)
        assert riders.normalise_identity(rider.id_type, number, today()) == number
        assert riders.birth_date_of(rider.id_type, number) == rider.birth_date
        assert rider.id_number_hash == keyring.lookup_hash(riders.identity_key(rider.id_type, number), ID_NUMBER)
        if rider.phone_cipher:
            phone = keyring.decrypt(rider.phone_cipher, PHONE)
            assert riders.normalise_phone(phone) == phone
            assert phone.startswith("154")
    plates = [*demo.scalars(select(Vehicle.plate)), *demo.scalars(select(Violation.plate).where(Violation.plate != ""))]
    assert all(riders.normalise_plate(plate) == plate and plate.startswith("演示") for plate in plates)


def test_violations_obey_kinds_fines_and_ages(demo: Session) -> None:
    kinds = {kind.id: kind for kind in demo.scalars(select(ViolationKind))}
    query = select(Violation, Rider.birth_date).outerjoin(Rider, Rider.id == Violation.rider_id)
    for violation, born in rows(demo, query):
        kind = kinds[violation.kind_id]
        assert kind.holds_on(violation.occurred_on)
        offences.check_penalty(violation.penalty, violation.fine_yuan, kind.fine_min_yuan, kind.fine_max_yuan)
        check_position(violation.latitude, violation.longitude)
        offences.check_time(violation.occurred_utc, violation.recorded_utc, 30)
        age = riders.age_on(born, violation.occurred_on) if born else None
        offences.check_age(age, violation.penalty, 14)
        assert violation.minor == offences.is_minor(age, violation.offender, 16)
        offences.check_guardian(violation.minor, violation.guardian_name, 16)
        assert (violation.officer_id is None) <= (violation.source == "camera")
        assert (violation.rider_id is None) <= (violation.source == "camera" or violation.identity == "wanted")
        assert (violation.state == "voided") == (violation.voided_utc is not None)
        if violation.state == "pending":
            assert violation.review_due_on is not None
            assert violation.review_due_on >= TODAY


def test_a_violation_belongs_to_the_company_of_that_day(demo: Session) -> None:
    engagements: dict[int, list[Engagement]] = {}
    for engagement in demo.scalars(select(Engagement).order_by(Engagement.engaged_from, Engagement.id)):
        engagements.setdefault(engagement.rider_id, []).append(engagement)
    for violation in demo.scalars(select(Violation).where(Violation.rider_id.is_not(None))):
        covering = [
            engagement
            for engagement in engagements.get(violation.rider_id or 0, [])
            if engagement.days.holds_on(violation.occurred_on)
        ]
        engaging = {engagement.company_id for engagement in covering}
        if violation.company_known in {"named", "ambiguous"}:
            assert violation.company_id is None
            named = violation.company_known == "named"
            assert (violation.named_company_id not in engaging) if named else len(engaging) > 1
        else:
            assert violation.company_id == (covering[-1].company_id if covering else None)


def test_seats_and_bookings_agree(demo: Session) -> None:
    taken = dict(
        rows(
            demo,
            select(Booking.session_id, func.count()).where(Booking.state != "cancelled").group_by(Booking.session_id),
        )
    )
    starts = Counter[tuple[int, datetime]]()
    for study in demo.scalars(select(StudySession)):
        assert study.seats_taken == taken.get(study.id, 0) <= study.capacity
        starts[study.station_id, study.starts_utc] += 1
        assert study.starts_on <= TODAY + timedelta(weeks=4)
    assert max(starts.values()) == 1
    query = select(Booking, StudySession, StudyTask).join(StudySession).join(StudyTask)
    for booking, study, task in rows(demo, query):
        assert booking.booked_utc < (study.ends_utc if booking.has_checked_in else study.starts_utc)  # or walked in
        assert (booking.state == "booked") <= (study.starts_on >= TODAY)
        left = booking.attendance is not None and booking.attendance.state == "left"  # the rest may be another course
        assert booking.state in {"cancelled", "absent"} or left or study.course_id == task.course_id


def test_states_of_tasks_agree_with_what_hangs_on_them(demo: Session) -> None:
    live = Counter(demo.scalars(select(Booking.task_id).where(Booking.state == "booked")))
    studies = select(Booking.task_id).join(Attendance).where(Attendance.state.in_(("studying", "signed")))
    attended = set(demo.scalars(studies))
    missed = Counter(demo.scalars(select(Booking.task_id).where(Booking.state == "absent")))
    certified = set(demo.scalars(select(Certificate.task_id)))
    links = Counter(demo.scalars(select(TaskViolation.task_id)))
    not_begun = Counter[int]()
    for task in demo.scalars(select(StudyTask)):
        assert live[task.id] == (task.state == "booked")
        assert (task.id in attended) == (task.state in {"completed", "in_progress"})
        assert (task.id in certified) == (task.state == "completed") == (task.completed_utc is not None)
        assert (task.state == "waived") == bool(task.waived_by_id and task.waived_reason)
        assert task.absences == missed[task.id]
        assert task.state != "away" or task.absences >= 2
        assert task.state != "open" or task.absences < 2
        if task.state in {"open", "booked", "away"}:
            assert links[task.id] > 0
            not_begun[task.rider_id] += 1
        assert task.due_on == task.opened_on + timedelta(days=15)
    assert max(not_begun.values()) == 1
    states = set(demo.scalars(select(StudyTask.state)))
    assert {"booked", "away", "completed", "waived", "withdrawn"} <= states


def test_every_counting_violation_of_a_known_rider_has_its_task_and_its_notice(demo: Session) -> None:
    established = set(
        demo.scalars(select(Violation.id).where(Violation.state == "confirmed", Violation.rider_id.is_not(None)))
    )
    assert set(demo.scalars(select(TaskViolation.violation_id).where(TaskViolation.left_utc.is_(None)))) == established
    noted = set(demo.scalars(select(Notice.violation_id).where(Notice.state != "voided")))
    assert noted == established
    stray = select(func.count()).select_from(TaskViolation).join(StudyTask).join(Violation)
    assert demo.scalar(stray.where(StudyTask.rider_id != Violation.rider_id)) == 0


def test_the_course_answers_to_the_repeat_offender_rule(demo: Session) -> None:
    courses = {course.id: course for course in demo.scalars(select(Course))}
    seen: dict[int, list[date]] = {}
    for violation in demo.scalars(select(Violation).where(Violation.state.in_(("confirmed", "voided")))):
        seen.setdefault(violation.rider_id or 0, []).append(violation.occurred_on)
    query = select(StudyTask, Violation).join(TaskViolation, TaskViolation.task_id == StudyTask.id).join(Violation)
    ranks = Counter[int]()
    for task, violation in rows(demo, query):
        window = violation.occurred_on - timedelta(days=364)
        count = sum(window <= day <= violation.occurred_on for day in seen[task.rider_id])
        course = courses[task.course_id]
        ranks[course.rank] += 1
        assert course.on(TODAY).from_violations <= max(count, len(seen[task.rider_id]))
        if len(seen[task.rider_id]) == 1:
            assert course.rank == 1
    assert set(ranks) == {1, 2, 3}


def test_whoever_completed_really_studied(demo: Session) -> None:
    plans: dict[int, list[ModulePlan]] = {}
    for module in demo.scalars(select(CourseModule).order_by(CourseModule.position)):
        plan = ModulePlan(module.id, module.kind, module.name_en, module.minimum_minutes, module.maximum_minutes)
        plans.setdefault(module.of.course_id, []).append(plan)
    times: dict[int, list[ModuleTimes]] = {}
    for record in demo.scalars(select(ModuleRecord)):
        times.setdefault(record.attendance_id, []).append(
            ModuleTimes(record.module_id, record.started_utc, record.ended_utc, record.minutes)
        )
    query = select(Attendance, StudySession, Certificate).join(Booking, Attendance.booking_id == Booking.id)
    query = query.join(StudySession).outerjoin(Certificate, Certificate.attendance_id == Attendance.id)
    for attendance, study, certificate in rows(demo, query):
        missing = gaps(plans[study.course_id], times[attendance.id], attendance.quiz_score, 80)
        going_on = attendance.state == "studying" and study.ends_utc > NOW
        assert not missing or attendance.override_reason or attendance.state == "left" or going_on
        assert (attendance.state == "signed") == (attendance.signed_off_utc is not None)
        assert study.ends_utc > study.starts_utc
        assert (certificate is not None) == (attendance.signed_off_utc is not None)
        if attendance.signed_off_utc:
            assert attendance.signed_off_by_id is not None
            assert max(time.ended for time in times[attendance.id] if time.ended) <= attendance.signed_off_utc < NOW


def test_notices_go_to_whom_they_belong(demo: Session) -> None:
    query = select(Notice, Feedback, Violation, Rider).select_from(Notice).join(Violation)
    query = query.join(Rider, Rider.id == Notice.rider_id)
    for notice, feedback, violation, rider in rows(demo, query.outerjoin(Feedback)):
        open_company = violation.company_known in {"named", "ambiguous"}
        assert notice.company_id == (violation.named_company_id if open_company else violation.company_id)
        assert (notice.state == "held") >= open_company
        assert notice.receiver_kind == ("company" if violation.company_id or open_company else "village")
        if notice.receiver_kind == "village":
            assert notice.area_id == rider.home_area_id
            assert (notice.held_reason == "no_home_village") == (notice.state == "held")
        if notice.state == "sent":
            assert notice.due_utc == notice.sent_utc + timedelta(hours=72)
        if feedback is not None:
            assert notice.sent_utc <= notice.opened_utc <= feedback.answered_utc < NOW
            check_answer(notice.receiver_kind, Answer(feedback.measure, feedback.days, feedback.text))
    states = Counter(demo.scalars(select(Notice.state)))
    answered = demo.scalar(select(func.count()).select_from(Feedback))
    assert 0.75 < (answered or 0) / states[NoticeState.SENT] < 0.95
    assert states[NoticeState.HELD] > 10


def test_the_present_has_something_for_everybody(demo: Session) -> None:
    """Waiting, overdue, pending, contested: the first screens of a small demo are not empty."""
    users = {user.role: user for user in demo.scalars(select(User).where(User.username.in_(names(demo))))}
    own = select(func.count()).select_from(Violation).where(Violation.officer_id == users["officer"].id)
    assert (demo.scalar(own.where(Violation.occurred_on == TODAY)) or 0) >= 4
    today = select(func.sum(StudySession.seats_taken)).where(StudySession.starts_on == TODAY)
    assert (demo.scalar(today.where(StudySession.station_id == users["station"].station_id)) or 0) >= 2
    total, late = count_unanswered(demo, actor_of(users["company"]), NOW)
    assert total > late
    ahead = select(StudySession.course_id).where(
        StudySession.starts_on > TODAY, StudySession.seats_taken < StudySession.capacity
    )
    assert set(demo.scalars(ahead)) == set(demo.scalars(select(Course.id)))
    overdue = select(func.count()).select_from(StudyTask).where(StudyTask.state == "away", StudyTask.due_on < TODAY)
    assert demo.scalar(overdue)
    assert demo.scalar(select(func.count()).select_from(Objection))
    assert demo.scalar(select(func.count()).select_from(Violation).where(Violation.state == "pending"))


def test_a_district_at_work_has_some_open_cases_of_each_kind_and_nothing_that_waits_for_years(demo: Session) -> None:
    def count(*conditions: Any) -> int:
        return demo.scalar(select(func.count()).where(*conditions)) or 0

    assert count(Violation.company_known == "named") == 3
    assert count(Violation.company_known == "ambiguous") == 2
    assert count(Violation.identity == "wanted", Violation.papers.is_not(None)) == 2
    alone = demo.scalars(select(Violation).where(Violation.identity == "wanted", Violation.papers.is_(None))).all()
    assert alone
    assert all(TODAY - each.occurred_on < timedelta(days=31) for each in alone)
    assert count(PlateQuestion.state == "open")
    assert count(Proposal.state == "open") == 1
    assert count(Correction.state == "differs") == 1
    assert sorted(run.counts["refused"] for run in demo.scalars(select(ImportRun))) == [2, 2]
    [reminder] = demo.scalars(select(Reminder))
    assert reminder.told
    assert demo.get_one(StudyTask, reminder.task_id).state == "away"
    away = demo.scalars(select(StudyTask).where(StudyTask.state == "away")).all()
    assert 0 < len(away) < 0.05 * count(StudyTask.id > 0)
    assert all(TODAY - task.opened_on < timedelta(days=240) for task in away)
    assert count(StudyTask.state == "open", StudyTask.due_on < TODAY) == 0
    assert count(Notice.unanswered(), Notice.due_utc < NOW - timedelta(days=90)) == 0


def test_what_was_told_lately_waits_for_its_paper_and_nothing_else(demo: Session) -> None:
    lately = set(demo.scalars(select(Violation.id).where(*Violation.owes_receipt())))
    assert lately
    assert min(demo.scalars(select(Violation.occurred_on).where(Violation.id.in_(lately)))) > TODAY - timedelta(days=5)
    assert {notice.state for notice in demo.scalars(select(Notice).where(*Notice.owes_paper()))} == {"sent"}


def names(session: Session) -> list[str]:
    return [account.username for account in list_accounts(session)]


def test_completion_is_realistic(demo: Session) -> None:
    analyst = demo.scalars(select(User).where(User.username == "analyst")).one()
    root = actor_of(analyst).scope.area_path or ""
    counts = count_completion(demo, root, Period(Month(2025, 5), Month(2026, 4)), NOW)
    # who does not come is seen to within weeks: what was opened months ago is completed, or waived and not counted
    assert 0.7 < counts.completed / counts.opened < 1
    assert 0.5 < counts.completed_on_time / counts.due < 0.9


def test_ebikes_are_registered_for_every_town_and_month(demo: Session) -> None:
    towns = demo.scalar(select(func.count()).select_from(Area).where(Area.level == "town"))
    of_level = select(func.count()).select_from(RegisteredEBikes).join(Area, Area.id == RegisteredEBikes.area_id)
    assert demo.scalar(of_level.where(Area.level == "town")) == (towns or 0) * 14
    villages = demo.scalar(of_level.where(Area.level == "village"))
    assert villages
    assert villages % (demo.scalar(select(func.count()).where(Area.level == "village")) or 1) == 0


def test_half_of_the_evaluated_towns_have_three_sites_where_helmets_are_counted(demo: Session) -> None:
    towns = {area.code: 0 for area in demo.scalars(select(Area).where(Area.level == "town", Area.evaluated))}
    lately = select(HelmetSurvey.site_id).where(HelmetSurvey.occurred_on.between(date(2026, 3, 1), date(2026, 5, 31)))
    sites = select(Area.code).join(HelmetSite, HelmetSite.area_id == Area.id).where(HelmetSite.id.in_(lately))
    for code in demo.scalars(sites):
        towns[code[:9]] += 1
    assert sum(counted >= 3 for counted in towns.values()) >= len(towns) / 2


def test_one_account_a_role_can_sign_in_and_nobody_else(demo: Session) -> None:
    accounts = list_accounts(demo)
    assert sorted(account.role for account in accounts) == sorted(Role)
    for account in accounts:
        given = Credentials(account.username, account.password, "127.0.0.1")
        user = sign_in(demo, attempt(demo, given, NOW), NOW)
        assert user is not None
        posts = {"area": user.area_id, "station": user.station_id, "company": user.company_id}
        assert {post for post, value in posts.items() if value} == ({POST_OF[Role(user.role)]} - {""})
    others = demo.scalars(select(User).where(User.username.not_in(names(demo)))).all()
    assert len(others) > 50
    stranger = Credentials(others[0].username, accounts[0].password, "127.0.0.1")
    assert sign_in(demo, attempt(demo, stranger, NOW), NOW) is None


def test_new_records_go_on_after_the_demo(demo: Session) -> None:
    """Bulk rows carry their own ids; the database's numbering has to go on behind them."""
    last = demo.scalar(select(func.max(Vehicle.id))) or 0
    vehicle = Vehicle(number="B0", plate="演示Z00000")
    demo.add(vehicle)
    demo.flush()
    assert vehicle.id > last
    demo.rollback()


def figures(session: Session) -> str:
    """A digest of everything counted, without public numbers and ciphertexts."""
    queries: list[Select[Any]] = [
        select(Violation.occurred_on, Area.code, Violation.state, Violation.penalty, Violation.fine_yuan, func.count())
        .join(Area)
        .group_by(Violation.occurred_on, Area.code, Violation.state, Violation.penalty, Violation.fine_yuan),
        select(
            StudyTask.opened_on, StudyTask.state, StudyTask.course_id, StudyTask.completed_on, func.count()
        ).group_by(StudyTask.opened_on, StudyTask.state, StudyTask.course_id, StudyTask.completed_on),
        select(Station.code, StudySession.starts_on, StudySession.seats_taken).join(Station),
        select(Notice.receiver_kind, Notice.state, func.count()).group_by(Notice.receiver_kind, Notice.state),
        select(Feedback.measure, Feedback.days, func.count()).group_by(Feedback.measure, Feedback.days),
        select(RegisteredEBikes.month, RegisteredEBikes.area_id, RegisteredEBikes.ebikes),
        select(Rider.name, Rider.birth_date),
    ]
    digest = hashlib.sha256()
    for query in queries:
        digest.update("\n".join(sorted(map(repr, session.execute(query)))).encode())
    return digest.hexdigest()


def test_the_same_seed_gives_the_same_figures_whatever_the_hour_and_the_database(
    demo: Session, elsewhere: Elsewhere
) -> None:
    assert figures(elsewhere(PLAN, NOW + timedelta(hours=5))) == figures(demo)


def test_another_seed_gives_others(demo: Session, elsewhere: Elsewhere) -> None:
    assert figures(elsewhere(replace(PLAN, seed=8), NOW)) != figures(demo)


def test_the_database_accepts_every_row(demo: Session) -> None:
    """SQLite checks foreign keys as rows come in, but can be asked again."""
    if demo.get_bind().dialect.name == "sqlite":
        assert demo.execute(text("PRAGMA foreign_key_check")).all() == []
        assert demo.execute(text("PRAGMA integrity_check")).scalar() == "ok"
