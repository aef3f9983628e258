"""Pages of the study itself, for the phone or tablet at the station: modules, quiz."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any

from flask import Blueprint, Response, render_template

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.forms import carried_out, submitted, told_shortly
from trafficedu.core.lanes import kerb
from trafficedu.core.seen import seen
from trafficedu.core.text import Message, message
from trafficedu.core.web import back_to, flash_message, locale, translated, wants_sentence
from trafficedu.education.forms.study import OverrideForm, QuizForm
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import Booking
from trafficedu.education.queries import certificates, crediting, people, proposals, sessions
from trafficedu.education.rules import states
from trafficedu.education.services import study as study_services
from trafficedu.education.services.by_hand import record_quiz_by_hand
from trafficedu.education.services.signing import gaps_of
from trafficedu.education.views.batches import module_groups
from trafficedu.education.views.door import part_of
from trafficedu.education.views.roster import (
    CHECK_IN,
    entries_of,
    facts_of,
    progress_of,
    situation_of,
)

pages = Blueprint("study", __name__)


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
    progress = progress_of(booking)
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
        kept=_kept(booking),
        **situation_of(booking.session),
    )
    wrong = (quiz is not None and quiz.errors) or (override is not None and override.errors)
    return page, 422 if wrong else 200


def _kept(booking: Booking) -> Sequence[tuple[str, date]]:
    """Return which modules count at the rider's next session, and until when: of who left early."""
    attendance = booking.attendance
    if attendance is None or not attendance.has_left:
        return []
    plan = booking.session.plan
    kept = [(module, crediting.credited_for(module, plan, attendance.modules)) for module in plan.modules]
    return [(module.name(locale()), crediting.counts_until(session(), one)) for module, one in kept if one is not None]


def to_card(number: str, task: str) -> Response:
    """Lead back to the card of a study."""
    return back_to("study.card", number=number, task=task)


def _in_module(study: StudySession, position: int) -> Sequence[Any]:
    """Return what a button for the whole room rests on: who is in a module, or may begin it."""
    groups = module_groups(study, entries_of(study))
    return next((group.facts for group in groups if group.module.position == position), ())


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
    """I enter the score of a quiz that was not taken here, and why."""
    booking = seen(_study(number, task), facts_of)
    form = QuizForm()

    def enter() -> None:
        record_quiz_by_hand(session(), booking, form.score.data, form.reason.data, actor(), utc_now())

    if submitted(form, enter):
        return to_card(number, task)
    return card_page(_study(number, task), quiz=form)


@pages.post("/sessions/<number>/modules/<int:position>/start")
@requires(CHECK_IN)
@kerb
def start_all(number: str, position: int) -> Any:
    """I begin a module for everybody who may begin it, as far as the room has places."""
    study = seen(sessions.find_session(session(), number, actor()), lambda study: _in_module(study, position))
    module_id = _module_id(study, position)
    act = partial(study_services.start_module_for_all, session(), study, module_id, actor(), utc_now())
    return _for_everyone(study, position, BEGUN, act, _begun)


BEGUN, ENDED = message("Module begun"), message("Module ended")


def _for_everyone(
    study: StudySession,
    position: int,
    word: Message,
    act: Callable[[], study_services.GroupResult],
    sentence: Callable[[study_services.GroupResult], Message],
) -> Any:
    """Act on a room: its script gets what fills the screen and the part of the list, else the list is shown again."""
    if not wants_sentence():
        if done := carried_out(act):
            flash_message(sentence(done.value))
        return back_to("door.check_in_list", number=study.number)
    results: list[study_services.GroupResult] = []
    answer, code = told_shortly(lambda: results.append(act()), lambda: part_of(study.number, "room"))
    if code != 200:
        return answer, code
    module = next(module for module in study.plan.modules if module.position == position)
    told = {"tone": "done", "word": translated(word), "name": module.name(locale())}
    return answer | told | {"message": translated(sentence(results[0]))}, code


def _begun(result: study_services.GroupResult) -> Message:
    elsewhere = result.passed_over - result.no_place
    if result.no_place:
        return message(
            "Begun for %(done)d riders. The room is full: %(waiting)d wait for a place; %(left)d are at another stage.",
            done=result.served,
            waiting=result.no_place,
            left=elsewhere,
        )
    return message("Begun for %(done)d riders; %(left)d are at another stage.", done=result.served, left=elsewhere)


@pages.post("/sessions/<number>/modules/<int:position>/end")
@requires(CHECK_IN)
@kerb
def end_all(number: str, position: int) -> Any:
    """I end a module for everybody for whom it ran long enough."""
    study = seen(sessions.find_session(session(), number, actor()), lambda study: _in_module(study, position))
    module_id = _module_id(study, position)
    act = partial(study_services.end_module_for_all, session(), study, module_id, actor(), utc_now())
    return _for_everyone(study, position, ENDED, act, _ended)


def _ended(result: study_services.GroupResult) -> Message:
    return message(
        "Ended for %(done)d riders; %(left)d are at another stage or need more time.",
        done=result.served,
        left=result.passed_over,
    )
