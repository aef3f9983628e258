"""What stands: after any acts of recording, studying, taking back and correcting, facts and papers agree.

The acts of ``test_open_work``, those that put right what was done, and files that come, come again and are taken back,
drawn by chance. Meanwhile no state lacks a way out, no document's facts are others than when it was issued, what is
counted is what is there, and a file changes neither what somebody corrected nor, coming again, anything at all.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from tests.factories import places
from tests.factories.acts import Walk
from tests.factories.riders import make_identity
from tests.house.test_open_work import agrees
from tests.violations.test_imports import row as violation_row
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import local, local_date
from trafficedu.core.corrections import IN_FORCE, Correction, told_of
from trafficedu.core.import_runs import ImportRun
from trafficedu.core.tabular import ImportReport
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking, Certificate, StudyTask, TaskViolation
from trafficedu.education.rules.states import LEFT_OUT, NOT_BEGUN, UNFINISHED, BookingState, TaskState
from trafficedu.feedback.models import EarlierAnswer, Feedback, Notice
from trafficedu.feedback.rules.notices import NoticeState
from trafficedu.feedback.services import answers, closing
from trafficedu.feedback.services.answers import Answer
from trafficedu.issued.models import Document
from trafficedu.issued.queries.documents import facts_of
from trafficedu.issued.rules import DocumentKind, DocumentState
from trafficedu.messages.models import Push
from trafficedu.points.models import PointEntry
from trafficedu.points.queries.happenings import HOLDERS, list_overdue
from trafficedu.points.rules import TASK_OVERDUE, task_overdue_key
from trafficedu.points.services.happenings import LOOK_BACK, enter
from trafficedu.transfers.services import undoing
from trafficedu.transfers.services.importing import Choices, File, import_file
from trafficedu.violations.models.decisions import Objection
from trafficedu.violations.models.records import Violation
from trafficedu.violations.rules.states import ObjectionState, Penalty, ViolationState
from trafficedu.violations.services import correcting
from trafficedu.violations.services.correcting import CorrectedFacts
from trafficedu.wiring.files import IMPORTERS

STEPS, LOOK_EVERY, WALKS, WALKS_AT_MOST = 110, 10, 2, 16
"""As in ``test_open_work``: more walks are taken while an act was missed by chance."""
REASON = "核对监控录像和笔录后更正"


@dataclass
class Brought:
    """A file of records that came, with the run that took it in; ``undone`` once that was taken back."""

    rows: list[dict[str, str]]
    run_id: int
    undone: bool = False


class StandingWalk(Walk):
    """The walk with the acts that put right what was done, and files (in ``folder``)."""

    def __init__(self, session: Session, seed: int, folder: Path) -> None:
        super().__init__(session, seed)
        self.folder = folder
        self.persons = [(make_identity(), name) for name in ("葛文件", "倪再来")]
        self.brought: list[Brought] = []
        self.acts += [
            *[self.correct] * 2,
            *[self.correct_answer] * 3,
            self.wait_for_months,
            *[self.enter_points] * 2,
            *[self.sign_off] * 2,
            *[self.check_in] * 3,
            self.bring_file,
            *[self.bring_again] * 2,
            *[self.undo_file] * 2,
        ]
        self.papers: dict[int, str] = {}

    def correct(self) -> Any:
        violation = self._any(select(Violation))
        if not isinstance(violation, Violation):
            return None
        village = self.chance.choice(self.villages)
        code, place = self.chance.choice(["2004", "2007"]), self.chance.choice(["市心路口", "人民路口"])
        facts = CorrectedFacts(code, violation.occurred, village.code, place, Penalty.WARNING, None, "")
        return correcting.correct(self.session, violation, facts, REASON, violation.version, self.staff, self.now)

    def correct_answer(self) -> Any:
        ours = or_(Notice.company_id.is_(None), Notice.company_id == self.world.company.id)
        feedback = self._any(select(Feedback).join(Notice).where(Notice.state == NoticeState.SENT, ours))
        if not isinstance(feedback, Feedback):
            return None
        by = self.company if feedback.notice.company_id else self.leader
        given = Answer("criticised", text=self.chance.choice(["当面批评", "晨会上点名批评"]))
        return answers.correct_answer(self.session, feedback.notice, given, REASON, feedback.version, by, self.now)

    def _booking(self, *states: BookingState) -> Booking | None:
        """Prefer the sessions that are still to come: what is over admits nobody."""
        ahead = select(Booking).join(Booking.session).join(Booking.task)
        ahead = ahead.where(
            Booking.state.in_(states), StudyTask.state.in_(UNFINISHED), StudySession.starts_utc > self.now
        )
        booking = self._any(ahead)
        if not isinstance(booking, Booking):
            return super()._booking(*states)
        self.now = booking.session.starts_utc + timedelta(minutes=5)
        return booking

    def wait_for_months(self) -> Any:
        if self.chance.random() < 0.7:  # else hardly a session would be attended
            return None
        self.now += timedelta(days=70)
        return closing.close_beyond_help(self.session, self.now)

    def enter_points(self) -> Any:
        """Enter what studies cost that are overdue, as the worker does."""
        overdue = list_overdue(self.session, local_date(self.now) - LOOK_BACK, local_date(self.now))
        return enter(self.session, TASK_OVERDUE, overdue, SYSTEM, self.now) or None

    def _take(self, rows: list[dict[str, str]]) -> tuple[ImportReport, int]:
        """Take a file of records in; return what it did and the id of its run."""
        path = places.write_csv(self.folder / f"{len(self.brought)}-{self.taken.total()}.csv", list(rows[0]), rows)
        file = File("violations", IMPORTERS["violations"], path, self.staff, self.now, path.name)
        outcome = import_file(self.session, file, Choices())
        run_id = self.session.scalars(select(ImportRun.id).where(ImportRun.number == outcome.run)).one()
        return outcome.report, run_id

    def bring_file(self) -> Any:
        """Bring records of today, which are told and studied for, or of long ago, on which nothing rests."""
        ago = self.chance.choice([timedelta(hours=1), timedelta(days=400)])
        rows = []
        for number, (document, name) in enumerate(self.persons):
            firm = self.chance.choice(["", "none", *(each.code for each in self.firms)])
            given = {"id_number": document, "name": name, "company_code": firm, "officer": "", "plate": ""}
            given |= {"reference": f"{id(self)}-{len(self.brought)}-{number}", "penalty": "warning", "fine_yuan": ""}
            given |= {"occurred_at": f"{local(self.now - ago):%Y-%m-%d %H:%M}"}
            rows.append(violation_row(self.chance.choice(self.villages), **given))
        report, run_id = self._take(rows)
        assert (report.added, report.refused) == (len(rows), [])
        self.brought.append(Brought(rows, run_id))
        return report

    def bring_again(self) -> Any:
        """Bring a file again: nothing of it is new or changes anything, unless it had been taken back."""
        if not self.brought:
            return None
        again = self.chance.choice(self.brought)
        known = 0 if again.undone else len(again.rows)
        before = self._held(again)
        report, run_id = self._take(again.rows)
        assert (report.added, report.updated, report.unchanged) == (len(again.rows) - known, 0, known), report
        if again.undone:
            again.run_id, again.undone = run_id, False
        else:
            assert self._held(again) == before
        return report

    def _held(self, brought: Brought) -> list[tuple[Any, ...]]:
        """Return what the records of a file say."""
        query = select(Violation).where(Violation.reference.in_([row["reference"] for row in brought.rows]))
        return [
            (row.id, row.state, row.kind_id, row.area_id, row.place, row.company_id, row.company_known, row.version)
            for row in self.session.scalars(query.order_by(Violation.id))
        ]

    def undo_file(self) -> Any:
        """Take a file back, which is refused as a whole where anything rests on it."""
        held = [each for each in self.brought if not each.undone]
        if not held:
            return None
        back = self.chance.choice(held)
        undone = undoing.undo(self.session, self.session.get_one(ImportRun, back.run_id), self.staff, self.now)
        back.undone = True
        return undone


def files_stand(walk: StandingWalk) -> None:
    """Each row of a file is one record, none once the file was taken back; what somebody corrected still says so."""
    found = Counter(walk.session.scalars(select(Violation.reference).where(Violation.reference.is_not(None))))
    for brought in walk.brought:
        assert {found[row["reference"]] for row in brought.rows} == {0 if brought.undone else 1}
    for correction in walk.session.scalars(select(Correction).where(Correction.subject_kind == "violation")):
        if correction.state in IN_FORCE and correction.field == "place":
            said = walk.session.get_one(Violation, correction.subject_id).place
            assert said == told_of(walk.session, correction)["value"]


def records_stand(session: Session, told: int) -> None:
    """A record that is void waits for nothing, and the company ``told`` of it was told that."""
    violations = {row.id: row for row in session.scalars(select(Violation))}
    standing = {key for key, row in violations.items() if row.state == ViolationState.CONFIRMED}
    for objection in session.scalars(select(Objection)):
        assert objection.state != ObjectionState.OPEN or objection.violation_id in standing
    keys = set(session.scalars(select(Push.key)))
    for notice in session.scalars(select(Notice)):
        assert (notice.state == NoticeState.VOIDED) == (notice.violation_id not in standing)
        if notice.company_id == told and notice.sent_utc and notice.state == NoticeState.VOIDED:
            # taken back with its confirmation, or because its record was voided
            with_record = notice.voided_utc == violations[notice.violation_id].voided_utc
            told_so = "withdrawn" if with_record else "reopened"
            assert any(key.startswith(f"notice:{notice.number}:{told_so}") for key in keys)
        if notice.company_id == told and notice.corrected_utc:
            assert any(key.startswith(f"notice:{notice.number}:corrected") for key in keys)
    of_violations = Correction.subject_kind == Violation.__tablename__
    corrected = Counter(session.scalars(select(Correction.subject_id).where(of_violations)))
    assert corrected.keys() <= violations.keys()


def studies_stand(session: Session) -> None:
    """A study that goes on has a record that stands; a rider has one task not begun; seats taken are not given up."""
    unbegun = Counter(session.scalars(select(StudyTask.rider_id).where(StudyTask.state.in_(NOT_BEGUN))))
    assert max(unbegun.values(), default=0) <= 1
    reasons = (
        select(TaskViolation.task_id)
        .join(Violation, Violation.id == TaskViolation.violation_id)
        .where(Violation.state == ViolationState.CONFIRMED)
    )
    going_on = set(session.scalars(select(StudyTask.id).where(StudyTask.state.in_(UNFINISHED))))
    assert going_on <= set(session.scalars(reasons))
    held = dict(
        session.execute(
            select(Booking.session_id, func.count())
            .where(Booking.state != BookingState.CANCELLED)
            .group_by(Booking.session_id)
        )
        .tuples()
        .all()
    )
    for study in session.scalars(select(StudySession)):
        assert study.seats_taken == held.get(study.id, 0), study.number


def points_stand(session: Session) -> None:
    """What is taken back of the ledger is so once and wholly: all that studies cost which are left out by now."""
    entries = {entry.id: entry for entry in session.scalars(select(PointEntry))}
    taken_back = {entry.counters_id: entry for entry in entries.values() if entry.counters_id is not None}
    assert len(taken_back) == sum(entry.counters_id is not None for entry in entries.values())
    for key, counter in taken_back.items():
        of = entries[key]
        assert (counter.points, counter.area_id, counter.company_id) == (-of.points, of.area_id, of.company_id)
        assert counter.occurred_on == of.occurred_on
    left_out = session.scalars(select(StudyTask.id).where(StudyTask.state.in_(LEFT_OUT)))
    cost_nothing = {task_overdue_key(task_id, kind) for task_id in left_out for kind in HOLDERS}
    assert {entry.id for entry in entries.values() if entry.once_key in cost_nothing} <= taken_back.keys()


def papers_stand(session: Session, papers: dict[int, str]) -> None:
    """No document's facts are others than when it was issued; of one subject one holds; a certificate has its study."""
    valid = Counter[tuple[str, str]]()
    for document in session.scalars(select(Document)):
        clear = facts_of(session, document)
        assert hashlib.sha256(clear.encode()).hexdigest() == document.facts_sha256
        assert papers.setdefault(document.id, clear) == clear
        valid[document.kind, document.subject] += document.state == DocumentState.VALID
    assert max(valid.values(), default=0) <= 1
    completed = set(session.scalars(select(StudyTask.id).where(StudyTask.state == TaskState.COMPLETED)))
    certified = Counter[int]()
    for certificate in session.scalars(select(Certificate)):
        certified[certificate.task_id] += valid[DocumentKind.CERTIFICATE, certificate.number]
    assert {task_id for task_id, number in certified.items() if number} == completed
    assert max(certified.values(), default=0) <= 1
    replaced = Counter(session.scalars(select(EarlierAnswer.feedback_id)))
    assert replaced.keys() <= set(session.scalars(select(Feedback.id)))


def test_facts_and_papers_stand_whatever_is_done(session: Session, tmp_path: Path) -> None:
    taken: set[str] = set()
    acts: set[str] = set()
    for seed in range(1, WALKS_AT_MOST + 1):
        walk = StandingWalk(session, seed, tmp_path)
        acts = {act.__name__ for act in walk.acts}
        for step in range(STEPS):
            walk.step()
            if step % LOOK_EVERY == 0:
                records_stand(session, walk.world.company.id)
                studies_stand(session)
                points_stand(session)
                papers_stand(session, walk.papers)
                files_stand(walk)
        agrees(session, walk.now)
        taken |= set(walk.taken)
        if seed >= WALKS and taken == acts:
            break
    assert acts - taken == set(), "every act was taken at least once"
