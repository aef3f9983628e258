"""Reads of films: the list, one of them, which a course has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trafficedu.configuration.queries import figure
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.orm import among
from trafficedu.core.text import Message, message
from trafficedu.education.models.courses import Course
from trafficedu.education.queries import courses as courses_of
from trafficedu.films.models import Film, Viewing
from trafficedu.films.rules.segments import Lengths, check_whole
from trafficedu.films.rules.words import FilmState

MOST_VERSIONS = 1_000_000
"""No film has as many; an address may say any number."""


def find_film(session: Session, code: str, number: int) -> Film:
    """Return a version of a film; raise Missing where there is none."""
    known = number <= MOST_VERSIONS  # what is larger fits no column, and whoever writes it gets no fault of ours
    film = session.scalar(select(Film).where(Film.code == code, Film.number == number)) if known else None
    if film is None:
        raise Missing(message("There is no such film."))
    return film


def list_films(session: Session) -> Sequence[Film]:
    """Return all versions, by code, the newest first."""
    return session.scalars(select(Film).order_by(Film.code, Film.number.desc())).all()


def list_versions(session: Session, code: str) -> Sequence[Film]:
    """Return the versions of a film, the newest first."""
    return session.scalars(select(Film).where(Film.code == code).order_by(Film.number.desc())).all()


def films_of_course(session: Session, code: str) -> Sequence[Film]:
    """Return the films in use for a course, in the order in which they are watched."""
    films = session.scalars(select(Film).where(among(Film.state, FilmState.IN_USE)).order_by(Film.code))
    return [film for film in films if not film.course_codes or code in film.course_codes]


def count_viewings(session: Session, film: Film) -> int:
    """Return how many riders began to watch a version."""
    return session.scalar(select(func.count()).select_from(Viewing).where(Viewing.film_id == film.id)) or 0


def list_courses(session: Session) -> Sequence[Course]:
    """Return the courses from short to long."""
    return session.scalars(select(Course).order_by(Course.rank)).all()


def why_nobody_watches(session: Session, day: date) -> Message | None:
    """Return why no rider of the whole district may watch a film at home on a day, None where some may."""
    if not figure(session, "films.online"):
        return message("Nobody watches at home now: the configuration says that films may not be watched at home.")
    courses = courses_of.list_courses(session, active_on=day)
    if not any(module.online for course in courses for module in course.on(day).modules):
        return message("No course lets its film be watched at home yet. Open a course, and allow it for its film.")
    return None


def lengths_of(session: Session) -> Lengths:
    """Return how long a segment may be here."""
    return Lengths(figure(session, "films.shortest_seconds"), figure(session, "films.longest_seconds"))


def what_lacks(session: Session, film: Film) -> Message | None:
    """Return the first thing that a draft lacks to be put into use, None for one that is whole, or no draft."""
    if not film.is_draft:
        return None
    try:
        check_whole(film.as_entered, film.kind, film.seconds, lengths_of(session))
    except Refusal as refusal:
        return refusal.text
    return None


def find_in_use(session: Session, code: str) -> Film | None:
    """Return the version of a film that riders get now."""
    return session.scalar(select(Film).where(Film.code == code, among(Film.state, FilmState.IN_USE)))
