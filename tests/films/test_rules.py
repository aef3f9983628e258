from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from tests.films.conftest import new_film
from trafficedu.core.errors import Refusal
from trafficedu.education.rules.reckoning import ModulePlan, counted_minutes, minutes_missing, minutes_online
from trafficedu.films.rules import watching
from trafficedu.films.rules.segments import Lengths, NewFilm, check, check_whole, read_time, write_time
from trafficedu.films.rules.words import FilmKind
from trafficedu.quizzes.rules.questions import Both

AT = datetime(2026, 11, 23, 6, tzinfo=UTC)
LENGTHS = Lengths(30, 600)


def test_time_counts_between_two_words_of_a_player_that_runs() -> None:
    run = watching.Run(0.0, AT, playing=False)
    run = watching.advanced(run, AT + timedelta(seconds=10), playing=True)
    assert run.counted == 0
    run = watching.advanced(run, AT + timedelta(seconds=20), playing=True)
    assert run.counted == 10


def test_silence_and_a_clock_set_back_count_no_more_than_allowed() -> None:
    run = watching.Run(0.0, AT, playing=True)
    run = watching.advanced(run, AT + timedelta(minutes=30), playing=True)
    assert run.counted == watching.MOST_BETWEEN
    run = watching.advanced(run, AT, playing=True)
    assert run.counted == watching.MOST_BETWEEN
    assert run.beat == AT + timedelta(minutes=30)


def test_a_segment_may_end_once_its_length_has_passed() -> None:
    assert watching.seconds_left(watching.Run(57.9, AT, playing=True), 60) == 1
    assert watching.seconds_left(watching.Run(58.0, AT, playing=True), 60) == 0


@pytest.mark.parametrize("seed", range(20))
def test_presence_is_asked_within_a_segment(seed: int) -> None:
    assert 6 <= watching.draw_moment(30, Random(seed)) <= 26
    wanted, offered = watching.draw_pictures(["a", "b", "c", "d"], Random(seed))
    assert wanted in offered
    assert len(set(offered)) == 3


def test_an_answer_on_its_way_is_not_late() -> None:
    assert not watching.is_late(AT, AT + timedelta(seconds=61), 60)
    assert watching.is_late(AT, AT + timedelta(seconds=63), 60)


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("1:30", 90),
        ("90", 90),
        ("1：05", 65),
        ("1:00:00", 3600),
        ("1:75", None),
        ("", None),
        ("a:b", None),
        ("-5", None),
    ],
)
def test_times_as_people_type_them(typed: str, seconds: int | None) -> None:
    assert read_time(typed) == seconds


def test_a_time_is_written_as_it_is_read() -> None:
    assert read_time(write_time(725)) == 725


@pytest.mark.parametrize("ends", [(60, 60), (60, 40), (0,)])
def test_segments_follow_one_another(ends: tuple[int, ...]) -> None:
    with pytest.raises(Refusal, match="has to end after"):
        check(new_film(*ends), {"basic"}, {"red-light"})


@pytest.mark.parametrize(
    ("ends", "wrong"), [((20,), "lasts .* seconds"), ((700,), "lasts .* seconds"), ((), "at least one")]
)
def test_segments_have_lengths_somebody_can_sit_through(ends: tuple[int, ...], wrong: str) -> None:
    with pytest.raises(Refusal, match=wrong):
        check_whole(new_film(*ends), FilmKind.PICTURES, 0, LENGTHS)


def test_the_last_segment_ends_with_the_video() -> None:
    check_whole(new_film(60, 121), FilmKind.VIDEO, 120, LENGTHS)
    with pytest.raises(Refusal, match="Let it end with the film"):
        check_whole(new_film(60, 100), FilmKind.VIDEO, 120, LENGTHS)


def test_a_film_needs_both_languages() -> None:
    film = new_film(60)
    with pytest.raises(Refusal, match="both languages"):
        check_whole(NewFilm(Both("短片"), (), film.segments), FilmKind.PICTURES, 60, LENGTHS)


def test_minutes_at_home_fill_one_module_after_the_other_to_its_minimum() -> None:
    plan = [ModulePlan(1, "film", "", 15, 30), ModulePlan(2, "film", "", 10, 20)]
    assert minutes_online(plan, 12) == {1: 12}
    assert minutes_online(plan, 20) == {1: 15, 2: 5}
    assert minutes_online(plan, 90) == {1: 15, 2: 10}
    assert minutes_online(plan, 0) == {}


def test_what_was_seen_at_home_shortens_what_is_left_at_the_station() -> None:
    plan = ModulePlan(1, "film", "", 15, 30)
    assert minutes_missing(plan, AT, AT, 12) == 3
    assert counted_minutes(plan, AT, AT + timedelta(minutes=3), AT + timedelta(hours=3), 12) == 15
    assert counted_minutes(plan, AT, AT + timedelta(minutes=60), AT + timedelta(hours=3), 12) == 30
