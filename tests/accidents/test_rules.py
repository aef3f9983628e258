"""What a record of an accident may say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from trafficedu.accidents import rules
from trafficedu.core.errors import Refusal

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


class TestPeople:
    @pytest.mark.parametrize(
        ("severity", "killed", "killed_30_days", "injured"),
        [
            ("fatal", 1, None, 0),
            ("fatal", 2, 3, 4),
            ("fatal", 1, 1, 0),
            ("serious", 0, None, 1),
            ("serious", 0, 1, 1),
            ("slight", 0, 0, 3),
            ("damage", 0, 0, 0),
            ("damage", 0, None, 0),
        ],
    )
    def test_what_agrees_is_taken(self, severity: str, killed: int, killed_30_days: int | None, injured: int) -> None:
        rules.check_people(severity, killed, killed_30_days, injured)

    @pytest.mark.parametrize(
        ("severity", "killed", "killed_30_days", "injured", "field"),
        [
            ("fatal", 0, None, 2, "killed"),
            ("serious", 1, None, 1, "severity"),
            ("damage", 1, None, 0, "severity"),
            ("fatal", 2, 1, 0, "killed_30_days"),
            ("serious", 0, None, 0, "injured"),
            ("slight", 0, None, 0, "injured"),
            ("damage", 0, None, 1, "severity"),
            ("damage", 0, 1, 0, "severity"),
            ("fatal", -1, None, 0, "killed"),
            ("slight", 0, None, 501, "injured"),
            ("slight", 0, -1, 1, "killed_30_days"),
            ("grave", 0, None, 1, "severity"),
        ],
    )
    def test_what_does_not_is_refused_at_its_field(
        self, severity: str, killed: int, killed_30_days: int | None, injured: int, field: str
    ) -> None:
        with pytest.raises(Refusal) as caught:
            rules.check_people(severity, killed, killed_30_days, injured)
        assert caught.value.field == field


class TestTheRider:
    @pytest.mark.parametrize("helmet", list(rules.Helmet))
    @pytest.mark.parametrize("responsibility", list(rules.Responsibility))
    def test_with_an_e_bike_everything_is_kept(self, helmet: str, responsibility: str) -> None:
        assert rules.of_the_rider(True, helmet, responsibility) == (helmet, responsibility)

    def test_without_one_no_and_none_mean_does_not_apply(self) -> None:
        assert rules.of_the_rider(False, "no", "none") == ("unknown", "unknown")

    @pytest.mark.parametrize(("helmet", "responsibility"), [("yes", "unknown"), ("no", "full"), ("unknown", "minor")])
    def test_without_one_nothing_is_said_of_its_rider(self, helmet: str, responsibility: str) -> None:
        with pytest.raises(Refusal) as caught:
            rules.of_the_rider(False, helmet, responsibility)
        assert caught.value.field == "ebike_involved"

    @pytest.mark.parametrize(
        ("helmet", "responsibility", "field"), [("perhaps", "full", "rider_helmet"), ("yes", "half", "responsibility")]
    )
    def test_unknown_words_are_refused(self, helmet: str, responsibility: str, field: str) -> None:
        with pytest.raises(Refusal) as caught:
            rules.of_the_rider(True, helmet, responsibility)
        assert caught.value.field == field


class TestTime:
    def test_now_is_taken(self) -> None:
        rules.check_time(NOON, NOON)

    @pytest.mark.parametrize("occurred", [NOON + timedelta(seconds=1), datetime(1999, 12, 31, tzinfo=UTC)])
    def test_the_future_and_the_distant_past_are_refused(self, occurred: datetime) -> None:
        with pytest.raises(Refusal) as caught:
            rules.check_time(occurred, NOON)
        assert caught.value.field == "occurred_at"

    def test_a_moment_is_kept_to_the_second(self) -> None:
        assert rules.whole_second(NOON + timedelta(milliseconds=499)) == NOON
        assert rules.whole_second(NOON - timedelta(milliseconds=500)) == NOON


@dataclass(frozen=True)
class Record:
    """As much as pairs are found by."""

    area_id: int
    severity: str
    minutes: int
    id: int = 0

    @property
    def occurred_utc(self) -> datetime:
        """Minutes after noon."""
        return NOON + timedelta(minutes=self.minutes)


class TestPairs:
    def test_the_same_area_and_severity_within_two_hours(self) -> None:
        one, other = Record(1, "slight", 0), Record(1, "slight", 120)
        assert rules.close_pairs([other, one]) == [(one, other)]

    @pytest.mark.parametrize("other", [Record(1, "slight", 121), Record(2, "slight", 5), Record(1, "serious", 5)])
    def test_anything_else_is_none(self, other: Record) -> None:
        assert rules.close_pairs([Record(1, "slight", 0), other]) == []

    def test_of_three_in_a_row_the_neighbours(self) -> None:
        one, two, three = (Record(1, "slight", minutes) for minutes in (0, 100, 200))
        assert rules.close_pairs([three, one, two]) == [(one, two), (two, three)]

    def test_of_the_same_moment_in_the_order_of_recording(self) -> None:
        one, two, three = (Record(1, "slight", 0, number) for number in (1, 2, 3))
        assert rules.close_pairs([two, three, one]) == [(one, two), (two, three)]


def test_a_year_before_a_leap_day_is_the_28th() -> None:
    assert rules.year_before(date(2024, 2, 29)) == date(2023, 2, 28)
    assert rules.year_before(date(2026, 11, 20)) == date(2025, 11, 20)
