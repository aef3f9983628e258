"""Pages of study tasks: the list, one task, its seat, waiving; certificates."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l

from trafficedu.areas.queries import tree as areas
from trafficedu.core.access import actor, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.fields import choices
from trafficedu.core.forms import carried_out, errors_told, form_page, submitted
from trafficedu.core.lanes import kerb
from trafficedu.core.list_views import list_page
from trafficedu.core.row_views import answer_chosen
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.web import (
    back_to,
    back_where_pressed,
    flash_message,
    local_time,
    locale,
    pdf,
    translated,
    wants_sentence,
)
from trafficedu.education.forms.study import SeatForm, TaskFilterForm
from trafficedu.education.models.courses import StudySession
from trafficedu.education.models.tasks import StudyTask
from trafficedu.education.queries import certificates, courses, people, proposals, reminders
from trafficedu.education.queries.hours import list_over
from trafficedu.education.queries.seats import (
    Choice,
    find_chosen,
    live_booking,
    origin_path,
    sessions_at_desk,
    sessions_with_seats,
)
from trafficedu.education.queries.tasks import TaskFilter, find_bookable, find_task, tasks_on
from trafficedu.education.rules import states
from trafficedu.education.services import certifying, reminding, seats
from trafficedu.education.services.at_once import AT_ONCE
from trafficedu.education.services.own_seat import keep_seat
from trafficedu.issued.queries.documents import list_documents
from trafficedu.issued.rules import DocumentKind

pages = Blueprint("education", __name__)
BACK = {"home": "overview.home", "list": "education.tasks", "choosing": "reaching.choosing"}
"""Where a key on a list leads back to."""
OFFERED, NEXT = 40, 5
"""How many sessions the page offers, and how many it offers once one of them was refused."""


@pages.get("/education")
@requires("education:task:read")
def tasks() -> Any:
    """I see who owes a study, who is booked, who waits and who is late."""
    form, narrowed = _narrowed()
    return list_page(
        "education/tasks.html",
        tasks_on(today()),
        form,
        narrowed,
        lambda rows: {
            "people": people.people(session(), [task.rider for task in rows], actor()),
            "reminded": reminders.latest_of(session(), [task.id for task in rows if task.is_away]),
        },
        choosable=AT_ONCE,
    )


@pages.post("/education/chosen")
@requires("education:task:read")
@changes_nothing_seen("each row says what its page saw, and is refused by itself")
def chosen() -> Any:
    """I have those reminded who look after the riders that I chose; the page says first how many."""
    return answer_chosen(AT_ONCE, tasks_on(today()), _narrowed()[1])


def _narrowed() -> tuple[TaskFilterForm, TaskFilter]:
    form = TaskFilterForm(request.args)
    path = actor().scope.area_path
    towns = areas.list_below(session(), path or "", today(), "town") if path or actor().scope.everything else []
    form.offer(courses.list_courses(session()), towns, locale())
    form.validate()
    if not actor().may(people.NAMED):
        form.q.finds = _l("Task or case number")
    return form, form.to_input(people.words_of(session(), form.q.data or "", actor()))


def _seated(task: StudyTask) -> list[Any]:
    """Return what looking for a seat rests on: the task, and the seat it has."""
    return [task, live_booking(session(), task.id)]


def _find(number: str) -> StudyTask:
    return find_task(session(), number, actor())


@pages.get("/education/<number>")
@requires("education:task:read")
def task(number: str) -> Any:
    """I see one task: why, which course, where and when, how it ended."""
    task = _find(number)
    certificate = certificates.certificate_of_task(session(), task.id)
    issued = list_documents(session(), DocumentKind.CERTIFICATE, certificate.number) if certificate else []
    return render_template(
        "education/task.html",
        task=task,
        person=people.people(session(), [task.rider], actor())[task.rider_id],
        certificate=certificate,
        issued=issued if actor().may("education:certificate:read") else [],
        revoked=certificates.list_revoked(session(), task.id),
        proposals=proposals.list_of_task(session(), task.id),
        reminders=reminders.list_of_task(session(), task.id),
        may_remind=reminding.may_remind(task),
        overdue=task.is_overdue(today()),
        over=bool(list_over(session(), [task.id], utc_now())),
        act=states.TaskAct,
        seat_facts=_seated(task),
    )


@pages.route("/education/<number>/seat", methods=["GET", "POST"])
@requires("education:task:book")
@kerb
def seat(number: str) -> Any:
    """I give a rider a seat in another session, as they ask for it."""
    task, now, form = seen(find_bookable(session(), number, actor()), _seated), utc_now(), SeatForm()
    path = origin_path(session(), task)
    desk = actor().scope.station_id if actor().may("education:session:check_in") else None
    form.choose_from(lambda chosen: find_chosen(session(), Choice(task, path, desk), chosen, now))
    if submitted(form, lambda: seats.move_booking(session(), task, form.study, actor(), now)):
        flash_message(message("Seat booked."))
        address = url_for("education.task", number=number)
        return {"address": address} if wants_sentence() else redirect(address, code=303)
    if form.errors and wants_sentence():
        return errors_told(form)
    held = live_booking(session(), task.id)
    most = NEXT if form.errors else OFFERED
    at_desk = [] if desk is None else sessions_at_desk(session(), task, desk, now)
    free = [*at_desk, *sessions_with_seats(session(), task, now, most + 1, path)]
    free = [study for study in free if not held or study != held.session][:most]
    form.session.choices = choices((study.number, _label(study, task)) for study in free)
    states_of = {"over": held is not None and held.is_over(now), "overdue": task.is_overdue(today())}
    return form_page("education/seat.html", form, task=task, held=held, sessions=free, **states_of)


def _label(study: StudySession, task: StudyTask) -> str:
    starts, station = local_time(study.starts_utc), study.station.name
    if study.starts_utc <= utc_now():
        return translated(message("%(when)s, %(station)s (going on now)", when=starts, station=station))
    if study.starts_on > task.due_on:
        return translated(message("%(when)s, %(station)s (after the due date)", when=starts, station=station))
    return translated(message("%(when)s, %(station)s", when=starts, station=station))


@pages.post("/education/<number>/book")
@requires("education:task:book")
@kerb
def book(number: str) -> Any:
    """I look again for a seat for a rider who waits."""
    task = seen(_find(number), _seated)
    with writing(session()) as own:
        booking = seats.book(own, task, actor(), utc_now())
    if booking is None:
        flash_message(
            message("There is still no free seat before the due date. The rider is still waiting."), "warning"
        )
    else:
        flash_message(message("Seat booked."))
    return back_to("education.task", number=number)


@pages.post("/education/<number>/keep")
@requires("education:task:book")
@kerb
def keep(number: str) -> Any:
    """I note that a rider whose session was moved keeps the seat."""
    task = seen(_find(number), _moved)
    carried_out(lambda: keep_seat(session(), task, actor(), utc_now()), message("Noted: the rider keeps the seat."))
    return back_where_pressed(BACK, "education.task", number=number)


def _moved(task: StudyTask) -> list[Any]:
    held = live_booking(session(), task.id)
    return [task, held and held.session, held]


@pages.post("/education/<number>/remind")
@requires("education:task:book")
def remind(number: str) -> Any:
    """I have those told who look after a rider that does not come."""
    task = seen(_find(number))
    carried_out(
        lambda: reminding.remind(session(), task, actor(), utc_now()),
        message("Those who look after the rider have been told. It is kept with the study task."),
    )
    return back_where_pressed(BACK, "education.task", number=number)


@pages.get("/certificates/<number>.pdf")
@requires("education:certificate:read")
def certificate(number: str) -> Any:
    """I open a rider's certificate to print it."""
    certificates.find_certificate_for(session(), number, actor())
    return pdf(certifying.render_certificate(session(), number, locale(), utc_now()), number)
