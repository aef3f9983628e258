"""Pages of the rooms of a session: which it uses, and the board on the wall that says who is where."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.seen import seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message, locale
from trafficedu.education.forms.rooms import SessionRoomsForm
from trafficedu.education.models.courses import StudySession
from trafficedu.education.queries import board as boards
from trafficedu.education.queries import rooms as queries
from trafficedu.education.queries.queueing import version_of
from trafficedu.education.queries.sessions import find_session
from trafficedu.education.services.rooms import change_rooms
from trafficedu.education.views.living import REFRESH_SECONDS, living
from trafficedu.education.views.roster import CHECK_IN

pages = Blueprint("rooms", __name__)


def _facts(study: StudySession) -> Any:
    planned = queries.planned_rooms(session(), [study])[study.id]
    return [study, sorted((kind, room.number) for kind, room in planned.items())]


@pages.route("/sessions/<number>/rooms", methods=["GET", "POST"])
@requires("education:session:manage")
def plan(number: str) -> Any:
    """I say in which room each part of a session is held."""
    study = seen(find_session(session(), number, actor()), _facts)
    if actor().scope.station_id != study.station_id:
        raise Missing(message("Sessions are planned by station staff."))
    rooms, form = queries.rooms_in_use(session(), study.station_id, study.starts_utc), SessionRoomsForm()
    form.offer(queries.kinds_of(study), rooms, queries.rooms_of(session(), study), locale())
    if submitted(form, lambda: change_rooms(session(), study, form.to_input(rooms), actor(), utc_now())):
        flash_message(message("Rooms of the session changed."))
        return back_to("sessions.show", number=number)
    return form_page("rooms/plan.html", form, study=study, rooms=rooms)


@pages.get("/sessions/<number>/board")
@requires(CHECK_IN)
def board(number: str) -> Any:
    """I hang up who of a session is in which room, for how long, and what comes next."""
    return _board(find_session(session(), number, actor()))


@pages.get("/board")
@requires(CHECK_IN)
def board_now() -> Any:
    """I hang up the board once: it shows the session that is on, all day."""
    return _board(boards.present_session(session(), actor(), utc_now()))


def _board(study: StudySession | None) -> Any:
    now = utc_now()
    version = "nothing" if study is None else version_of(session(), study, now)

    def values() -> dict[str, Any]:
        shown = None if study is None else boards.board_of(session(), study, now)
        return {"study": study, "board": shown, "now": now, "version": version, "every": REFRESH_SECONDS}

    def parts() -> dict[str, str]:
        drawn = values()
        return {name: render_template(f"rooms/_board_{name}.html", **drawn) for name in ("head", "counts", "columns")}

    return living(version, lambda: render_template("rooms/board.html", **values()), parts)
