"""A receipt is printed: by the rider whose it is, and by who works with its record; on three papers, and on a strip."""

from __future__ import annotations

import math
from base64 import b64encode
from typing import Any

from flask import Response, abort, make_response, render_template, url_for

from trafficedu.core.access import actor, open_to_all, open_to_phones, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.lanes import kerb
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, locale, pdf
from trafficedu.issued.models import Document
from trafficedu.issued.services.issuing import hand_out
from trafficedu.public import queries, services
from trafficedu.public.services import PAPERS, SCREEN, STRIP_PAGE
from trafficedu.public.views.blueprint import pages
from trafficedu.public.views.rider import RIDER, own_document
from trafficedu.violations.models.records import Violation
from trafficedu.violations.queries.records import find_violation

READ = "riders:rider:read"
PAPER = 'any(a5, a4, "80mm")'
SHORTEST, LONGEST = 60, 3000
"""Millimetres of a strip that a sheet of styles is given for."""


@pages.get("/violations/<number>/receipt")
@requires(READ)
@kerb
def shown(number: str) -> Any:
    """I show the rider the receipt on my phone, and choose what it is printed on."""
    violation, document = _handed_out(number, SCREEN)
    strip, signature = services.strip_of(session(), document, locale())
    answer = queries.read_answer(session(), violation, utc_now())
    return render_template("public/shown.html", answer=answer, strip=strip, signature=_picture(signature))


@pages.get(f"/violations/<number>/receipt/<{PAPER}:paper>.pdf")
@requires(READ)
@kerb
def printed(number: str, paper: str) -> Any:
    """I print the receipt of a record of my area; that I did is kept."""
    _, document = _handed_out(number, paper)
    return _file(document, paper)


@pages.get("/violations/<number>/receipt/strip")
@requires(READ)
@kerb
def printed_strip(number: str) -> Any:
    """I print the receipt on the printer at my belt, which prints what the browser shows."""
    violation, document = _handed_out(number, STRIP_PAGE)
    return _strip(document, url_for("public.shown", number=violation.number))


@pages.get(f"/n/<number>/receipt/<{PAPER}:paper>.pdf")
@open_to_phones(RIDER)
def own_printed(number: str, paper: str) -> Any:
    """I print my receipt on the paper I have."""
    document = own_document(number)
    return back_to("public.receipt", number=number) if document is None else _file(document, paper)


@pages.get("/n/<number>/receipt/strip")
@open_to_phones(RIDER)
def own_strip(number: str) -> Any:
    """I print my receipt on a strip."""
    document = own_document(number)
    back = url_for("public.receipt", number=number)
    return back_to("public.receipt", number=number) if document is None else _strip(document, back)


@pages.get("/receipt/strip-<int:millimetres>.css")
@open_to_all("it says how long a page is, and nothing of anybody")
def strip_length(millimetres: int) -> Any:
    """I print on a strip that is as long as what it says: a page's own styles could not say that."""
    if not SHORTEST <= millimetres <= LONGEST:
        abort(404)
    rule = f"@page {{ size: 80mm {millimetres}mm; margin: 0 }}\n"
    return Response(rule, mimetype="text/css", headers={"Cache-Control": "public, max-age=31536000"})


def _handed_out(number: str, on: str) -> tuple[Violation, Document]:
    """Return a record within the own post and the receipt that holds; who asked, and for what paper, is audited."""
    violation = find_violation(session(), number, actor())
    if (why := queries.why_no_receipt(violation)) is not None:
        abort(make_response(render_template("public/no_receipt.html", number=violation.number, why=why), 404))
    document = services.receipt_of(session(), violation.number, actor(), utc_now())
    with writing(session()) as own:
        services.note_handed_out(own, violation, document, on, actor())
    return violation, document


def _file(document: Document, paper: str) -> Response:
    body = hand_out(session(), document, locale(), utc_now(), PAPERS[paper])
    return pdf(body, document.number if paper == "a5" else f"{document.number}-{paper}")


def _strip(document: Document, back: str) -> str:
    strip, signature = services.strip_of(session(), document, locale())
    # Browsers set the words in a font of their own; where scripts run the page is measured instead.
    length = math.ceil(strip.length * 1.15) + 10
    return render_template("public/strip.html", strip=strip, signature=_picture(signature), length=length, back=back)


def _picture(signature: bytes) -> str:
    return f"data:image/png;base64,{b64encode(signature).decode()}" if signature else ""
