"""The films of the district: looked through, made, cut into segments, put into use, retired."""

from __future__ import annotations

from contextlib import closing, nullcontext
from typing import Any

from flask import Response, abort, current_app, render_template, request

from trafficedu.configuration.queries import figure
from trafficedu.core.access import actor, open_to_all, requires
from trafficedu.core.clock import today, utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import carried_out, form_page, submitted
from trafficedu.core.lines import LINE
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message, locale
from trafficedu.films.forms import FilmForm, NewFilmForm
from trafficedu.films.queries.films import (
    count_viewings,
    find_film,
    find_in_use,
    lengths_of,
    list_courses,
    list_films,
    list_versions,
    what_lacks,
    why_nobody_watches,
)
from trafficedu.films.rules import pictures
from trafficedu.films.rules.words import FilmAct
from trafficedu.films.services import films as services
from trafficedu.films.services.films import MANAGE
from trafficedu.films.views.blueprint import pages
from trafficedu.films.views.video import answer_video

READ = "films:film:read"


def _courses() -> list[tuple[str, str]]:
    return [(course.code, course.name(locale())) for course in list_courses(session())]


@pages.get("/films")
@requires(READ)
def index() -> Any:
    """I see which films riders may watch at home."""
    nobody = why_nobody_watches(session(), today())
    return render_template("films/films.html", films=list_films(session()), courses=dict(_courses()), nobody=nobody)


@pages.get("/films/<code>/<int:number>")
@requires(READ)
def show(code: str, number: int) -> Any:
    """I look at a film as riders see it, segment by segment."""
    film, names = find_film(session(), code, number), dict(_courses())
    return render_template(
        "films/film.html",
        film=film,
        of_courses=" · ".join(names.get(each, each) for each in film.course_codes),
        versions=list_versions(session(), code),
        viewings=count_viewings(session(), film),
        replaced=find_in_use(session(), code),
        lacks=what_lacks(session(), film),
        act=FilmAct,
    )


@pages.route("/films/new", methods=["GET", "POST"])
@requires(MANAGE)
@changes_nothing_seen("what it makes is new")
def new() -> Any:
    """I add a film, with the file of a video or of pictures."""
    form = NewFilmForm()
    form.offer(_courses())
    most = min(figure(session(), "films.most_megabytes"), current_app.config["MAX_CONTENT_LENGTH"] // 1024**2)

    def add() -> str:
        sent = form.video.data or None
        with closing(sent) if sent else nullcontext():  # what is large lies in a file of the system until then
            video = sent.stream if sent else None
            film = services.add_film(session(), form.code.data, form.to_input(), actor(), utc_now(), video)
        return film.code

    if accepted := submitted(form, add):
        flash_message(message("Film added as a draft. Cut it into segments, then put it into use."))
        return back_to("films.edit", code=accepted.value, number=1)
    return form_page("films/new.html", form, most=most)


@pages.route("/films/<code>/<int:number>/edit", methods=["GET", "POST"])
@requires(MANAGE)
def edit(code: str, number: int) -> Any:
    """I cut a draft into segments and write what is said in them."""
    film = seen(find_film(session(), code, number))
    if not film.is_draft and request.method == "GET":
        return back_to("films.show", code=code, number=number)
    form = FilmForm()
    if not form.is_submitted():
        form.fill(film)
    form.offer(_courses())
    if form.rearrange(request.form.get(LINE, "")):
        form.name(film)
        return render_template("films/edit.html", form=form, film=film, lengths=lengths_of(session()))
    form.name(film)
    if submitted(
        form,
        lambda: services.change_film(session(), film, form.to_input(film), actor(), seen=form.version.data),
    ):
        flash_message(message("Film saved."))
        return back_to("films.show", code=code, number=number)
    return form_page("films/edit.html", form, film=film, lengths=lengths_of(session()))


@pages.post("/films/<code>/<int:number>/release")
@requires(MANAGE)
def release(code: str, number: int) -> Any:
    """I put a film into use; the version before it is retired."""
    film = seen(find_film(session(), code, number))
    carried_out(lambda: services.release_film(session(), film, actor()), message("Film in use."))
    return back_to("films.show", code=code, number=number)


@pages.post("/films/<code>/<int:number>/retire")
@requires(MANAGE)
def retire(code: str, number: int) -> Any:
    """I take a film out of use; who began it may end it."""
    film = seen(find_film(session(), code, number))
    carried_out(lambda: services.retire_film(session(), film, actor()), message("Film retired."))
    return back_to("films.show", code=code, number=number)


@pages.post("/films/<code>/<int:number>/next")
@requires(MANAGE)
def following(code: str, number: int) -> Any:
    """I begin the next version of a film; the present one stays in use until that is ready."""
    film = seen(find_film(session(), code, number))
    made = carried_out(lambda: services.next_version(session(), film, actor(), utc_now()))
    if made is None:
        return back_to("films.show", code=code, number=number)
    return back_to("films.edit", code=code, number=made.value.number)


@pages.get("/films/<code>/<int:number>/video")
@requires(READ)
def video(code: str, number: int) -> Any:
    """I play the file of a film."""
    return answer_video(find_film(session(), code, number))


@pages.get("/films/pictures/<name>.svg")
@open_to_all("drawings of the road, of nobody")
def picture(name: str) -> Any:
    """I look at a picture of a film."""
    drawn = pictures.picture(name)
    if drawn is None:
        abort(404)
    return Response(drawn, mimetype="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


@pages.app_template_global()
def film_picture_said(name: str) -> str:
    """Return what a picture of a film shows, in words."""
    return pictures.said(name, locale())
