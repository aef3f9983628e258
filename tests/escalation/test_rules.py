"""A replay worked out by hand: ten stops of three riders under two policies, month by month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from trafficedu.core.month import Month
from trafficedu.escalation.rules import (
    CompanyCount,
    CompanyRule,
    Comparison,
    StopSeen,
    key_of,
    measure_of,
    severity,
)
from trafficedu.feedback.queries.choices import find_choice, list_choices
from trafficedu.feedback.rules.policy import Escalation, Measure, MeasureKind, Receiver, lines_for, recommend

AUGUST, SEPTEMBER = Month.parse("2026-08"), Month.parse("2026-09")


def policy_of(code: str) -> object:
    lines = find_choice(code).lines
    return lambda receiver, _day: lines_for(receiver, lines)


def stops(*days: str, counting_from: str = "2026-08-01") -> list[StopSeen]:
    return [StopSeen(date.fromisoformat(day), day >= counting_from) for day in days]


def test_two_policies_over_the_same_stops_by_hand() -> None:
    # Qingdao: by calendar month 2 fewer orders, 3 none that month. Yangzhou: 1, 2, 3 days off, within 365 days.
    comparison = Comparison((policy_of("qingdao"), policy_of("yangzhou")))  # type: ignore[arg-type]
    # one: 30 July (not counted), 1, 2, 3 August and 1 September, all at company 7
    comparison.add_rider(
        [(7, Receiver.COMPANY, stops("2026-07-30", "2026-08-01", "2026-08-02", "2026-08-03", "2026-09-01"))]
    )
    # two: 31 August and 1 September at company 8
    comparison.add_rider([(8, Receiver.COMPANY, stops("2026-08-31", "2026-09-01"))])
    # three: a resident without a company, twice within 30 days
    comparison.add_rider([(None, Receiver.VILLAGE, stops("2026-08-05", "2026-09-01"))])
    qingdao, yangzhou = comparison.tallies
    assert qingdao.months == {
        AUGUST: Counter({"criticised": 3, "orders_reduced": 1, "until_month_end": 1}),
        SEPTEMBER: Counter({"criticised": 2, "home_visit": 1}),
    }
    assert yangzhou.months == {
        AUGUST: Counter({"suspended:2": 1, "suspended:3": 2, "suspended:1": 1, "criticised": 1}),
        SEPTEMBER: Counter({"suspended:3": 1, "suspended:2": 1, "home_visit": 1}),
    }
    assert (qingdao.riders, qingdao.off_the_road) == (3, 1)
    assert (yangzhou.riders, yangzhou.off_the_road) == (3, 2)
    assert comparison.companies == {7: [0, 0, 1], 8: [0, 1, 0]}
    assert comparison.stops == {AUGUST: 5, SEPTEMBER: 3}


def advised(code: str, *days: str) -> tuple[str, int]:
    lines = lines_for(Receiver.COMPANY, find_choice(code).lines)
    known = [date.fromisoformat(day) for day in days]
    found = recommend(lines, known, known[-1])
    return key_of(found.measure), found.count


def test_the_shipped_policies_as_their_sources_say_them() -> None:
    assert advised("qingdao", "2026-08-01", "2026-08-02") == ("orders_reduced", 2)
    assert advised("qingdao", "2026-08-01", "2026-08-02", "2026-08-31") == ("until_month_end", 3)
    assert advised("qingdao", "2026-08-30", "2026-08-31", "2026-09-01") == ("criticised", 1)
    assert advised("qingdao", *(f"2026-08-0{day}" for day in range(1, 6))) == ("blacklisted", 5)
    assert advised("yangzhou", "2026-08-01") == ("suspended:1", 1)
    assert advised("yangzhou", "2025-12-01", "2026-08-01") == ("suspended:2", 2)
    assert advised("yangzhou", *(f"2026-08-0{day}" for day in range(1, 8))) == ("suspended:3", 7)
    assert advised("guangzhou", "2026-08-01", "2026-08-04", "2026-08-07") == ("trade_suspended", 3)
    assert advised("guangzhou", "2026-08-01", "2026-08-04", "2026-08-08") == ("criticised", 2)
    # red from the fifth on, as long as no 30 days pass without one
    rolling = ["2026-04-01", "2026-05-01", "2026-05-31", "2026-06-30", "2026-07-30"]
    assert advised("wenling", *rolling) == ("suspended:3", 5)
    assert advised("wenling", *rolling[:4], "2026-07-31") == ("criticised", 1)


def test_every_policy_says_where_it_comes_from_and_recommends_what_receivers_can_do() -> None:
    for choice in list_choices():
        assert choice.assumed, choice.code
        assert all(text["zh"] and text["en"] for text in (*choice.assumed, *choice.stated, choice.sources))
        receivers = {line.receiver for line in choice.lines}
        assert receivers == set(Receiver), choice.code
        assert bool(choice.stated) == (choice.code != "default")


def test_what_is_asked_of_companies_counts_calendar_months() -> None:
    penalised, casualty = (CompanyRule.unpacked(rule) for rule in find_choice("ningbo").company_rules)
    assert (penalised.kind, penalised.count, casualty.count) == (CompanyCount.PENALISED, 5, 2)
    by_month = {AUGUST: 4, SEPTEMBER: 3, Month.parse("2025-09"): 1, Month.parse("2025-10"): 1}
    assert penalised.counted(by_month, SEPTEMBER) == 3
    assert casualty.counted(by_month, SEPTEMBER) == 8
    assert casualty.counted(by_month, AUGUST) == 6


def test_measures_travel_as_keys_and_stand_by_hardness() -> None:
    measures = [None, Measure(MeasureKind.SUSPENDED, 3), Measure(MeasureKind.DISMISSED)]
    assert [measure_of(key_of(measure)) for measure in measures] == measures
    keys = ["dismissed", "suspended:3", "", "suspended:1", "orders_reduced"]
    assert sorted(keys, key=severity) == ["", "orders_reduced", "suspended:1", "suspended:3", "dismissed"]


def test_a_policy_without_steps_recommends_nothing_and_is_counted() -> None:
    def nothing(_receiver: str, _day: date) -> Sequence[Escalation]:
        return []

    comparison = Comparison((nothing, nothing))
    comparison.add_rider([(None, Receiver.VILLAGE, stops("2026-08-05"))])
    assert comparison.tallies[0].months == {AUGUST: Counter({"": 1})}
    assert (comparison.tallies[0].riders, comparison.companies) == (0, {})
