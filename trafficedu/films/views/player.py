"""The player on the rider's own phone: opened by who proved to be the rider on the own page, for that task alone.

What the script says, and what it is told, is JSON; what is refused is said in a sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import current_app, render_template, request, url_for
from sqlalchemy.orm import Session

from trafficedu.core.access import open_to_phones
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.lanes import kerb
from trafficedu.core.numbers import normalise
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.core.text import message, translate
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, flash_message, locale
from trafficedu.education.models.tasks import StudyTask
from trafficedu.films.models import Film
from trafficedu.films.queries.films import find_film
from trafficedu.films.queries.watching import find_task, standing_of
from trafficedu.films.rules import pictures
from trafficedu.films.rules.watching import BEAT_SECONDS
from trafficedu.films.services import keys, watching
from trafficedu.films.views.blueprint import pages
from trafficedu.films.views.video import answer_video

RIDER = "a rider has no account: the own page opened this task's films on this phone, and nothing else"
BY_RUN = "a player says by its own run what it saw; a run that another phone took over is refused"
BASE = "/film/<task>"
OPEN_AGAIN = message("Open the film again from your own page: the receipt's number and your last four characters.")


def _task(number: str) -> StudyTask:
    """Return the task whose films this phone may show; raise Missing for any other one."""
    number = normalise(number)
    key = request.cookies.get(keys.COOKIE, "")
    task = find_task(session(), number) if keys.opens(_secret(), key, number) else None
    if task is None:
        raise Missing(OPEN_AGAIN)
    return task


def _secret() -> str:
    return str(current_app.config["SECRET_KEY"])


@pages.get(BASE)
@open_to_phones(RIDER)
@kerb
def watch(task: str) -> Any:
    """I watch the film of my course, and see how much of it I have seen; the next day I prove anew who I am."""
    try:
        mine = _task(task)
    except Missing as missing:
        flash_message(missing.text, "warning")
        return back_to("public.find")
    standing = standing_of(session(), mine, utc_now())
    family = f"{mine.rider.name[:1]}**"  # anybody may look over a shoulder
    receipt = mine.links[-1].violation.number if mine.links else None
    return render_template(
        "films/watch.html",
        task=mine,
        standing=standing,
        shown=standing.next_film,
        family=family,
        beat=BEAT_SECONDS,
        receipt=receipt,
    )


@pages.get(f"{BASE}/<code>/<int:number>/video")
@open_to_phones(RIDER)
@kerb
def watch_video(task: str, code: str, number: int) -> Any:
    """My phone fetches a part of the video."""
    mine = _task(task)
    film = find_film(session(), code, number)
    if film.id not in {shown.film.id for shown in standing_of(session(), mine, utc_now()).films}:
        raise Missing(watching.NO_SUCH)
    return answer_video(film)


@pages.post(f"{BASE}/<code>/<int:number>/begin")
@open_to_phones(RIDER)
@changes_nothing_seen(BY_RUN)
@kerb
def watch_begin(task: str, code: str, number: int) -> Any:
    """I press play: the first segment that I have not seen begins."""
    return _told(task, code, number, lambda own, mine, film: watching.begin(own, mine, film.id, _run(), utc_now()))


@pages.post(f"{BASE}/<code>/<int:number>/beat")
@open_to_phones(RIDER)
@changes_nothing_seen(BY_RUN)
@kerb
def watch_beat(task: str, code: str, number: int) -> Any:
    """My phone says that the film runs, or stands still."""
    playing = request.form.get("playing") == "1"
    return _told(
        task,
        code,
        number,
        lambda own, mine, film: watching.beat(own, mine, film.id, _run(), utc_now(), playing=playing),
    )


@pages.post(f"{BASE}/<code>/<int:number>/check")
@open_to_phones(RIDER)
@changes_nothing_seen(BY_RUN)
@kerb
def watch_check(task: str, code: str, number: int) -> Any:
    """I tap the picture that I was asked for."""
    tapped = request.form.get("picture", "")[:40]
    return _told(
        task, code, number, lambda own, mine, film: watching.answer(own, mine, film.id, _run(), tapped, utc_now())
    )


@pages.post(f"{BASE}/<code>/<int:number>/end")
@open_to_phones(RIDER)
@changes_nothing_seen(BY_RUN)
@kerb
def watch_end(task: str, code: str, number: int) -> Any:
    """I saw a segment to its end."""
    typed = request.form.get("position", "")
    position = int(typed) if typed.isdecimal() and len(typed) < 4 else 0
    return _told(
        task, code, number, lambda own, mine, film: watching.end(own, mine, film.id, _run(), position, utc_now())
    )


def _run() -> str:
    return request.form.get("run", "")[:36]


def _told(task: str, code: str, number: int, act: Callable[[Session, StudyTask, Film], watching.Told]) -> Any:
    """Do what the player says, and answer what it is to do now; a refusal is a sentence."""
    mine, film = _task(task), find_film(session(), code, number)
    try:
        with writing(session()) as own:
            told = act(own, mine, film)
    except Refusal as refusal:
        stops = isinstance(refusal, watching.TakenOver)
        left = refusal.text.params.get("seconds")
        said = {"message": translate(refusal.text, locale()), "stops": stops, "left": left}
        return said, 409 if stops else 422
    return {
        "position": told.position,
        "counted": told.counted,
        "repeats": told.repeats,
        "wrong": told.is_wrong,
        "over": told.is_over,
        "message": _sentence(told),
        "check": None if told.check is None else _question(told.check),
    }


def _sentence(told: watching.Told) -> str:
    text = watching.AGAIN if told.repeats else watching.NOT_IT if told.is_wrong else None
    return "" if text is None else translate(text, locale())


def _question(check: watching.Check) -> dict[str, Any]:
    """Return the question as the page shows it: what to tap, in words, and the pictures without them."""
    offered = [{"name": name, "url": url_for("films.picture", name=name)} for name in check.offered]
    return {"said": pictures.said(check.wanted, locale()), "seconds": check.seconds, "pictures": offered}
