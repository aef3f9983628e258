"""Pages of sessions: the calendar, one session with its roster, planning, changing, cancelling."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, time
from itertools import groupby
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import lazy_gettext as _l

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import from_local, today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.fields import choices
from trafficedu.core.forms import acted, carried_out, form_page, submitted
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message, locale, page_place, pdf
from trafficedu.core.workdays import last_published_year
from trafficedu.education.forms.sessions import (
    CancelForm,
    SeriesForm,
    SessionChangeForm,
    SessionFilterForm,
    SessionForm,
)
from trafficedu.education.models.courses import Course, StudySession
from trafficedu.education.queries import people
from trafficedu.education.queries.calendar import count_coming_of_series
from trafficedu.education.queries.courses import list_courses
from trafficedu.education.queries.hours import hours_of
from trafficedu.education.queries.rooms import rooms_of
from trafficedu.education.queries.sessions import (
    find_session,
    list_roster,
    list_sessions,
    list_stations_seen,
)
from trafficedu.education.rules.planning import DayKind, Extent
from trafficedu.education.services import rosters
from trafficedu.education.services.planning import OfficialCalendar, limits_of
from trafficedu.education.services.series import (
    cancel_series,
    change_series,
    count_meant,
    create_series,
    plan_series,
)
from trafficedu.education.services.sessions import Cancelled, cancel_session, create_session
from trafficedu.issued.queries.documents import list_documents
from trafficedu.issued.rules import DocumentKind
from trafficedu.stations.models import Station

pages = Blueprint("sessions", __name__)
SHOWN = 50
"""Riders of a session on its page; the rest is behind a link."""


@pages.get("/sessions")
@requires("education:session:read")
def sessions() -> Any:
    """I see which sessions take place when and where, and where seats are free."""
    form = SessionFilterForm(request.args)
    form.offer(list_courses(session()), list_stations_seen(session(), actor()), locale())
    form.validate()
    if not actor().may(people.NAMED):
        form.q.finds = _l("Session or case number, or lecturer")
    words = people.words_of(session(), form.q.data or "", actor())
    page = list_sessions(session(), actor(), form.to_input(today(), words), page_place())
    days = [(day, list(studies)) for day, studies in groupby(page.items, key=lambda study: study.starts_on)]
    return render_template("sessions/sessions.html", form=form, page=page, days=days, today=today())


def own_station() -> Station:
    """Return the station whose staff I am; only they plan sessions."""
    station_id = actor().scope.station_id
    station = session().get(Station, station_id) if station_id is not None else None
    if station is None:
        raise Missing(message("Sessions are planned by station staff."))
    return station


def known_until() -> int | None:
    """Return the last year whose official calendar is known where sessions can be planned beyond it, else None."""
    year = last_published_year()
    return year if limits_of(session()).last_day(today()).year > year else None


def _offer(form: SessionForm | SeriesForm, station: Station) -> Sequence[Course]:
    courses = list_courses(session(), active_on=today())
    form.course.choices = choices((course.code, course.name(locale())) for course in courses)
    if form.capacity.data is None and not form.is_submitted():
        form.capacity.data = station.seats
    return courses


USUAL_HOUR = time(9)
"""When a session begins that is planned from a day of the calendar, until somebody says otherwise."""


def _fill_in(form: SessionForm) -> None:
    """Begin with the day and the course that the address names, as the calendar and the forecast do."""
    if form.is_submitted():
        return
    with suppress(ValueError):
        day = date.fromisoformat(request.args.get("day", ""))
        form.starts_utc.data = from_local(datetime.combine(day, USUAL_HOUR))
    if request.args.get("course") in [value for value, *_ in form.course.iter_choices()]:
        form.course.data = request.args["course"]


def _say_what_day(study: StudySession) -> None:
    """Say of a session that is planned on a public holiday, or on a day nobody knows of yet, that it is."""
    kind = OfficialCalendar(session()).kind_of(study.starts_on)
    if kind is DayKind.HOLIDAY:
        flash_message(message("%(day)s is a public holiday. Check the day.", day=study.starts_on), "warning")
    elif kind is DayKind.UNKNOWN:
        flash_message(
            message(
                "The official holiday calendar of %(year)d is not published yet. Check the day once it is.",
                year=study.starts_on.year,
            ),
            "warning",
        )


@pages.route("/sessions/new", methods=["GET", "POST"])
@requires("education:session:manage")
@changes_nothing_seen("what it makes is new")
def create() -> Any:
    """I put a session on the calendar; those who wait get its seats."""
    station, form = own_station(), SessionForm()
    courses = _offer(form, station)
    _fill_in(form)
    if accepted := submitted(
        form, lambda: create_session(session(), form.to_input(courses, station), actor(), utc_now())
    ):
        flash_message(
            message("Session planned; %(count)d waiting riders have a seat.", count=accepted.value.seats_taken)
        )
        _say_what_day(accepted.value)
        return back_to("sessions.show", number=accepted.value.number)
    return form_page("sessions/new.html", form, station=station, known=known_until())


@pages.route("/sessions/weekly", methods=["GET", "POST"])
@requires("education:session:manage")
@changes_nothing_seen("what it makes is new")
def create_weekly() -> Any:
    """I plan a session that repeats: first I see and choose the days, then they are made."""
    station, form = own_station(), SeriesForm()
    courses, planned = _offer(form, station), None
    if form.validate_on_submit():
        new, now = form.to_input(courses, station), utc_now()
        planned = acted(form, lambda: plan_series(session(), new, actor(), now))
        if planned and new.days is not None and request.form.get("step") == "make":
            made = acted(form, lambda: len(create_series(session(), new, actor(), now)))
            if made:
                flash_message(message("%(count)d sessions planned.", count=made.value))
                return back_to("calendar.calendar", day=form.day.data, span="month")
        if planned:
            form.show(planned.value)
    days = planned.value if planned else None
    return form_page("sessions/weekly.html", form, station=station, days=days, known=known_until())


@pages.get("/sessions/<number>")
@requires("education:session:read")
def show(number: str) -> Any:
    """I see one session and who has a seat in it."""
    study = find_session(session(), number, actor())
    roster = list_roster(session(), study.id)
    shown = roster if "all" in request.args else roster[:SHOWN]
    return render_template(
        "sessions/session.html",
        study=study,
        roster=shown,
        rest=len(roster) - len(shown),
        people=people.people(session(), [booking.task.rider for booking in shown], actor()),
        own=actor().scope.station_id == study.station_id,
        all_booked=roster,
        settled=rosters.is_settled(roster),
        still=count_coming_of_series(session(), study, utc_now()),
        issued=list_documents(session(), DocumentKind.ROSTER, study.number),
        rooms=rooms_of(session(), study),
        coming=study.takes_place and study.starts_utc > utc_now(),
        is_open=study.takes_place and hours_of(session(), study).are_on(utc_now()),
    )


@pages.route("/sessions/<number>/edit", methods=["GET", "POST"])
@requires("education:session:manage")
def edit(number: str) -> Any:
    """I change a session's time, seats or lecturer, or those of its series from it on, or of all of it."""
    study = seen(find_session(session(), number, actor()))
    form = SessionChangeForm(obj=study)
    extent = Extent(form.extent.data) if form.extent.data in list(Extent) else Extent.ONE
    version = form.version.data
    if accepted := submitted(
        form, lambda: change_series(session(), study, form.to_input(), extent, version, actor(), utc_now())
    ):
        flash_message(
            message(
                "%(sessions)d sessions changed; %(count)d waiting riders have a seat.",
                sessions=accepted.value.sessions,
                count=accepted.value.seated,
            )
        )
        _say_what_day(study)
        return back_to("sessions.show", number=number)
    return form_page("sessions/edit.html", form, study=study, known=known_until())


