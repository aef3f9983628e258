"""Pages of the study itself, for the phone or tablet at the station: check-in, modules, quiz."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, render_template

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.forms import carried_out, submitted, told_shortly
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, flash_message, locale, wants_sentence
from trafficedu.education.forms.study import FindForm, OverrideForm, QuizForm
from trafficedu.education.models.courses import CourseModule, StudySession
from trafficedu.education.models.tasks import Booking
from trafficedu.education.queries import certificates, desk, people, proposals, sessions
from trafficedu.education.queries.courses import plan_of
from trafficedu.education.queries.hours import hours_of
from trafficedu.education.rules import reckoning, states
from trafficedu.education.rules.states import ModuleState, RosterState
from trafficedu.education.services import study as study_services
from trafficedu.education.services.signing import gaps_of
from trafficedu.education.services.study import times_of

pages = Blueprint("study", __name__)
ORDER = list(RosterState)
CHECK_IN = "education:session:check_in"


def facts_of(booking: Booking) -> list[Any]:
    """Return what a button beside a rider rests on: seat, task, check-in, and every module."""
    attendance = booking.attendance
    return [booking, booking.task, attendance, [] if attendance is None else list(attendance.modules)]


@dataclass(frozen=True)
class ModuleProgress:
    """How far a rider is with one module, for the study card."""

    module: CourseModule
    state: ModuleState
    minutes: int = 0
    missing: int = 0
    credited: bool = False

    @property
    def is_next(self) -> bool:
        """Whether it is the one to begin now."""
        return self.state == ModuleState.NEXT

    @property
    def is_running(self) -> bool:
        """Whether it has begun and not ended."""
        return self.state == ModuleState.RUNNING

    @property
    def has_begun(self) -> bool:
        """Whether it is running or ended."""
        return self.is_running or self.state == ModuleState.DONE


def _progress(booking: Booking) -> list[ModuleProgress]:
    """Return how far a rider is with every module of the course."""
    now, course, closes = utc_now(), booking.session.plan, hours_of(session(), booking.session).closes
    studied = {} if booking.attendance is None else {times.module_id: times for times in times_of(booking.attendance)}
    records = [] if booking.attendance is None else booking.attendance.modules
    credited = {record.module_id for record in records if record.credited}
    plan = plan_of(course, locale())
    due = reckoning.next_module(plan, studied.values())
    progress = []
    for module, planned in zip(course.modules, plan, strict=True):
        times = studied.get(module.id)
        if times is None:
            progress.append(ModuleProgress(module, ModuleState.NEXT if planned == due else ModuleState.LATER))
        else:
            state = ModuleState.RUNNING if times.ended is None else ModuleState.DONE
            counted = reckoning.counted_minutes(planned, times.started, now, closes)
            missing = reckoning.minutes_missing(planned, times.started, now) if now < closes else 0
            minutes = counted if times.counted is None else times.counted
            progress.append(ModuleProgress(module, state, minutes, missing, module.id in credited))
    return progress


@dataclass(frozen=True)
class RosterEntry:
    """One rider of a session on the check-in list; ``current`` is the module to begin or to end."""

    booking: Booking
    state: RosterState
    current: ModuleProgress | None = None

    @property
    def facts(self) -> list[Any]:
        """What its buttons rest on."""
        return facts_of(self.booking)

    @property
    def may_undo(self) -> bool:
        """Whether the check-in can be taken back: no module has begun."""
        attendance = self.booking.attendance
        if attendance is None or not attendance.is_studying:
            return False
        return all(record.credited for record in attendance.modules)


def _roster_entry(booking: Booking) -> RosterEntry:
    if booking.attendance is None:
        return RosterEntry(booking, RosterState(booking.state))
    if not booking.is_studying:
        return RosterEntry(booking, RosterState(booking.attendance.state))
    current = next((module for module in _progress(booking) if module.is_running or module.is_next), None)
    ready = not gaps_of(booking, locale())
    return RosterEntry(booking, RosterState.READY if ready else RosterState.STUDYING, current)


@dataclass(frozen=True)
class ModuleGroup:
    """What can be done for everybody with one module: how many may begin it, how many may end it."""

    module: CourseModule
    begin: int
    end: int
    running: int
    facts: Sequence[Any]


def _module_groups(study: StudySession, entries: Sequence[RosterEntry]) -> list[ModuleGroup]:
    groups = []
    for module in study.plan.modules:
        riders = {
            entry.booking.id: entry.current
            for entry in entries
            if entry.current and entry.current.module.id == module.id
        }
        running = [rider for rider in riders.values() if rider.is_running]
        if riders:
            may_end = sum(rider.missing == 0 for rider in running)
            facts = [(booking, rider.is_running) for booking, rider in sorted(riders.items())]
            groups.append(ModuleGroup(module, len(riders) - len(running), may_end, len(running), facts))
    return groups


def entries_of(study: StudySession) -> list[RosterEntry]:
    """Return the riders of a session as the list at the door has them."""
    return [_roster_entry(booking) for booking in sessions.list_roster(session(), study.id)]


def _in_module(study: StudySession, position: int) -> Sequence[Any]:
    """Return what a button for the whole room rests on: who is in a module, or may begin it."""
    groups = _module_groups(study, entries_of(study))
    return next((group.facts for group in groups if group.module.position == position), ())


def ready_of(entries: Sequence[RosterEntry]) -> list[int]:
    """Return the bookings that can be signed off, which is what the button for all of them rests on."""
    return sorted(entry.booking.id for entry in entries if entry.state == RosterState.READY)


@pages.route("/sessions/<number>/check-in", methods=["GET", "POST"])
@requires(CHECK_IN)
@changes_nothing_seen("it reads, or makes a file of what is read")
@kerb
def check_in_list(number: str) -> Any:
    """I stand at the door: I find a rider and check them in with one tap."""
    study = sessions.find_session(session(), number, actor())
    form = FindForm()
    roster = sessions.list_roster(session(), study.id)
    entries = [_roster_entry(booking) for booking in roster]
    text, tasks = form.words.data or "", [booking.task for booking in roster]
    meant = desk.on_roster(session(), text, tasks, today()) if text else {task.id for task in tasks}
    shown = [entry for entry in entries if entry.booking.task_id in meant]
    shown.sort(key=lambda entry: ORDER.index(entry.state))
    return render_template(
        "study/check_in.html",
        study=study,
        form=form,
        entries=shown,
        people=people.people(session(), [booking.task.rider for booking in roster], actor()),
        groups=_module_groups(study, entries),
        ready=ready_of(entries),
        here=sum(entry.booking.has_checked_in for entry in entries),
        total=len(entries),
        **_times(study),
    )


def _times(study: StudySession) -> dict[str, Any]:
    """Return how a session stands to the present, for its pages."""
    hours, now = hours_of(session(), study), utc_now()
    return {"hours": hours, "is_open": study.takes_place and hours.are_on(now), "begun": study.starts_utc <= now}


@pages.get("/sessions/<number>/riders/<task>")
@requires(CHECK_IN)
@kerb
def card(number: str, task: str) -> Any:
    """I see what one rider has studied and what comes next."""
    return card_page(_study(number, task))


def _study(number: str, task: str) -> Booking:
    return sessions.find_study(session(), number, task, actor())


def card_page(booking: Booking, quiz: QuizForm | None = None, override: OverrideForm | None = None) -> Any:
    """Render the card of a study, with what was typed and refused."""
    progress = _progress(booking)
    page = render_template(
        "study/card.html",
        booking=booking,
        study=booking.session,
        person=people.people(session(), [booking.task.rider], actor())[booking.task.rider_id],
        progress=progress,
        quiz_begun=any(part.module.is_quiz and part.has_begun for part in progress),
        gaps=gaps_of(booking, locale()),
        facts=facts_of(booking),
        quiz_form=quiz or QuizForm(formdata=None),
        override_form=override or OverrideForm(formdata=None),
        certificate=certificates.certificate_of_task(session(), booking.task_id),
        revoked=certificates.list_revoked(session(), booking.task_id),
        not_begun=states.NOT_BEGUN,
        proposal=proposals.open_of_task(session(), booking.task_id),
        attendance_act=states.AttendanceAct,
        **_times(booking.session),
    )
    wrong = (quiz is not None and quiz.errors) or (override is not None and override.errors)
    return page, 422 if wrong else 200


def to_card(number: str, task: str) -> Response:
    """Lead back to the card of a study."""
    return back_to("study.card", number=number, task=task)


@pages.post("/sessions/<number>/riders/<task>/check-in")
@requires(CHECK_IN)
@kerb
def check_in(number: str, task: str) -> Any:
    """I check a rider in. A second tap is answered like the first, without taking turns with those who write."""
    booking = sessions.find_seat(session(), number, task, actor())
    done = booking.has_checked_in

    def arrive() -> None:
        study_services.check_in(session(), booking, actor(), utc_now())

    if not done:
        seen(booking, facts_of)
    if wants_sentence():
        return {"html": _row(number, task)} if done else told_shortly(arrive, lambda: _row(number, task))
    if not done:
        carried_out(arrive)
    return back_to("study.check_in_list", number=number, _anchor=task)


def _row(number: str, task: str) -> str:
    """Draw one rider of the list anew."""
    booking = sessions.find_in_list(session(), number, task, actor())
    study = booking.session
    person = people.people(session(), [booking.task.rider], actor())[booking.task.rider_id]
    entry = _roster_entry(booking)
    return render_template("study/_row.html", study=study, entry=entry, person=person, **_times(study))


@pages.post("/sessions/<number>/riders/<task>/undo")
@requires(CHECK_IN)
@kerb
def undo(number: str, task: str) -> Any:
    """I take a mistaken check-in back."""
    booking = seen(_study(number, task), facts_of)
    carried_out(
        lambda: study_services.undo_check_in(session(), booking, actor(), utc_now()),
        message("Check-in undone."),
    )
    return back_to("study.check_in_list", number=number, _anchor=task)


def _module_id(study: StudySession, position: int) -> int:
    module_id = next((module.id for module in study.plan.modules if module.position == position), None)
    if module_id is None:
        raise Missing(message("This module does not belong to the course."))
    return module_id


@pages.post("/sessions/<number>/riders/<task>/modules/<int:position>/start")
@requires(CHECK_IN)
@kerb
def start(number: str, task: str, position: int) -> Any:
    """I begin a module for one rider."""
    booking = seen(_study(number, task), facts_of)
    module_id = _module_id(booking.session, position)
    carried_out(lambda: study_services.start_module(session(), booking, module_id, actor(), utc_now()))
    return to_card(number, task)


@pages.post("/sessions/<number>/riders/<task>/modules/<int:position>/end")
@requires(CHECK_IN)
@kerb
def end(number: str, task: str, position: int) -> Any:
    """I end a module for one rider."""
    booking = seen(_study(number, task), facts_of)
    module_id = _module_id(booking.session, position)
    carried_out(lambda: study_services.end_module(session(), booking, module_id, actor(), utc_now()))
    return to_card(number, task)


@pages.post("/sessions/<number>/riders/<task>/quiz")
@requires(CHECK_IN)
@kerb
def quiz(number: str, task: str) -> Any:
    """I enter the score of a rider's quiz."""
    booking = seen(_study(number, task), facts_of)
    form = QuizForm()
    if submitted(form, lambda: study_services.record_quiz(session(), booking, form.score.data, actor(), utc_now())):
        return to_card(number, task)
    return card_page(_study(number, task), quiz=form)


