"""What a record of an accident may say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from trafficedu.accidents import rules
from trafficedu.core.clock import local_date
from trafficedu.core.errors import Refusal

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
FROM_MIDNIGHT = -720


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
    hour_known: bool = True

    @property
    def occurred_utc(self) -> datetime:
        """Minutes after noon."""
        return NOON + timedelta(minutes=self.minutes)

    @property
    def occurred_on(self) -> date:
        """The day of that."""
        return local_date(self.occurred_utc)


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

    def test_one_without_an_hour_may_be_any_of_its_day(self) -> None:
        day = Record(1, "slight", FROM_MIDNIGHT, 9, hour_known=False)
        morning, evening = Record(1, "slight", -240, 1), Record(1, "slight", 360, 2)
        assert rules.close_pairs([evening, day, morning]) == [(day, morning), (day, evening)]

    def test_one_without_an_hour_does_not_part_neighbours_and_keeps_to_its_day(self) -> None:
        day = Record(1, "slight", FROM_MIDNIGHT, 9, hour_known=False)
        before, after = Record(1, "slight", FROM_MIDNIGHT - 30, 1), Record(1, "slight", FROM_MIDNIGHT + 30, 2)
        assert rules.close_pairs([before, day, after]) == [(before, after), (day, after)]

    @pytest.mark.parametrize(("area", "severity", "minutes"), [(2, "slight", 0), (1, "serious", 0), (1, "slight", 720)])
    def test_one_without_an_hour_elsewhere_is_none(self, area: int, severity: str, minutes: int) -> None:
        day = Record(area, severity, FROM_MIDNIGHT, 9, hour_known=False)
        assert rules.close_pairs([Record(1, "slight", minutes, 1), day]) == []

    def test_a_day_of_many_without_an_hour_makes_no_flood(self) -> None:
        days = [Record(1, "slight", FROM_MIDNIGHT, number, hour_known=False) for number in range(100)]
        hours = [Record(1, "slight", 130 * number - 700, 200 + number) for number in range(8)]
        pairs = rules.close_pairs([*days, *hours])
        assert len(pairs) == 99 + 100 * rules.OTHERS_OF_DAY
        assert {two[0] for two in zip(days, days[1:], strict=False)} <= {one for one, _ in pairs}
