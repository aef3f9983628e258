"""The question bank: looked through, made, changed, retired, previewed; how its questions do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import flask_babel
from flask import Response, abort, render_template, request

from trafficedu.analysis.items import Estimate
from trafficedu.core.access import actor, open_to_all, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.forms import carried_out, form_page, submitted
from trafficedu.core.list_views import list_page
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.core.web import back_to, flash_message, locale
from trafficedu.quizzes.forms import BankForm, QuestionEntry
from trafficedu.quizzes.models import Question, QuestionVersion
from trafficedu.quizzes.queries import bank as queries
from trafficedu.quizzes.queries.bank import BANK, READ, STATISTICS
from trafficedu.quizzes.rules import signs
from trafficedu.quizzes.rules.words import QuestionAct
from trafficedu.quizzes.services import bank as services
from trafficedu.quizzes.services.bank import MANAGE
from trafficedu.quizzes.views.blueprint import pages


def _kinds() -> list[tuple[str, str]]:
    return [(code, kind.name(locale())) for code, kind in queries.list_kinds(session()).items()]


def _courses() -> Sequence[tuple[str, str]]:
    return [(course.code, course.name(locale())) for course in queries.list_courses(session())]


def _chosen() -> BankForm:
    form = BankForm(request.args)
    form.offer(_kinds())
    form.validate()
    return form


@pages.get("/questions")
@requires(READ)
def index() -> Any:
    """I look through the questions."""
    form = _chosen()
    return list_page("quizzes/bank.html", BANK, form, form.to_input())


@pages.get("/questions/statistics")
@requires(READ)
def statistics() -> Any:
    """I see how hard each question is, and how well it tells who knows from who does not."""
    form = _chosen()
    return list_page("quizzes/statistics.html", STATISTICS, form, form.to_input())


@pages.get("/questions/<code>")
@requires(READ)
def show(code: str) -> Any:
    """I read a question as riders see it, its versions, and how it does."""
    question = queries.find_question(session(), code)
    present, kinds = services.newest(question), dict(_kinds())
    names = [kinds.get(kind, kind) for kind in present.kind_codes]
    return render_template(
        "quizzes/question.html",
        question=question,
        present=present,
        about=("、" if locale() == "zh" else ", ").join(names),
        courses=_courses(),
        result=queries.result_of(present),
        act=QuestionAct,
    )


@pages.route("/questions/new", methods=["GET", "POST"])
@requires(MANAGE)
@changes_nothing_seen("what it makes is new")
def new() -> Any:
    """I add a question."""
    form = QuestionEntry()
    form.offer(_kinds(), _courses())

    def add() -> str:
        question = services.add_question(session(), form.code.data, form.to_input(), actor(), utc_now(), _picture(form))
        return question.code

    if accepted := submitted(form, add):
        flash_message(message("Question added."))
        return back_to("quizzes.show", code=accepted.value)
    return form_page("quizzes/edit.html", form, question=None)


@pages.route("/questions/<code>/edit", methods=["GET", "POST"])
@requires(MANAGE)
def edit(code: str) -> Any:
    """I make a new version of a question; what was asked stays as it was."""
    question = seen(queries.find_question(session(), code))
    form = QuestionEntry()
    if not form.is_submitted():
        form.fill(services.newest(question), _courses())
    form.offer(_kinds(), _courses())

    def change() -> None:
        services.change_question(
            session(),
            question,
            form.to_input(),
            actor(),
            utc_now(),
            seen=form.version.data,
            picture=_picture(form),
        )

    if submitted(form, change):
        flash_message(message("Question saved."))
        return back_to("quizzes.show", code=code)
    return form_page("quizzes/edit.html", form, question=question)


@pages.post("/questions/<code>/retire")
@requires(MANAGE)
def retire(code: str) -> Any:
    """I let a question be asked no more."""
    question = seen(queries.find_question(session(), code))
    carried_out(lambda: services.retire_question(session(), question, actor()), message("Question retired."))
    return back_to("quizzes.show", code=code)


@pages.post("/questions/<code>/release")
@requires(MANAGE)
def release(code: str) -> Any:
    """I let a draft or a retired question be asked."""
    question = seen(queries.find_question(session(), code))
    carried_out(lambda: services.release_question(session(), question, actor()), message("Question in use."))
    return back_to("quizzes.show", code=code)


@pages.get("/questions/<code>/picture/<int:version>")
@requires(READ)
def picture(code: str, version: int) -> Any:
    """I look at the picture of a version."""
    question: Question = queries.find_question(session(), code)
    shown = next((each for each in question.versions if each.number == version), None)
    if shown is None or shown.picture_key is None:
        raise Missing(message("This question has no picture of its own."))
    return uploaded(shown)


@pages.get("/signs/<name>.svg")
@open_to_all("signs of the road, of nobody")
def sign(name: str) -> Any:
    """I look at a sign that a question asks about."""
    drawn = signs.picture(name)
    if drawn is None:
        abort(404)
    return Response(drawn, mimetype="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


def uploaded(version: QuestionVersion) -> Response:
    """Return the picture that somebody uploaded for a version; the caller has checked who may see it."""
    assert version.picture_key is not None
    content = services_of(session()).evidence.read(version.picture_key)
    return Response(content, mimetype="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


def _picture(form: QuestionEntry) -> bytes | None:
    content: bytes = form.picture.data.read() if form.picture.data else b""
    return content or None


@pages.app_template_global()
def quiz_time(moment: datetime) -> str:
    """Write the time of day on which a quiz ends."""
    return str(flask_babel.format_datetime(moment, "HH:mm"))


@pages.app_template_global()
def quiz_figure(estimate: Estimate) -> str:
    """Write a correlation with its interval."""
    told = (f"{value:.2f}".replace("-", "−") for value in (estimate.value, estimate.low, estimate.high))
    return "{} ({} … {})".format(*told)