@pages.route("/sessions/<number>/cancel", methods=["GET", "POST"])
@requires("education:session:manage")
def cancel(number: str) -> Any:
    """I cancel a session, or its series; I am told how many riders it concerns, and they get another seat or wait."""
    study = seen(find_session(session(), number, actor()))
    reached = count_meant(session(), study, utc_now())
    form = CancelForm(version=study.version)
    form.offer(reached)
    if accepted := submitted(form, lambda: _cancel(study, form)):
        count, became = accepted.value
        flash_message(
            message(
                "%(sessions)d sessions cancelled: %(moved)d riders have another seat and %(waiting)d are waiting.",
                sessions=count,
                moved=became.moved,
                waiting=became.waiting,
            )
        )
        return back_to("sessions.sessions")
    return form_page("sessions/cancel.html", form, study=study, count=reached[Extent.ONE].riders)


def _cancel(study: StudySession, form: CancelForm) -> tuple[int, Cancelled]:
    reason, extent, now = form.reason.data, Extent(form.extent.data), utc_now()
    if extent is Extent.ONE:
        return 1, cancel_session(session(), study, reason, form.version.data, form.count(), actor(), now)
    return cancel_series(session(), study, reason, extent, form.count(), actor(), now)


@pages.get("/sessions/<number>/roster.pdf")
@requires("education:session:check_in")
def roster_pdf(number: str) -> Any:
    """I print the roster to be signed at the door."""
    study = find_session(session(), number, actor())
    return pdf(rosters.render_roster(session(), study, locale(), utc_now()), number)


@pages.post("/sessions/<number>/roster")
@requires("education:session:complete")
def issue_roster(number: str) -> Any:
    """I sign the roster: from now on it stays as it is."""
    study = seen(find_session(session(), number, actor()), lambda found: [found, list_roster(session(), found.id)])
    carried_out(
        lambda: rosters.issue_roster(session(), study, actor(), utc_now()), message("The signed roster is issued.")
    )
    return back_to("sessions.show", number=number)
