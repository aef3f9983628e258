"""The addresses of the quiz: the same seven steps on the rider's own phone and on the station's tablet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


Step = tuple[str, str, View]
"""Its name, what stands behind the address of the quiz, and its view."""


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
    for method, steps in (("GET", _shown(place)), ("POST", _done(place))):
        for name, path, view in steps:
            pages.add_url_rule(f"{base}{path}", f"{device.value}_{name}", guard(view), methods=[method])


def _shown(place: Callable[..., Place]) -> Sequence[Step]:
    @kerb
    def start(**who: str) -> Any:
        """I open my quiz after the check-in, go on with it, or read my result."""
        return start_page(place(**who))

    @kerb
    def question(position: int, **who: str) -> Any:
        """I read a question."""
        return question_page(place(**who), position)

    @kerb
    def overview(**who: str) -> Any:
        """I look at what I answered before handing in."""
        return overview_page(place(**who))

    @kerb
    def picture(position: int, **who: str) -> Any:
        """I look at the picture of a question."""
        return picture_of(place(**who), position)

    return [
        ("start", "", start),
        ("question", "/<int:position>", question),
        ("overview", "/all", overview),
        ("picture", "/<int:position>/picture", picture),
    ]


def _done(place: Callable[..., Place]) -> Sequence[Step]:
    @kerb
    def begin_or_go_on(**who: str) -> Any:
        """I begin my quiz, or go on with it."""
        return begin(place(**who))

    @kerb
    @changes_nothing_seen("an answer says by its question what it answers, and replaces the rider's own one before")
    def answer(position: int, **who: str) -> Any:
        """I answer a question."""
        return keep_answer(place(**who), position)

    @kerb
    def hand(**who: str) -> Any:
        """I hand in and read my result."""
        return hand_in(place(**who))

    return [
        ("begin", "/begin", begin_or_go_on),
        ("answer", "/<int:position>", answer),
        ("hand_in", "/hand-in", hand),
    ]
