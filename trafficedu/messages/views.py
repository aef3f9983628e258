"""Pages of messages: the inbox, one's own channels, the delivery log."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request

from trafficedu.core.access import actor, requires
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.forms import carried_out, form_page, submitted
from trafficedu.core.seen import changes_nothing_seen, seen
from trafficedu.core.text import message, unpacked
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, flash_message, page_place, translated
from trafficedu.messages import queries, rules
from trafficedu.messages.forms import (
    ChannelForm,
    DeliveryFilterForm,
    InboxFilterForm,
    reason_words,
)
from trafficedu.messages.services import channels as channel_services
from trafficedu.messages.services import outbox
from trafficedu.messages.services.delivery import deliver

pages = Blueprint("messages", __name__)


@pages.get("/messages")
@requires("messages:inbox:read")
def inbox() -> Any:
    """I read what the service told me."""
    form = InboxFilterForm(request.args)
    form.validate()
    found = queries.list_inbox(session(), actor(), page_place(), unread=form.state.data == "unread")
    unread = queries.count_unread(session(), actor())
    return render_template("messages/inbox.html", form=form, page=found, unread=unread, unpacked=unpacked)


@pages.get("/messages/<number>")
@requires("messages:inbox:read")
def open_push(number: str) -> Any:
    """I open a message: it counts as read, and I am on the page it speaks of."""
    push = queries.find_push(session(), number, actor())
    path = push.path
    if push.read_utc is None:
        with writing(session()) as own:
            outbox.mark_read(own, queries.find_push(own, number, actor()), utc_now())
    return redirect(path, code=303)


@pages.post("/messages/read")
@requires("messages:inbox:read")
def read_all() -> Any:
    """I mark everything as read."""
    seen(actor(), lambda who: queries.count_unread(session(), who))
    with writing(session()) as own:
        outbox.mark_all_read(own, actor(), utc_now())
    return back_to("messages.inbox")


@pages.route("/messages/channels", methods=["GET", "POST"])
@requires("messages:channel:manage")
@changes_nothing_seen("what it makes is new")
def channels() -> Any:
    """I say on which channels I want messages."""
    form = ChannelForm()
    form.offer(queries.list_kinds(session()))
    if submitted(
        form,
        lambda: channel_services.add_channel(
            session(), form.kind.data, form.address.data, form.secret.data or "", actor(), utc_now()
        ),
    ):
        flash_message(message("Channel added. Send yourself a test message."))
        return back_to("messages.channels")
    return form_page(
        "messages/channels.html",
        form,
        channels=queries.list_channels(session(), actor()),
        dry=queries.is_dry(session()),
        reason_words=reason_words,
    )


@pages.post("/messages/channels/<number>/test")
@requires("messages:channel:manage")
def test_channel(number: str) -> Any:
    """I send myself a test."""
    channel = seen(queries.find_channel(session(), number, actor()))
    if sent := carried_out(lambda: channel_services.send_test(session(), channel, actor(), utc_now())):
        delivery = sent.value
        deliver(session(), delivery.id, utc_now())
        _tell_of_test(delivery.state, delivery.reason)
    return back_to("messages.channels")


@pages.post("/messages/channels/<number>/remove")
@requires("messages:channel:manage")
def remove_channel(number: str) -> Any:
    """I want nothing more on a channel."""
    channel = seen(queries.find_channel(session(), number, actor()))
    with writing(session()) as own:
        channel_services.remove_channel(own, channel, actor(), utc_now())
    flash_message(message("Channel removed and its address deleted."))
    return back_to("messages.channels")


@pages.get("/deliveries")
@requires("messages:delivery:read")
def deliveries() -> Any:
    """I see what was sent to whom, and what did not arrive."""
    form = DeliveryFilterForm(request.args)
    form.validate()
    return render_template(
        "messages/deliveries.html",
        form=form,
        page=queries.list_deliveries(session(), form.to_input(), page_place()),
        dry=queries.is_dry(session()),
        unpacked=unpacked,
        reason_words=reason_words,
    )


def _tell_of_test(state: str, reason: str) -> None:
    """Say at once what came of a test."""
    if state == rules.DeliveryState.SENT:
        flash_message(message("Test sent. Check whether it arrived."))
    elif state == rules.DeliveryState.DRY:
        flash_message(message("Written to the delivery log; this installation does not send messages."), "warning")
    elif state == rules.DeliveryState.WAITING:
        text = message("The test could not be sent yet (%(why)s). It will be tried again.", why=reason_words(reason))
        flash_message(text, "warning")
    else:
        flash_message(message("The test did not arrive: %(why)s.", why=translated(reason_words(reason))), "error")
