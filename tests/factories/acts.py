"""Acts of recording, telling, studying and deciding, drawn by chance on a small district."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from tests.factories import education, feedback, people
from tests.factories.violations import new_rider, new_violation
from trafficedu.accounts.queries import actor_of
from trafficedu.accounts.rules import Role
from trafficedu.companies.models import Company
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.errors import DomainError
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Attendance, Booking, StudyTask
from trafficedu.education.rules.states import NOT_BEGUN, UNFINISHED, BookingState, SessionState
from trafficedu.education.services import absence, door, exceptions, seats, sessions, signing
from trafficedu.feedback.models import Notice
from trafficedu.feedback.rules.notices import NoticeState
from trafficedu.feedback.rules.policy import Receiver
from trafficedu.feedback.services.answers import Answer, answer
from trafficedu.riders.models import Rider
from trafficedu.riders.services.engagements import EngagementChange, NewEngagement, change_engagement, engage
from trafficedu.riders.services.people import NewRider, update_rider
from trafficedu.violations.models.decisions import CompanyDecision, Objection, ViolationPair
from trafficedu.violations.models.records import Violation
from trafficedu.violations.rules.states import COMPANY_OPEN, PairState, ViolationState
from trafficedu.violations.services import companies, doubles, merging
from trafficedu.violations.services.objections import decide_objection, raise_objection
from trafficedu.violations.services.recording import record
from trafficedu.violations.services.reviewing import confirm, identify_rider, void
from trafficedu.violations.services.undoing import reopen_review
from trafficedu.violations.services.unnamed import Described


class Walk:
    """Acts drawn by chance on a district of four villages, two companies and seven riders."""

    def __init__(self, session: Session, seed: int) -> None:
        self.session, self.chance, self.now = session, Random(seed), utc_now()
        self.world = feedback.make_world(session)
        self.villages = [self.world.village, self.world.other_village]
        self.stations = [education.make_station(session, village) for village in self.villages]
        homes = [*self.villages, *self.villages, None, None, None]
        self.riders = [feedback.make_rider(session, home) for home in homes]
        self.firms = [self.world.company, self.world.other_company]
        self.staff = actor_of(people.make_user(session, Role.SUPERVISOR, area=self.world.district))
        self.second = actor_of(people.make_user(session, Role.SUPERVISOR, area=self.world.district))
        self.company = actor_of(people.make_user(session, Role.COMPANY, company=self.world.company))
        self.leader = actor_of(people.make_user(session, Role.LEADER, area=self.world.town))
        for rider in (self.riders[0], self.riders[4]):
            self.engage(rider, self.world.company)
        self.acts: list[Callable[[], Any]] = [
            *[self.record] * 4,
            *[self.announce] * 5,
            *[self.check_in] * 3,
            *[self.cancel] * 2,
            *[self.answer] * 2,
            self.void,
            self.contest,
            self.decide,
            self.book,
            *[self.decide_company] * 3,
            self.take_back,
            self.change_engagement,
            *[self.move] * 4,
            *[self.undo_check_in] * 2,
            self.miss,
            self.sign_off,
            self.waive,
            self.take_back_sign_off,
            self.take_back_absence,
            self.leave,
            self.come_back,
            self.note,
            self.move_house,
            self.record_without_papers,
            self.name,
            self.record_camera,
            self.review,
            self.review_again,
            *[self.record_again] * 2,
            self.decide_pair,
        ]
        self.waiting: list[Callable[[], Any]] = []
        self.taken: Counter[str] = Counter()

    def step(self) -> None:
        """Take one act; one that is refused changes nothing."""
        self.now += timedelta(hours=self.chance.randrange(1, 9))
        if not self.waiting:
            self.waiting = self.chance.sample(self.acts, len(self.acts))
        act = self.waiting.pop()
        try:
            with self.session.begin_nested():
                if act() is not None:
                    self.taken[act.__name__] += 1
        except DomainError:
            pass
        self.session.expire_all()

    def _any(self, query: Select[Any]) -> Any:
        rows = self.session.scalars(query).all()
        return self.chance.choice(rows) if rows else None

    def record(self) -> Any:
        rider, area = self.chance.choice(self.riders), self.chance.choice(self.villages)
        code = self.chance.choice([None, None, "", *(firm.code for firm in self.firms)])
        given = {"rider_number": rider.number, "company_code": code, "occurred_utc": self.now, "plate": ""}
        return record(self.session, new_violation(area, **given), self.staff, self.now)

    def record_again(self) -> Any:
        """Let a file bring what was recorded before, a minute later."""
        first = self._any(select(Violation).where(Violation.rider_id.is_not(None), Violation.state == "confirmed"))
        if not isinstance(first, Violation) or first.rider is None:
            return None
        moment = first.occurred_utc + timedelta(minutes=1)
        given = {"rider_number": first.rider.number, "occurred_utc": moment, "plate": "", "place": first.place}
        key = f"F{self.chance.randrange(10**9)}"
        return record(self.session, new_violation(first.area, **given, reference=key), self.staff, self.now)

    def decide_pair(self) -> Any:
        pair = self._any(select(ViolationPair).where(ViolationPair.state == PairState.OPEN))
        if not isinstance(pair, ViolationPair):
            return None
        if self.chance.random() < 0.5:
            doubles.tell_apart(self.session, pair, self.staff, self.now)
        else:
            merging.merge(self.session, pair, self.chance.choice([pair.first_id, pair.second_id]), self.staff, self.now)
        return pair

    def engage(self, rider: Rider, firm: Company) -> Any:
        basis = self.chance.choice(["contract", "consent", None])
        work = NewEngagement(firm.id, local_date(self.now) - timedelta(days=self.chance.randrange(20)), None, basis)
        return engage(self.session, rider, work, self.staff, self.now)

    def change_engagement(self) -> Any:
        rider = self.chance.choice(self.riders)
        if not rider.engagements or self.chance.random() < 0.5:
            return self.engage(rider, self.chance.choice(self.firms))
        work = self.chance.choice(rider.engagements)
        last = self.chance.choice([None, work.engaged_from + timedelta(days=self.chance.randrange(20))])
        change = EngagementChange(work.engaged_from, last, self.chance.choice(["contract", None]))
        change_engagement(self.session, work, change, work.version, self.staff, self.now)
        return work

    def decide_company(self) -> Any:
        violation = self._any(select(Violation).where(Violation.company_known.in_(COMPANY_OPEN)))
        if not isinstance(violation, Violation):
            return None
        seen = violation, violation.version, self.company, self.now
        day = violation.occurred_on - timedelta(days=self.chance.randrange(5))
        decisions: list[Callable[[], Any]] = [
            lambda: companies.claim(self.session, violation, companies.Claim(day, "consent"), *seen[1:]),
            lambda: companies.disown(self.session, *seen),
            lambda: companies.prove(self.session, violation, "order", None, *seen[1:]),
            lambda: companies.choose(self.session, violation, self.chance.choice(self.firms).id, *seen[1:]),
            lambda: companies.name_none(self.session, *seen),
        ]
        self.chance.choice(decisions)()
        return violation

    def take_back(self) -> Any:
        decided = select(CompanyDecision.violation_id)
        violation = self._any(select(Violation).where(Violation.id.in_(decided)))
        if not isinstance(violation, Violation):
            return None
        companies.take_back(self.session, violation, "认错了人", violation.version, self.staff, self.now)
        return violation

    def record_without_papers(self) -> Any:
        told = Described("自称王五", "", "红色头盔")
        new = new_violation(self.villages[0], rider=None, papers="refused", described=told, occurred_utc=self.now)
        return record(self.session, new, SYSTEM, self.now)

    def record_camera(self) -> Any:
        """Let a camera see a rider who is known, or a plate alone."""
        rider = self.chance.choice([None, self.chance.choice(self.riders).number])
        given: dict[str, Any] = (
            {"rider_number": rider, "plate": ""} if rider else {"rider": None, "plate": "杭州C12345"}
        )
        new = new_violation(self.villages[0], **given, source="camera", occurred_utc=self.now)
        return record(self.session, new, SYSTEM, self.now)

    def review(self) -> Any:
        """Confirm a camera record; one in two is taken back at once."""
        violation = self._any(select(Violation).where(Violation.state == ViolationState.PENDING))
        if not isinstance(violation, Violation):
            return None
        confirm(self.session, violation, self.staff, self.now, late="迟交")
        if self.chance.random() < 0.5:
            reopen_review(self.session, violation, self.staff, self.now)
        return violation

    def review_again(self) -> Any:
        """Confirm a camera record, take that back and confirm it once more."""
        violation = self.review()
        if violation is not None and violation.state == ViolationState.CONFIRMED:
            reopen_review(self.session, violation, self.staff, self.now)
        if violation is not None:
            confirm(self.session, violation, self.staff, self.now, late="迟交")
        return violation

    def name(self) -> Any:
        nameless = self._any(select(Violation).where(Violation.papers.is_not(None)))
        if not isinstance(nameless, Violation):
            return None
        return identify_rider(self.session, nameless, new_rider(), self.staff, self.now)

    def answer(self) -> Any:
        own = or_(Notice.company_id == self.world.company.id, Notice.receiver_kind == Receiver.VILLAGE)
        notice = self._any(select(Notice).where(Notice.state != NoticeState.HELD, own))
        assert notice is None or isinstance(notice, Notice)
        if notice is None:
            return None
        by = self.company if notice.receiver_kind == Receiver.COMPANY else self.leader
        return answer(self.session, notice, Answer("criticised"), by, self.now)

    def void(self) -> Any:
        violation = self._any(select(Violation).where(Violation.state == ViolationState.CONFIRMED))
        if isinstance(violation, Violation):
            void(self.session, violation, "记录有误，核实后作废", self.staff, self.now)
            return violation
        return None

    def contest(self) -> Any:
        violation = self._any(select(Violation))
        if not isinstance(violation, Violation):
            return None
        return raise_objection(self.session, violation, "我不在现场", "", self.now)

    def decide(self) -> Any:
        objection = self._any(select(Objection))
        if not isinstance(objection, Objection):
            return None
        decide_objection(self.session, objection, self.chance.random() < 0.3, "核实情况如此", self.staff, self.now)
        return objection

    def announce(self) -> Any:
        starts = self.now + timedelta(hours=self.chance.randrange(2, 60))
        study = education.make_session(self.session, self.chance.choice(self.stations), starts, capacity=3)
        return seats.offer_seats(self.session, study.id, SYSTEM, self.now)

    def book(self) -> Any:
        return seats.book_waiting(self.session, self.now)

    def move(self) -> Any:
        task = self._any(select(StudyTask).where(StudyTask.state.in_(NOT_BEGUN)))
        meeting = self._any(
            select(StudySession).where(StudySession.starts_utc > self.now, StudySession.state == SessionState.SCHEDULED)
        )
        if not isinstance(task, StudyTask) or not isinstance(meeting, StudySession):
            return None
        return seats.move_booking(self.session, task, meeting, SYSTEM, self.now)

    def _booking(self, *states: BookingState) -> Booking | None:
        going_on = StudyTask.state.in_(UNFINISHED)
        booking = self._any(select(Booking).join(Booking.task).where(Booking.state.in_(states), going_on))
        assert booking is None or isinstance(booking, Booking)
        if booking is not None:
            self.now = max(self.now, booking.session.starts_utc + timedelta(minutes=5))
        return booking

    def check_in(self) -> Any:
        booking = self._booking(BookingState.BOOKED)
        return None if booking is None else door.check_in(self.session, booking, SYSTEM, self.now)

    def undo_check_in(self) -> Any:
        booking = self._booking(BookingState.ATTENDED)
        if booking is None and (booking := self._booking(BookingState.BOOKED)) is not None:
            door.check_in(self.session, booking, SYSTEM, self.now)
        if booking is not None:
            door.undo_check_in(self.session, booking, SYSTEM, self.now)
        return booking

    def miss(self) -> Any:
        booking = self._booking(BookingState.BOOKED)
        if booking is None:
            return None
        absence.mark_absent(self.session, booking, SYSTEM, self.now)
        return booking

    def sign_off(self) -> Any:
        booking = self._booking(BookingState.ATTENDED)
        if booking is None:
            return None
        proposal = exceptions.propose_sign_off(self.session, booking, "设备故障，已当面考核合格", self.staff, self.now)
        exceptions.grant(self.session, proposal, self.second, self.now)
        return proposal

    def take_back_sign_off(self) -> Any:
        booking = self._any(select(Booking).join(Booking.attendance).where(Attendance.state == "signed"))
        if booking is None:
            return None
        signing.take_back_sign_off(self.session, booking, "成绩录错，须重新签发", self.staff, self.now)
        return booking

    def take_back_absence(self) -> Any:
        booking = self._any(select(Booking).where(Booking.state == BookingState.ABSENT))
        if booking is None:
            return None
        absence.take_back_absence(self.session, booking, "迟到", SYSTEM, self.now)
        return booking

    def leave(self) -> Any:
        booking = self._booking(BookingState.ATTENDED)
        if booking is not None:
            absence.leave_early(self.session, booking, SYSTEM, self.now)
        return booking

    def come_back(self) -> Any:
        booking = self._any(select(Booking).join(Booking.attendance).where(Attendance.state == "left"))
        if booking is None:
            booking = self.leave()
        if booking is not None:
            absence.come_back(self.session, booking, "没有离开", SYSTEM, self.now)
        return booking

    def note(self) -> Any:
        return absence.note_absent(self.session, self.now, 50) + absence.close_unsigned(self.session, self.now, 50)

    def waive(self) -> Any:
        task = self._any(select(StudyTask))
        if isinstance(task, StudyTask):
            proposal = exceptions.propose_waiver(self.session, task, "已在外地接受同等教育", self.staff, self.now)
            exceptions.grant(self.session, proposal, self.second, self.now)
            return task
        return None

    def cancel(self) -> Any:
        meeting = self._any(select(StudySession))
        if not isinstance(meeting, StudySession):
            return None
        held = self.session.scalars(
            select(Booking).where(Booking.session_id == meeting.id, Booking.state == BookingState.BOOKED)
        ).all()
        return sessions.cancel_session(self.session, meeting, "讲师生病", meeting.version, len(held), SYSTEM, self.now)

    def move_house(self) -> Any:
        rider = self.chance.choice(self.riders)
        home = self.chance.choice([*self.villages, None])
        change = NewRider(rider.id_type, "*", rider.name, "*", home.id if home else None, rider.birth_date)
        update_rider(self.session, rider, change, rider.version, SYSTEM, self.now)
        return rider
