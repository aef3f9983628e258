"""Pages without an account: my receipt, moving my seat, objecting, my certificate; verifying a certificate."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import quote

import flask_babel
from flask import current_app, redirect, render_template, request, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer

from trafficedu.core.access import actor, open_to_phones
from trafficedu.core.actors import VISITOR
from trafficedu.core.clock import local_date, today, utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing, Refusal, Stale
from trafficedu.core.forms import attach_error, carried_out, form_page, submitted
from trafficedu.core.lanes import kerb
from trafficedu.core.numbers import is_number, normalise
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.waiting import HasToWait, WaitingLine
from trafficedu.core.web import back_to, flash_message, locale, pdf
from trafficedu.education.models.courses import StudySession
from trafficedu.education.queries.seats import sessions_with_seats
from trafficedu.education.services.certifying import render_certificate
from trafficedu.education.services.own_seat import choose_own, give_up, keep_seat
from trafficedu.films.services import keys as film_keys
from trafficedu.issued.models import Document
from trafficedu.issued.queries.documents import may_open, what_it_says
from trafficedu.issued.services.issuing import hand_out
from trafficedu.public import queries, services
from trafficedu.public.forms import DocumentForm, KeyForm, ObjectionForm, ReceiptForm, SessionForm
from trafficedu.public.views.blueprint import pages
from trafficedu.reaching.services.calling import choose_reminders
from trafficedu.stations.models import Station
from trafficedu.violations.models.records import Violation
from trafficedu.violations.services.objections import raise_objection

COOKIE = "trafficedu_receipt"
OPEN_SECONDS = 30 * 60
NOT_OPENED = message(
    "We could not find a receipt with this number and these four characters. Check both against your receipt and "
    "your identity card."
)
RIDER = "a rider has no account: the number and the last four characters of the identity number open the receipt"


@pages.route("/receipt", methods=["GET", "POST"])
@open_to_phones(RIDER)
@changes_nothing_seen("it reads, or makes a file of what is read")
@kerb
def find() -> Any:
    """I open my receipt with its number and my last four characters."""
    form = ReceiptForm()
    if not form.validate_on_submit():
        return form_page("public/find.html", form)
    return _open(form.number.data, form, "public/find.html")


@pages.route("/n/<number>", methods=["GET", "POST"])
@open_to_phones(RIDER)
@changes_nothing_seen("it reads, or makes a file of what is read")
@kerb
def receipt(number: str) -> Any:
    """I read my receipt; the first time I prove that it is mine."""
    if number != normalise(number) and is_number(normalise(number), "V"):
        return redirect(url_for("public.receipt", number=normalise(number)), code=301)
    violation = _opened(number)
    if violation is not None and request.method == "GET":
        return render_template("public/receipt.html", receipt=queries.read_receipt(session(), violation, utc_now()))
    form = KeyForm()
    if not form.validate_on_submit():
        return form_page("public/key.html", form, number=number)
    return _open(number, form, "public/key.html")


@pages.post("/n/<number>/close")
@open_to_phones(RIDER)
@changes_nothing_seen("it closes what is open in this browser")
@kerb
def close(number: str) -> Any:
    """I close my receipt: on this phone it asks for the four characters again."""
    answer = back_to("public.find")
    answer.delete_cookie(COOKIE, path=url_for("public.receipt", number=number))
    flash_message(message("The receipt has been closed on this device."))
    return answer


@pages.route("/n/<number>/session", methods=["GET", "POST"])
@open_to_phones(RIDER)
@kerb
def move(number: str) -> Any:
    """I choose another session with a free seat for my study."""
    receipt = _receipt_or_key(number)
    if not isinstance(receipt, queries.Receipt):
        return receipt
    seen(receipt.task, lambda task: [task, receipt.held and receipt.held.id])
    if receipt.task is None or not receipt.may_choose:
        return back_to("public.receipt", number=number)
    offered = [study for study in sessions_with_seats(session(), receipt.task, utc_now()) if study != receipt.held]
    form = SessionForm()
    form.offer([(study.number, f"{session_hours(study)} {study.station.name}") for study in offered])
    by_number, task = {study.number: study for study in offered}, receipt.task
    if submitted(
        form,
        lambda: choose_own(
            session(), task, by_number[form.session.data], bool(form.earlier_ok.data), VISITOR, utc_now()
        ),
    ):
        flash_message(message("Your seat is booked. Please come at the new time."))
        return back_to("public.receipt", number=number)
    receipt = queries.read_receipt(session(), receipt.violation, utc_now())
    keys = {option.data: option for option in form.session}
    return form_page("public/move.html", form, receipt=receipt, offered=offered, keys=keys)


@pages.post("/n/<number>/session/give-up")
@open_to_phones(RIDER)
@kerb
def give_up_seat(number: str) -> Any:
    """I give my seat up: it goes to the next who waits, and I choose another one in the next days."""
    receipt = _receipt_or_key(number)
    if not isinstance(receipt, queries.Receipt):
        return receipt
    seen(receipt.task, lambda task: [task, receipt.held and receipt.held.id])
    task = receipt.task
    if task is not None and receipt.may_move:
        carried_out(
            lambda: give_up(session(), task, VISITOR, utc_now()),
            message("Your seat has been given up. Please choose another session in the next days."),
        )
    return back_to("public.receipt", number=number)


@pages.post("/n/<number>/session/keep")
@open_to_phones(RIDER)
@kerb
def keep(number: str) -> Any:
    """I keep the seat of a session that was moved."""
    receipt = _receipt_or_key(number)
    if not isinstance(receipt, queries.Receipt):
        return receipt
    seen(receipt.task, lambda task: [task, receipt.held and receipt.held.id])
    task = receipt.task
    if task is not None:
        carried_out(
            lambda: keep_seat(session(), task, VISITOR, utc_now()), message("You keep your seat. Please come then.")
        )
    return back_to("public.receipt", number=number)


@pages.post("/n/<number>/reminders")
@open_to_phones(RIDER)
@kerb
def reminders(number: str) -> Any:
    """I do without reminders, or want them again; what I have to do is told all the same."""
    receipt = _receipt_or_key(number)
    if not isinstance(receipt, queries.Receipt):
        return receipt
    seen(receipt.violation, lambda violation: queries.reminders_of(session(), violation))
    rider, declined = receipt.violation.rider, request.form.get("wanted", "") != "yes"
    if rider is None:
        raise Missing(NOT_OPENED)
    done = message("You get no reminders any more. What you have to do is told all the same.")
    carried_out(
        lambda: choose_reminders(session(), rider, declined, VISITOR, utc_now()),
        done if declined else message("You get reminders again."),
    )
    return back_to("public.receipt", number=number)


@pages.get("/n/<number>/film")
@open_to_phones(RIDER)
@kerb
def film(number: str) -> Any:
    """I open the film of my course: this phone may show it from now on, without asking again today."""
    receipt = _receipt_or_key(number)
    if not isinstance(receipt, queries.Receipt):
        return receipt
    if receipt.task is None:
        return back_to("public.receipt", number=number)
    task = receipt.task.number
    answer = back_to("films.watch", task=task)
    answer.set_cookie(
        film_keys.COOKIE,
        film_keys.key_for(current_app.config["SECRET_KEY"], task),
        max_age=film_keys.OPEN_SECONDS,
        path=url_for("films.watch", task=task),
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )
    return answer


@pages.route("/n/<number>/objection", methods=["GET", "POST"])
@open_to_phones(RIDER)
@kerb
def objection(number: str) -> Any:
    """I say why the record is wrong."""
    receipt = _receipt_or_key(number)
    if not isinstance(receipt, queries.Receipt):
        return receipt
    seen(receipt.violation)
    form = ObjectionForm()
    if not receipt.may_object:
        if request.method == "POST" and not receipt.was_told(form.statement.data):
            raise Stale(
                message("An objection to this record is being reviewed already, or none can be raised any more.")
            )
        return back_to("public.receipt", number=number)
    if submitted(
        form,
        lambda: raise_objection(session(), receipt.violation, form.statement.data, form.contact.data or "", utc_now()),
    ):
        flash_message(message("We have received your objection. The decision will appear on this page."))
        return back_to("public.receipt", number=number)
    return form_page("public/objection.html", form, receipt=receipt)


@pages.get("/n/<number>/receipt.pdf")
@open_to_phones(RIDER)
def receipt_pdf(number: str) -> Any:
    """I print my receipt."""
    document = own_document(number)
    if document is None:
        return back_to("public.receipt", number=number)
    return pdf(hand_out(session(), document, locale(), utc_now()), document.number)


@pages.get("/n/<number>/certificate.pdf")
@open_to_phones(RIDER)
def certificate_pdf(number: str) -> Any:
    """I download the certificate of my completed study."""
    receipt = _receipt_or_key(number)
    if not isinstance(receipt, queries.Receipt):
        return receipt
    if receipt.certificate is None:
        raise Missing(message("There is no certificate yet because the study has not been completed."))
    number = receipt.certificate.number
    return pdf(render_certificate(session(), number, locale(), utc_now()), number)


@pages.route("/verify", methods=["GET", "POST"])
@open_to_phones("whoever is shown a document may ask whether it holds")
@changes_nothing_seen("it reads, or makes a file of what is read")
@kerb
def verify() -> Any:
    """I type the number of a document that somebody shows me."""
    form = DocumentForm()
    if form.validate_on_submit():
        return back_to("public.verified", number=normalise(form.number.data))
    return form_page("public/verify.html", form)


@pages.get("/verify/<number>")
@open_to_phones("whoever is shown a document may ask whether it holds")
@kerb
def verified(number: str) -> Any:
    """I read whether a document holds, and what it is."""
    number, address, ticket = normalise(number), request.remote_addr or "", request.args.get("ticket", "")
    if services.has_to_wait(session(), address, utc_now()):
        try:
            with writing(session()) as own:
                _line("verify", number).pass_or_wait(own, ticket, utc_now())
        except HasToWait as wait:
            return render_template("public/wait.html", wait=wait), 429, _retry_after(wait)
    document = services.verify_document(session(), number)
    if document is None:
        with writing(session()) as own:
            services.note_unknown_document(own, number, address, utc_now())
        well_formed = services.is_documents(number)
        return render_template("public/unknown.html", number=number[:20], well_formed=well_formed), 404
    said, opens = what_it_says(session(), document), may_open(session(), document, actor())
    return render_template("public/verified.html", document=document, said=said, opens=opens)


def _open(number: str, form: KeyForm, template: str) -> Any:
    line = _line("receipt", normalise(number))
    given = services.ReceiptKey(number, form.last_four.data, request.remote_addr or "", line, form.ticket.data or "")
    form.ticket.data = ""
    try:
        with writing(session()) as own:
            violation = services.open_receipt(own, given, utc_now())
    except HasToWait as wait:
        form.ticket.data = wait.ticket
        return render_template(template, form=form, number=number, wait=wait), 429, _retry_after(wait)
    except services.TooMany as error:
        with writing(session()) as own:
            services.note_locked(own)
        attach_error(form, error)
        return render_template(template, form=form, number=number), 429
    if violation is None:
        attach_error(form, Refusal(NOT_OPENED))
        return render_template(template, form=form, number=number), 422
    answer = back_to("public.receipt", number=violation.number)
    answer.set_cookie(
        COOKIE,
        _signer().dumps(violation.number),
        max_age=OPEN_SECONDS,
        path=url_for("public.receipt", number=violation.number),
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )
    return answer


def _line(asked: str, number: str) -> WaitingLine:
    return WaitingLine(current_app.config["SECRET_KEY"], asked, number, request.remote_addr or "")


def _retry_after(wait: HasToWait) -> dict[str, str]:
    return {"Retry-After": str(wait.seconds)}


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="receipt")


def _opened(number: str) -> Violation | None:
    """Return the violation whose receipt this browser opened within the last half hour."""
    try:
        known = _signer().loads(request.cookies.get(COOKIE, ""), max_age=OPEN_SECONDS)
    except BadSignature:
        return None
    return queries.find_shown(session(), number) if known == number else None


def own_document(number: str) -> Document | None:
    """Return the receipt that this browser opened, issued by then; None where it has to be opened first."""
    violation = _opened(number)
    return None if violation is None else services.receipt_of(session(), violation.number, VISITOR, utc_now())


def _receipt_or_key(number: str) -> Any:
    """Return the opened receipt, or the way to opening it."""
    violation = _opened(number)
    if violation is None:
        return back_to("public.receipt", number=number)
    return queries.read_receipt(session(), violation, utc_now())


@pages.app_template_filter()
def session_time(study: StudySession) -> str:
    """Write when a session begins as one says it: with the day of the week, and the year where it is another one."""
    this_year = local_date(study.starts_utc).year == today().year
    english = "EEEE d MMMM, HH:mm" if this_year else "EEEE d MMMM y, HH:mm"
    chinese = "M月d日 EEEE HH:mm" if this_year else "y年M月d日 EEEE HH:mm"
    pattern = english if locale() == "en" else chinese
    return str(flask_babel.format_datetime(study.starts_utc, pattern))


@pages.app_template_filter()
def session_hours(study: StudySession) -> str:
    """Write from when to when a session lasts."""
    return "–".join(flask_babel.format_datetime(moment, "HH:mm") for moment in (study.starts_utc, study.ends_utc))


@pages.app_template_filter()
def session_day(day: date) -> str:
    """Write the day of sessions with its day of the week, and the year where it is another one."""
    this_year = day.year == today().year
    english = "EEEE d MMMM" if this_year else "EEEE d MMMM y"
    chinese = "M月d日 EEEE" if this_year else "y年M月d日 EEEE"
    return str(flask_babel.format_date(day, english if locale() == "en" else chinese))


@pages.app_template_global()
def map_link(station: Station) -> str:
    """Return where a map shows a station, "" where nobody said where it is."""
    if station.latitude is None or station.longitude is None:
        return ""
    filled = {"latitude": station.latitude, "longitude": station.longitude, "name": quote(station.name)}
    return services_of(session()).settings.map_url.format(**filled)
