"""Days, months and moments as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from trafficedu.core.errors import Refusal
from trafficedu.core.month import Month
from trafficedu.core.text import translate
from trafficedu.core.times import Moment, Serial1904, read_day, read_moment, read_month

AT, DAY = datetime(2026, 3, 1, 0, 5, tzinfo=UTC), datetime(2026, 2, 28, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026/3/1 8:05",
        "2026-03-01 8:05",
        "2026-3-1 08:05",
        "2026.3.1 8:05",
        "20260301 0805",
        "2026年3月1日 8时5分",
        "2026年3月1日8点05分",
        "2026年3月1日（星期日）上午8:05",
        "2026-3-1 早上8点5分",
        "２０２６－３－１　８：０５",
        "2026-03-01T08:05:00+08:00",
        "2026-3-1T00:05Z",
        "2026-03-01T08:05",
        "2026/3/1 8:05 AM",
        "46082.33680555555",
        46082.33680555555,
        Serial1904(44620.33680555555),
        datetime(2026, 3, 1, 8, 5),  # noqa: DTZ001 - a cell has no zone
    ],
)
def test_a_moment_is_read_as_it_is_written(written: Any) -> None:
    assert read_moment(written) == (AT, True)


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01",
        "2026/3/1",
        "20260301",
        "2026年3月1日",
        "2026-03-01 时间不详",
        "2026年3月1日（时间不明）",
        "2026-03-01, time not known",
        46082.0,
        date(2026, 3, 1),
    ],
)
def test_a_day_alone_says_that_its_hour_is_unknown(written: Any) -> None:
    assert read_moment(written) == (DAY, False)
    assert read_day(written) == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("written", "hour", "minute"),
    [
        ("下午3:05", 15, 5),
        ("晚上8点半", 20, 30),
        ("中午12点", 12, 0),
        ("凌晨12:10", 0, 10),
        ("下午 15:05", 15, 5),
        ("0:00", 0, 0),
    ],
)
def test_the_halves_of_the_day_are_understood(written: str, hour: int, minute: int) -> None:
    local = datetime(2026, 3, 1, hour, minute, tzinfo=read_moment("2026-3-1T8:05+08:00").utc.tzinfo)
    assert (read_moment(f"2026-3-1 {written}").utc - DAY) == local - datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("2026-03-01 24:00", "no 24:00"),
        ("2026-03-01 00:60", "Minutes and seconds"),
        ("2026-03-01 25:30", "An hour lies"),
        ("2026-02-30 08:00", "no such day"),
        ("3/4/2026 8:05", "which is the day and which the month"),
        ("23.11.26", "which is the day and which the month"),
        ("2026-3-1 上午15:05", "contradict"),
        ("2026-3-1 晚上12点", "contradict"),
        ("8:05", "a time without a day"),
        (time(8, 5), "a time without a day"),
        ("0001-01-01", "no such day"),
        ("9999-12-32", "no such day"),
        ("2026-W09-7", "Write the date and time"),
        ("yesterday", "Write the date and time"),
        (3.5, "Write the date and time"),
        (True, "Write the date and time"),
        ("", "Write the date and time"),
    ],
)
def test_what_is_no_moment_or_two_of_them_is_refused_with_its_reason(written: Any, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        read_moment(written)


@pytest.mark.parametrize(
    ("moment", "zh", "en"),
    [
        (Moment(AT), "2026-03-01 08:05", "2026-03-01 08:05"),
        (Moment(DAY), "2026-03-01 00:00", "2026-03-01 00:00"),
        (Moment.of_day(date(2026, 3, 1)), "2026-03-01 时间不详", "2026-03-01, time not known"),
    ],
)
def test_what_a_moment_reads_like_and_is_kept_as(moment: Moment, zh: str, en: str) -> None:
    assert [one if isinstance(one := moment.told, str) else translate(one, to) for to in ("zh", "en")] == [zh, en]
    assert Moment.parse(moment.isoformat()) == moment
    assert Moment.of(moment.at) == moment
    assert moment.day == date(2026, 3, 1)
    assert read_moment(zh) == moment
    assert read_moment(en) == moment


@pytest.mark.parametrize("written", ["2026-10", "2026年10月", "2026.10", "202610", 202610.0, date(2026, 10, 5)])
def test_a_month_is_read_as_it_is_written(written: Any) -> None:
    assert read_month(written) == Month(2026, 10)


@pytest.mark.parametrize("written", [2026.1, "2026.1"])
def test_october_in_a_number_cell_is_not_january(written: Any) -> None:
    with pytest.raises(Refusal, match="January or October"):
        read_month(written)


def test_a_day_at_the_edge_of_the_calendar_is_refused_in_words() -> None:
    with pytest.raises(Refusal, match="no such day"):
        read_day("9999-12-31T23:00:00Z")
