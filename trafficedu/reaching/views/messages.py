"""Pages of messages to riders: the log, whom to ring up, how a rider is told."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Refusal
from trafficedu.core.forms import attach_error, carried_out, form_page, submitted
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.services import services_of
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, back_where_pressed, flash_message, page_place
from trafficedu.education.models.courses import StudySession
from trafficedu.education.queries import people
from trafficedu.education.queries.sessions import find_session
from trafficedu.education.queries.tasks import find_task
from trafficedu.messages.queries import is_dry
from trafficedu.reaching.forms import ContactForm, MessageFilterForm, TestForm, reason_words
from trafficedu.reaching.models import RiderMessage
from trafficedu.reaching.queries import contacts, log
from trafficedu.reaching.queries.gateway import gateway_of
from trafficedu.reaching.rules.telling import MessageAct
from trafficedu.reaching.services import calling, trying
from trafficedu.reaching.views.blueprint import pages

BACK = {"calls": "reaching.calls", "log": "reaching.messages"}
"""Where a key leads back to."""
CALL = "reaching:call:make"


@pages.get("/rider-messages")
@requires("reaching:message:read")
def messages() -> Any:
    """I see what riders were told, on which channel, and what did not arrive."""
    form = MessageFilterForm(request.args)
    form.validate()
    chosen = form.to_input(people.words_of(session(), form.q.data or "", actor()))
    page = log.list_messages(session(), actor(), chosen, page_place())
    return render_template(
        "reaching/messages.html",
        form=form,
        page=page,
        people=people.people(session(), [row.rider for row in page.items], actor()),
        dry=is_dry(session()),
        reason_words=reason_words,
        act=MessageAct,
    )


@pages.route("/rider-messages/gateway", methods=["GET", "POST"])
@requires(trying.TEST)
@changes_nothing_seen("a test rests on no record")
def gateway() -> Any:
    """I see how riders are reached from here, and send myself a test."""
    form = TestForm()
    settings = services_of(session()).settings
    try:
        outcome = (
            trying.send_test(session(), form.phone.data, actor(), utc_now()) if form.validate_on_submit() else None
        )
    except Refusal as refusal:
        attach_error(form, refusal)
        outcome = None
    return form_page(
        "reaching/gateway.html",
        form,
        gateway=gateway_of(settings),
        channels=contacts.set_up_channels(session()),
        dry=is_dry(session()),
        outcome=outcome,
        reason_words=reason_words,
    )


def _find(number: str) -> RiderMessage:
    return seen(log.find_message(session(), number, actor()))


@pages.post("/rider-messages/<number>/resend")
@requires("reaching:message:resend")
def resend(number: str) -> Any:
    """I have a message sent again that did not arrive."""
    row = _find(number)
    carried_out(
        lambda: calling.resend(session(), row, actor(), utc_now()),
        message("The message is sent again with the next round."),
    )
    return back_where_pressed(BACK, "reaching.messages")


def _of_session() -> tuple[str, StudySession | None]:
    """Return the session whose riders are meant, with its number; "" for those of all."""
    number = "".join(sign for sign in request.args.get("of", "") if sign.isalnum())[:12]
    return number, find_session(session(), number, actor()) if number else None


@pages.get("/calls/choosing")
@requires(CALL)
def choosing() -> Any:
    """I see who has not chosen yet after a session was moved, with the numbers, to ring them up or to print it."""
    number, study = _of_session()
    with writing(session()) as own:
        found = calling.open_choosers(own, actor(), number, utc_now())
    riders = [one.booking.task.rider for one in found]
    return render_template(
        "reaching/choosing.html",
        choosers=found,
        study=study,
        people=people.people(session(), riders, actor()),
        now_utc=utc_now(),
    )


@pages.get("/calls")
@requires(CALL)
def calls() -> Any:
    """I see whom no message reached, with the numbers, to ring them up or to print the list."""
    number, study = _of_session()
    with writing(session()) as own:
        found = calling.open_calls(own, actor(), number)
    riders = [call.message.rider for call in found]
    return render_template(
        "reaching/calls.html",
        calls=found,
        study=study,
        people=people.people(session(), riders, actor()),
        reason_words=reason_words,
        most=log.MOST_CALLS,
        now_utc=utc_now(),
    )


@pages.post("/rider-messages/<number>/told")
@requires(CALL)
def told(number: str) -> Any:
    """I told a rider by phone."""
    row = _find(number)
    carried_out(
        lambda: calling.note_told(session(), row, actor(), utc_now()), message("Noted: the rider was told by phone.")
    )
    return back_where_pressed(BACK, "reaching.calls")


@pages.post("/rider-messages/<number>/not-told")
@requires(CALL)
def not_told(number: str) -> Any:
    """I take back that a rider was told: it was a slip."""
    row = _find(number)
    carried_out(
        lambda: calling.take_back_told(session(), row, actor(), utc_now()), message("The rider is on the list again.")
    )
    return back_where_pressed(BACK, "reaching.messages")


@pages.route("/education/<number>/contact", methods=["GET", "POST"])
@requires("reaching:contact:manage")
def contact(number: str) -> Any:
    """I note how a rider wants to be told, and that reminders are not wanted."""
    task = find_task(session(), number, actor())
    row = contacts.contact_row(session(), task.rider)
    seen(task, lambda found: [found, contacts.contact_row(session(), found.rider)])
    known = contacts.addresses_of(session(), row)
    form = ContactForm(
        language=row.language if row else "zh",
        email=known.email,
        wechat=known.wechat,
        declined=row.declined if row else False,
        version=row.version if row else 0,
    )
    if submitted(
        form,
        lambda: calling.keep_contact(
            session(), task.rider, form.to_input(), form.version.data or 0, actor(), utc_now()
        ),
    ):
        flash_message(message("Kept. The next messages go out this way."))
        return back_to("education.task", number=number)
    return form_page(
        "reaching/contact.html",
        form,
        task=task,
        person=people.people(session(), [task.rider], actor())[task.rider_id],
        reached=contacts.contact_of(session(), task.rider),
        channels=contacts.open_channels(session()),
    )