@pages.post("/sessions/<number>/modules/<int:position>/start")
@requires(CHECK_IN)
@kerb
def start_all(number: str, position: int) -> Any:
    """I begin a module for everybody in the room whose turn it is."""
    study = seen(sessions.find_session(session(), number, actor()), lambda study: _in_module(study, position))
    module_id = _module_id(study, position)
    with writing(session()) as own:
        result = study_services.start_module_for_all(own, study, module_id, actor(), utc_now())
    flash_message(
        message(
            "Begun for %(done)d riders; %(left)d are at another stage.", done=result.served, left=result.passed_over
        )
    )
    return back_to("study.check_in_list", number=number)


@pages.post("/sessions/<number>/modules/<int:position>/end")
@requires(CHECK_IN)
@kerb
def end_all(number: str, position: int) -> Any:
    """I end a module for everybody for whom it ran long enough."""
    study = seen(sessions.find_session(session(), number, actor()), lambda study: _in_module(study, position))
    module_id = _module_id(study, position)
    with writing(session()) as own:
        result = study_services.end_module_for_all(own, study, module_id, actor(), utc_now())
    flash_message(
        message(
            "Ended for %(done)d riders; %(left)d are at another stage or need more time.",
            done=result.served,
            left=result.passed_over,
        )
    )
    return back_to("study.check_in_list", number=number)
