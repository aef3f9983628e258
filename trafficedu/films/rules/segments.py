"""What a film consists of and what makes it one that can be shown. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from trafficedu.core.errors import Refusal
from trafficedu.core.text import Message, message
from trafficedu.films.rules.words import FilmKind
from trafficedu.quizzes.rules.questions import Both

MOST_SEGMENTS = 40
LONGEST_TITLE, LONGEST_TEXT, LONGEST_SOURCE, LONGEST_CODE = 120, 4000, 300, 40
SLACK_SECONDS = 2
"""By how much the last segment may end beyond a video's length: players and files round differently."""


@dataclass(frozen=True)
class NewSegment:
    """A part of a film that is seen as a whole: when it ends, what is said in it, and what is shown.

    ``text`` is what is spoken, for who cannot hear it; of a film of pictures each line is one sentence. ``sign`` names
    a shipped picture.
    """

    ends_at: int
    title: Both
    text: Both
    source: Both = Both()
    sign: str = ""


@dataclass(frozen=True)
class Lengths:
    """How many seconds a segment lasts at least and at most, as configured."""

    shortest: int
    longest: int


@dataclass(frozen=True)
class NewFilm:
    """A film as it is entered or shipped; no ``courses`` means all of them."""

    title: Both
    courses: Sequence[str]
    segments: Sequence[NewSegment]


def lengths_of(segments: Sequence[NewSegment]) -> list[int]:
    """Return how long each segment lasts."""
    begins = [0, *(segment.ends_at for segment in segments)][: len(segments)]
    return [segment.ends_at - begin for begin, segment in zip(begins, segments, strict=True)]


def read_time(text: str) -> int | None:
    """Return the seconds of a time written ``m:ss``, ``h:mm:ss`` or as seconds alone, None where it is none."""
    parts = text.strip().replace("：", ":").split(":")
    if not 1 <= len(parts) <= 3 or not all(part.isdecimal() and len(part) <= 5 for part in parts):
        return None
    if any(int(part) > 59 for part in parts[1:]):
        return None
    seconds = 0
    for part in parts:
        seconds = 60 * seconds + int(part)
    return seconds


def write_time(seconds: int) -> str:
    """Return seconds as ``m:ss``."""
    return f"{seconds // 60}:{seconds % 60:02d}"


def check(new: NewFilm, courses: Collection[str], signs: Collection[str]) -> None:
    """Raise Refusal, at the field, for what nobody could mean; what may still be missing in a draft is let pass."""
    if not new.title.said("zh"):
        raise Refusal(message("Enter the title."), field="title_zh")
    for code in new.courses:
        if code not in courses:
            raise Refusal(message("There is no course with the code %(code)s.", code=code), field="courses", value=code)
    if len(new.segments) > MOST_SEGMENTS:
        raise Refusal(message("A film has at most %(most)d segments.", most=MOST_SEGMENTS), field="segments")
    for place, (segment, lasts) in enumerate(zip(new.segments, lengths_of(new.segments), strict=True), 1):
        if lasts <= 0:
            text = message("Segment %(place)d has to end after the one before it.", place=place)
            raise Refusal(text, field="segments")
        if segment.sign and segment.sign not in signs:
            text = message("There is no shipped picture %(name)s.", name=segment.sign)
            raise Refusal(text, field=f"segments-{place - 1}-sign", value=segment.sign)


def check_whole(new: NewFilm, kind: FilmKind, seconds: int, lengths: Lengths) -> None:
    """Raise Refusal, at ``segments``, unless a film can be shown: in both languages, cut from its begin to its end.

    Parameters
    ----------
    seconds
        How long the video lasts; of a film of pictures nothing is known beside its segments.
    """
    if not new.title.is_whole:
        raise Refusal(message("Enter the title in both languages."), field="title_en")
    if not new.segments:
        raise Refusal(message("Cut the film into at least one segment."), field="segments")
    for place, (segment, lasts) in enumerate(zip(new.segments, lengths_of(new.segments), strict=True), 1):
        if not lengths.shortest <= lasts <= lengths.longest:
            raise _wrong(
                message(
                    "Segment %(place)d lasts %(seconds)d seconds; it has to last %(least)d to %(most)d.",
                    place=place,
                    seconds=lasts,
                    least=lengths.shortest,
                    most=lengths.longest,
                )
            )
        if not (segment.title.is_whole and segment.text.is_whole):
            raise _wrong(
                message(
                    "Segment %(place)d lacks its title or what is said in it, in one of the two languages.", place=place
                )
            )
    end = new.segments[-1].ends_at
    if kind == FilmKind.VIDEO and abs(end - seconds) > SLACK_SECONDS:
        raise _wrong(
            message(
                "The last segment ends at %(end)s, the film at %(whole)s. Let it end with the film.",
                end=write_time(end),
                whole=write_time(seconds),
            )
        )


def _wrong(text: Message) -> Refusal:
    return Refusal(text, field="segments")
