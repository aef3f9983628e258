"""The quiz itself, for the rider's phone and the station's tablet alike: one question a page, each answer kept at once.

One question a page because phones are slow and get lost in pockets: a page of a few kilobytes, nothing to lose, the
same place again after a reload or on another device. Nothing of it needs a script.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import render_template, url_for

from trafficedu.core.actors import Actor
from trafficedu.core.clock import utc_now
from trafficedu.core.database import session
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.forms import attach_error, carried_out
from trafficedu.core.seen import seen, sent_twice
from trafficedu.core.text import message
from trafficedu.core.transactions import writing
from trafficedu.core.web import back_to, flash_message
from trafficedu.education.models.tasks import Booking
from trafficedu.quizzes.forms import AnswerForm
from trafficedu.quizzes.models import Attempt, AttemptItem
from trafficedu.quizzes.queries.attempts import standing_of
from trafficedu.quizzes.rules.words import Device
from trafficedu.quizzes.services import attempts
from trafficedu.quizzes.views.bank import uploaded


@dataclass(frozen=True)
class Place:
    """Where a quiz is taken: whose study, on what, by whose account, and under which addresses.

    ``back`` is where the tablet leads when it is handed back, "" on the rider's own phone.
    """

    booking: Booking
    device: Device
    by: Actor
    arguments: Mapping[str, Any]
    back: str = ""

    def endpoint(self, step: str) -> str:
        """Return the endpoint of a step."""
        return f"quizzes.{self.device.value}_{step}"

    def url(self, step: str, **more: Any) -> str:
        """Return the address of a step."""
        return url_for(self.endpoint(step), **self.arguments, **more)

    def to(self, step: str, **more: Any) -> Any:
        """Lead to a step."""
        return back_to(self.endpoint(step), **self.arguments, **more)

    @property
    def is_running(self) -> bool:
        """Whether an attempt runs now."""
        return standing_of(session(), self.booking, utc_now()).running is not None


def facts_of(place: Place) -> list[Any]:
    """Return what the buttons of a quiz rest on: the study and its attempts."""
    standing = standing_of(session(), place.booking, utc_now())
    return [place.booking.id, standing.running and standing.running.id, [attempt.id for attempt in standing.ended]]


def start_page(place: Place) -> Any:
    """Show where the rider stands: may begin, goes on, or reads the result."""
    now = utc_now()
    standing = standing_of(session(), place.booking, now)
    running = standing.running
    if running is not None and running.is_over(now):
        with writing(session()) as own:
            attempts.hand_in(own, place.booking, place.by, now)
        return place.to("start")
    family = f"{place.booking.task.rider.name[:1]}**"  # anybody may look over a shoulder
    return render_template(
        "quizzes/start.html", place=place, standing=standing, facts=facts_of(place), family=family, now=now
    )


def begin(place: Place) -> Any:
    """Begin, or go on where an attempt runs already."""
    if not place.is_running:
        with sent_twice(lambda: place.is_running):
            seen(place, facts_of)
            carried_out(lambda: attempts.begin(session(), place.booking, place.device, place.by, utc_now()))
    running = standing_of(session(), place.booking, utc_now()).running
    return place.to("start") if running is None else place.to("question", position=running.next_open or 1)


def _running(place: Place) -> Attempt | None:
    """Return the attempt whose questions may be shown now."""
    now = utc_now()
    running = standing_of(session(), place.booking, now).running
    return None if running is None or running.is_over(now) else running


def _item(attempt: Attempt, position: int) -> AttemptItem:
    item = next((item for item in attempt.items if item.position == position), None)
    if item is None:
        raise Missing(message("This quiz has no question %(number)d.", number=position))
    return item


def question_page(place: Place, position: int, form: AnswerForm | None = None) -> Any:
    """Show one question of the running attempt, with the answer given before."""
    attempt = _running(place)
    if attempt is None:
        return place.to("start")
    item = _item(attempt, position)
    page = render_template(
        "quizzes/taking.html",
        place=place,
        attempt=attempt,
        item=item,
        chosen=item.chosen if form is None else form.chosen(),
        form=form or AnswerForm(formdata=None),
        now=utc_now(),
    )
    return page, 422 if form is not None and form.errors else 200


def keep_answer(place: Place, position: int) -> Any:
    """Keep the answer and go on to the next question without one, or to the last look before handing in."""
    form = AnswerForm()
    if not form.validate_on_submit():
        return question_page(place, position, form)
    try:
        with writing(session()):
            item = attempts.answer(session(), place.booking, form.item_id(), form.chosen(), utc_now())
            attempt, at = item.attempt, item.position
            later = [each.position for each in attempt.items if each.answer is None and each.position > at]
            following = later[0] if later else attempt.next_open
            is_running = attempt.is_running
    except Refusal as refusal:
        if refusal.text == attempts.TOO_LATE:
            flash_message(refusal.text, "error")
            return place.to("start")
        attach_error(form, refusal)
        return question_page(place, position, form)
    if not is_running:
        return place.to("start")
    return place.to("question", position=following) if following else place.to("overview")


def overview_page(place: Place) -> Any:
    """Show which questions have an answer, before handing in."""
    attempt = _running(place)
    if attempt is None:
        return place.to("start")
    open_ones = [item.position for item in attempt.items if item.answer is None]
    return render_template(
        "quizzes/overview.html", place=place, attempt=attempt, open_ones=open_ones, facts=facts_of(place), now=utc_now()
    )


def hand_in(place: Place) -> Any:
    """Hand in: marked at once. Handed in before, it gives the same result."""
    if place.is_running:
        with sent_twice(lambda: not place.is_running):
            seen(place, facts_of)
            carried_out(lambda: attempts.hand_in(session(), place.booking, place.by, utc_now()))
    return place.to("start")


def picture_of(place: Place, position: int) -> Any:
    """Send the picture that was uploaded for a question of the rider's own attempt, running or ended."""
    standing = standing_of(session(), place.booking, utc_now())
    attempt = standing.running or standing.last
    if attempt is None:
        raise Missing(message("No quiz has begun."))
    item = _item(attempt, position)
    if item.version.picture_key is None:
        raise Missing(message("This question has no picture of its own."))
    return uploaded(item.version)
