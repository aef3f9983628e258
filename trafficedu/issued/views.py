"""The page of a document: whether it holds, its files as they were handed out, and what the records say by now."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, abort, redirect, render_template, request

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing
from trafficedu.core.forms import carried_out, form_page, submitted
from trafficedu.core.numbers import normalise
from trafficedu.core.seen import seen
from trafficedu.core.text import LOCALES, message
from trafficedu.core.web import back_to, flash_message, locale, pdf, tables
from trafficedu.issued.forms import RevokeForm
from trafficedu.issued.models import Document
from trafficedu.issued.queries.comparing import differences
from trafficedu.issued.queries.documents import find_document_for, list_documents, what_it_says
from trafficedu.issued.queries.drawing import DRAWINGS
from trafficedu.issued.rules import OF_A_MONTH, DocumentAct
from trafficedu.issued.services import issuing
from trafficedu.issued.services.issuing import NewDocument

pages = Blueprint("issued", __name__)
READ, CORRECT = "issued:document:read", "issued:document:correct"


def _document(number: str) -> Document:
    return find_document_for(session(), normalise(number), actor())


def _now(document: Document) -> NewDocument | None:
    """Return what would be issued instead of a document now, or None where its record is not there any more."""
    make = tables().documents.get(document.kind)
    if make is None or not document.is_valid:
        return None
    try:
        return cast(NewDocument, make(session(), document.subject, utc_now()))
    except Missing:
        return None


def _would_be(document: Document, new: NewDocument | None) -> str:
    """Return what tells what would be issued instead of a document from anything else; of a month, its evaluation."""
    if new is not None and document.kind in OF_A_MONTH:
        return str(new.evaluation)
    return "" if new is None else issuing.what_would_be_said(session(), document, new)


@pages.get("/documents/<number>")
@requires(READ)
def show(number: str) -> Any:
    """I see whether a document holds, what it says, and what the records say by now."""
    document = _document(number)
    said, compared = what_it_says(session(), document), document.kind not in OF_A_MONTH or "compare" in request.args
    new, changed = _now(document) if compared else None, []
    if new is not None and not issuing.is_the_same(session(), document, new):
        changed = differences(session(), document, new.paper(locale(), said.proof), locale())
    return render_template(
        "issued/document.html",
        document=document,
        said=said,
        changed=changed,
        would_be=_would_be(document, new),
        compared=compared,
        chain=list_documents(session(), document.kind, document.subject),
        files=[(ending, language) for ending in DRAWINGS[document.kind].files for language in LOCALES],
        act=DocumentAct,
    )


@pages.get("/documents/<number>/<any(zh, en):language>.<ending>")
@requires(READ)
def file(number: str, language: str, ending: str) -> Any:
    """I open a document as it was handed out; one that no longer holds says so across its pages."""
    document = _document(number)
    if ending not in DRAWINGS[document.kind].files:
        abort(404)
    body = issuing.shown_file(session(), document, language, utc_now(), ending)
    if ending.endswith("pdf"):
        return pdf(body, f"{document.number}.{ending}".removesuffix(".pdf"))
    name = f"{document.number}-{language}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, mimetype="application/octet-stream", headers=headers)


@pages.post("/documents/<number>/correct")
@requires(CORRECT)
def correct(number: str) -> Any:
    """I issue a correction: a new document that says what the records say, instead of this one."""
    document = seen(_document(number), lambda found: [found, _would_be(found, _now(found))])
    new = _now(document)
    if new is None:
        raise Missing(message("There is nothing to correct this document by."))
    if document.kind in OF_A_MONTH:
        new = issuing.prepared(new)
    if accepted := carried_out(
        lambda: issuing.issue(session(), new, actor(), utc_now(), replaces=document).number,
        message("The correction is issued."),
    ):
        return back_to("issued.show", number=accepted.value)
    return back_to("issued.show", number=document.number)


@pages.route("/documents/<number>/revoke", methods=["GET", "POST"])
@requires(CORRECT)
def revoke(number: str) -> Any:
    """I take a document back, with a reason; a certificate where its sign-off is taken back."""
    document, form = _document(number), RevokeForm()
    if document.is_valid and (elsewhere := tables().revoked_at.get(document.kind)) is not None:
        return redirect(elsewhere(session(), document.subject), code=303)
    seen(document)
    if submitted(form, lambda: issuing.revoke(session(), document, form.reason.data, actor(), utc_now())):
        flash_message(message("The document is revoked."))
        return back_to("issued.show", number=number)
    return form_page("issued/revoke.html", form, document=document)
