"""Pages of notices: the receiver's list, one notice with its answer, the notice as a PDF."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask_babel import lazy_gettext as _l

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.list_views import list_page
from trafficedu.core.seen import seen
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, back_where_pressed, flash_message, locale, pdf
from trafficedu.feedback.forms import AnswerForm, CompanyObjectionForm, CorrectAnswerForm, NoticeFilterForm
from trafficedu.feedback.models import Notice
from trafficedu.feedback.queries import display
from trafficedu.feedback.queries.notices import ANSWER, find_notice, is_receiver, may_object, words_of
from trafficedu.feedback.services import answers, papers
from trafficedu.feedback.services import notices as notice_services
from trafficedu.feedback.views.blueprint import pages
from trafficedu.issued.services import issuing
from trafficedu.violations.queries.corrections import list_corrections
from trafficedu.violations.queries.objections import list_objections_of
from trafficedu.violations.services.objections import raise_objection

BACK = {"home": "overview.home", "list": "feedback.notices"}
"""Where a key on a list leads back to."""


@pages.get("/notices")
@requires("feedback:notice:read")
def notices() -> Any:
    """I look for notices; those with the least time left come first."""
    form = NoticeFilterForm(request.args, receiver=actor().may(ANSWER))
    form.validate()
    words = words_of(session(), form.q.data or "", actor())
    if not words.officers:
        form.q.finds = _l("Notice or case number, or rider") if words.riders else _l("Notice or case number")
    return list_page("feedback/notices.html", display.notices_at(actor(), utc_now()), form, form.to_input(words))


@pages.get("/notices/<number>")
@requires("feedback:notice:read")
def notice(number: str) -> Any:
    """I read what happened and what is asked of me; that I opened it is kept."""
    notice = find_notice(session(), number, actor())
    if notice.opened_utc is None and is_receiver(actor(), notice):
        notice_id = notice.id
        with writing(session()) as own:
            if notice_services.note_opened(own, notice_id, actor(), utc_now()):
                papers.issue_notice(own, own.get_one(Notice, notice_id), actor(), utc_now())
        notice = find_notice(session(), number, actor())
    return _show(notice, _answer_form(notice))


@pages.post("/notices/<number>/answer")
@requires("feedback:notice:answer")
def answer(number: str) -> Any:
    """I say what was done about the rider: by the form, or with one key on a list."""
    notice = seen(find_notice(session(), number, actor()))
    form = _answer_form(notice)
    if not submitted(form, lambda: answers.answer(session(), notice, form.to_input(), actor(), utc_now())):
        return _show(find_notice(session(), number, actor()), form), 422
    flash_message(message("Answer to notice %(number)s recorded.", number=notice.number))
    return back_where_pressed(BACK, "feedback.notice", number=notice.number)


@pages.route("/notices/<number>/objection", methods=["GET", "POST"])
@requires("feedback:notice:answer")
def object_for_rider(number: str) -> Any:
    """I object to a record for our rider, and say what is wrong with it."""
    notice = seen(find_notice(session(), number, actor()), lambda found: [found, found.violation])
    if not may_object(notice, actor()):
        raise Missing(message("Nothing can be objected to here."))
    form = CompanyObjectionForm()

    def act() -> None:
        raise_objection(session(), notice.violation, form.statement.data or "", "", utc_now(), actor())

    if submitted(form, act):
        flash_message(message("The police have your objection. The answer will stand on this page."))
        return back_to("feedback.notice", number=number)
    notice = find_notice(session(), number, actor())
    [row] = display.describe(session(), [notice], actor(), utc_now())
    return form_page("feedback/objection.html", form, notice=notice, row=row)


@pages.route("/notices/<number>/answer/correct", methods=["GET", "POST"])
@requires("feedback:notice:answer")
def correct_answer(number: str) -> Any:
    """I put my answer right; the earlier one stays readable."""
    notice = seen(find_notice(session(), number, actor()), lambda found: [found, found.feedback])
    if notice.feedback is None or not is_receiver(actor(), notice):
        raise Missing(message("There is no answer of yours to correct."))
    form = CorrectAnswerForm()
    form.offer(notice.receiver_kind)
    if not form.is_submitted():
        form.begin_with(notice.feedback)
    if submitted(
        form,
        lambda: answers.correct_answer(
            session(), notice, form.to_input(), form.reason.data, form.version.data, actor(), utc_now()
        ),
    ):
        flash_message(message("Answer to notice %(number)s corrected.", number=notice.number))
        return back_to("feedback.notice", number=notice.number)
    notice = find_notice(session(), number, actor())
    [row] = display.describe(session(), [notice], actor(), utc_now())
    return form_page("feedback/correct_answer.html", form, notice=notice, row=row)


@pages.get("/notices/<number>.pdf")
@requires("feedback:notice:read")
def notice_pdf(number: str) -> Any:
    """I print the notice."""
    notice = find_notice(session(), number, actor())
    document = papers.document_of(session(), notice, actor(), utc_now())
    [row] = display.describe(session(), [find_notice(session(), number, actor())], actor(), utc_now())
    if row.rider_id:
        return pdf(issuing.shown_file(session(), document, locale(), utc_now()), document.number)
    known = {"rider_name": row.rider_name, "masked_id": row.rider_id}
    return pdf(issuing.excerpt(session(), document, locale(), known), document.number)


def _answer_form(notice: Notice) -> AnswerForm:
    form = AnswerForm()
    form.offer(notice.receiver_kind)
    return form


def _show(notice: Notice, form: AnswerForm) -> str:
    [row] = display.describe(session(), [notice], actor(), utc_now())
    return render_template(
        "feedback/notice.html",
        notice=notice,
        row=row,
        fewer=display.fewer_now(session(), notice),
        in_force=display.in_force,
        signing=display.signing_of(session(), notice.violation),
        form=form,
        objections=[each for each in list_objections_of(session(), notice.violation_id) if each.company_id],
        may_object=may_object(notice, actor()),
        corrections=list_corrections(session(), notice.violation_id, locale(), notes=False),
    )
