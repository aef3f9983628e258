"""Pages of notices: the receiver's list, one notice with its answer, the notice as a PDF."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, render_template, request, url_for

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session, writing
from trafficedu.core.errors import Missing
from trafficedu.core.forms import submitted
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.core.web import back_to, locale, page_number, tell
from trafficedu.feedback.forms import AnswerForm, NoticeFilterForm
from trafficedu.feedback.models import Notice
from trafficedu.feedback.queries import rows
from trafficedu.feedback.queries.notices import ANSWER, find_notice, is_receiver, list_notices
from trafficedu.feedback.services import notices as notice_services
from trafficedu.feedback.views.blueprint import pages
from trafficedu.reports import notice as paper

BACK = {"home": "overview.home", "list": "feedback.notices"}
"""Where a key on a list leads back to."""


@pages.get("/notices")
@requires("feedback:notice:read")
def notices() -> Any:
    """I look for notices; those with the least time left come first."""
    form = NoticeFilterForm(request.args, receiver=actor().may(ANSWER))
    form.validate()
    page = list_notices(session(), form.to_input(), actor(), utc_now(), page_number())
    return render_template("feedback/notices.html", form=form, page=page, rows=_rows(page.items))


@pages.get("/notices/<number>")
@requires("feedback:notice:read")
def notice(number: str) -> Any:
    """I read what happened and what is asked of me; that I opened it is kept."""
    found = find_notice(session(), number, actor())
    if found.opened_utc is None and is_receiver(actor(), found):
        notice_id = found.id
        with writing() as own:
            notice_services.note_opened(own, notice_id, actor(), utc_now())
        found = find_notice(session(), number, actor())
    return _show(found, _answer_form(found))


@pages.post("/notices/<number>/answer")
@requires("feedback:notice:answer")
def answer(number: str) -> Any:
    """I say what was done about the rider: by the form, or with one key on a list."""
    found = find_notice(session(), number, actor())
    form = _answer_form(found)
    if not submitted(form, lambda: notice_services.answer(session(), found, form.to_input(), actor(), utc_now())):
        return _show(find_notice(session(), number, actor()), form), 422
    tell(message("Answer to notice %(number)s recorded.", number=found.number))
    return (
        back_to(BACK[request.form["back"]])
        if request.form.get("back") in BACK
        else back_to("feedback.notice", number=found.number)
    )


@pages.get("/notices/<number>.pdf")
@requires("feedback:notice:read")
def notice_pdf(number: str) -> Any:
    """I print the notice."""
    found = find_notice(session(), number, actor())
    if found.sent_utc is None:
        raise Missing(message("This notice has not been sent, so there is no document yet."))
    address = services_of(session()).address(url_for("feedback.notice", number=found.number))
    data = rows.paper_of(session(), found, actor(), utc_now(), locale(), address)
    return Response(
        paper.render(data, locale()),
        mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{found.number}.pdf"'},
    )


def _rows(found: Sequence[Notice]) -> list[rows.NoticeRow]:
    return rows.describe(session(), found, actor(), utc_now())


def _answer_form(found: Notice) -> AnswerForm:
    form = AnswerForm()
    form.offer(found.receiver_kind)
    return form


def _show(found: Notice, form: AnswerForm) -> str:
    row = _rows([found])[0]
    return render_template("feedback/notice.html", notice=found, row=row, form=form)
