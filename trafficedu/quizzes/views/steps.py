"""The addresses of the quiz: the same seven steps on the rider's own phone and on the station's tablet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint

from trafficedu.core.lanes import kerb
from trafficedu.core.seen import changes_nothing_seen
from trafficedu.quizzes.rules.words import Device
from trafficedu.quizzes.views.taking import (
    Place,
    begin,
    hand_in,
    keep_answer,
    overview_page,
    picture_of,
    question_page,
    start_page,
)

View = Callable[..., Any]


def offer(
    pages: Blueprint, device: Device, base: str, guard: Callable[[View], View], place: Callable[..., Place]
) -> None:
    """Offer the steps of the quiz below an address.

    Parameters
    ----------
    guard
        Says to whom each of them is open.
    place
        Where the quiz is taken, by what stands in the address; raises Missing where there is none.
    """

    @kerb
    def start(**who: str) -> Any:
        """I open my quiz after the check-in, go on with it, or read my result."""
        return start_page(place(**who))

    @kerb
    def begin_or_go_on(**who: str) -> Any:
        """I begin my quiz, or go on with it."""
        return begin(place(**who))

    @kerb
    def question(position: int, **who: str) -> Any:
        """I read a question."""
        return question_page(place(**who), position)

    @changes_nothing_seen("an answer says by its question what it answers, and replaces the rider's own one before")
    def answer(position: int, **who: str) -> Any:
        """I answer a question."""
        return keep_answer(place(**who), position)

    @kerb
    def overview(**who: str) -> Any:
        """I look at what I answered before handing in."""
        return overview_page(place(**who))

    @kerb
    def hand(**who: str) -> Any:
        """I hand in and read my result."""
        return hand_in(place(**who))

    @kerb
    def picture(position: int, **who: str) -> Any:
        """I look at the picture of a question."""
        return picture_of(place(**who), position)

    for step, path, method, view in (
        ("start", "", "GET", start),
        ("begin", "/begin", "POST", begin_or_go_on),
        ("question", "/<int:position>", "GET", question),
        ("answer", "/<int:position>", "POST", answer),
        ("overview", "/all", "GET", overview),
        ("hand_in", "/hand-in", "POST", hand),
        ("picture", "/<int:position>/picture", "GET", picture),
    ):
        pages.add_url_rule(f"{base}{path}", f"{device.value}_{step}", guard(view), methods=[method])
