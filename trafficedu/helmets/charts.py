"""Charts of helmet rates and what they say in sentences: no more certain than the numbers. Knows no page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from trafficedu.analysis.proportions import LEAST_SITES, Spread, TargetVerdict
from trafficedu.analysis.said.result import Said
from trafficedu.core.charts import Chart, Series, Target
from trafficedu.core.text import Message, message, translate
from trafficedu.helmets.queries.rates import MethodComparison, RateRow, Standard

MOST_BARS = 12


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _target(at: Standard) -> str:
    return f"{100 * at.target:g}"


def verdict(line: RateRow, at: Standard) -> Message:
    """Say whether the target is met, missed or not proven, and what would settle it."""
    if line.rate.rate is None:
        return message(
            "Nobody was counted, so nothing can be said about the target of %(target)s %%.", target=_target(at)
        )
    words = {"target": _target(at), "low": _percent(line.rate.low), "high": _percent(line.rate.high)}
    if line.judgement.verdict is TargetVerdict.MET:
        return message("The target of %(target)s %% is met: the rate is at least %(low)s %%.", **words)
    if line.judgement.verdict is TargetVerdict.MISSED:
        return message("The target of %(target)s %% is missed: the rate is at most %(high)s %%.", **words)
    if line.judgement.verdict is TargetVerdict.NOT_JUDGED:
        return _not_judged(line, words)
    if line.judgement.further_sites is None:
        return message(
            "It is not proven whether the target of %(target)s %% is met: the rate is between %(low)s and %(high)s "
            "%%. At this rate more sites cannot settle it.",
            **words,
        )
    return message(
        "It is not proven whether the target of %(target)s %% is met: the rate is between %(low)s and %(high)s %%. "
        "About %(sites)s more sites of the usual size would settle it.",
        **words,
        sites=f"{line.judgement.further_sites:,}",
    )


def _not_judged(line: RateRow, words: dict[str, str]) -> Message:
    words = {**words, "least": str(LEAST_SITES), "counted": str(line.rate.sites)}
    if line.judgement.further_sites is None:
        return message(
            "Whether the target of %(target)s %% is met is not judged: fewer than %(least)s sites were counted "
            "(%(counted)s). The rate is between %(low)s and %(high)s %%, too close to the target to be settled by more "
            "sites.",
            **words,
        )
    return message(
        "Whether the target of %(target)s %% is met is not judged: fewer than %(least)s sites were counted "
        "(%(counted)s). The rate is between %(low)s and %(high)s %%; about %(sites)s more sites of the usual size "
        "would settle it at this rate.",
        **words,
        sites=f"{line.judgement.further_sites:,}",
    )


def basis(line: RateRow) -> Message:
    """Say what the interval rests on."""
    deff = f"{line.rate.deff:.1f}"
    if line.rate.spread is Spread.ASSUMED:
        return message(
            "The difference between sites cannot be estimated (fewer than %(least)s, or all alike), so a design effect "
            "of %(deff)s is assumed.",
            least=LEAST_SITES,
            deff=deff,
        )
    if line.rate.spread is Spread.POOLED:
        return message(
            "Sites differ, so the interval is as wide as if %(deff)s times fewer riders had been observed (design "
            "effect). How far they differ is taken from all towns of the district together; the more sites a town has, "
            "the more its own count.",
            deff=deff,
        )
    return message(
        "Sites differ, so the interval is as wide as if %(deff)s times fewer riders had been observed (design effect).",
        deff=deff,
    )


def comparison(compared: MethodComparison) -> Message:
    """Say whether the two methods differ."""
    if compared.gap is None:
        return message("Only one of the two methods was used, so there is nothing to compare.")
    words = {"gap": f"{100 * abs(compared.gap.rate):.1f}", "sites": compared.shared_sites}
    interval = {"low": f"{100 * compared.gap.low:+.1f}", "high": f"{100 * compared.gap.high:+.1f}"}
    if not compared.differs:
        return message(
            "On-site and video counts agree within what chance explains (difference %(low)s to %(high)s points). "
            "Sites counted both ways: %(sites)s.",
            **words,
            **interval,
        )
    if compared.gap.rate > 0:
        return message(
            "On site the rate is %(gap)s points higher than on video (%(low)s to %(high)s). Riders may have seen "
            "the observers, or the sites may differ. Sites counted both ways: %(sites)s.",
            **words,
            **interval,
        )
    return message(
        "On site the rate is %(gap)s points lower than on video (%(low)s to %(high)s). The sites may differ. "
        "Sites counted both ways: %(sites)s.",
        **words,
        **interval,
    )


def _figure(lines: Sequence[RateRow], at: Standard, locale: str, **facts: Any) -> Chart:
    def points(values: Sequence[float | None]) -> list[float | None]:
        return [None if value is None else round(100 * value, 2) for value in values]

    known = [line.rate.rate is not None for line in lines]
    series = Series(
        translate(message("Helmet rate"), locale),
        points([line.rate.rate for line in lines]),
        points([line.rate.low if has else None for line, has in zip(lines, known, strict=True)]),
        points([line.rate.high if has else None for line, has in zip(lines, known, strict=True)]),
    )
    target = Target(100 * at.target, translate(message("target %(target)s %%", target=_target(at)), locale))
    return Chart(categories=[line.name for line in lines], series=[series], unit="%", target=target, **facts)


def months_chart(lines: Sequence[RateRow], halves: Said | None, at: Standard, locale: str) -> Chart | None:
    """Return the rate by month with its interval; None with fewer than two months that were counted."""
    counted = [line for line in lines if line.rate.rate is not None]
    if len(counted) < 2 or halves is None:
        return None
    return _figure(
        lines,
        at,
        locale,
        id="by-month",
        kind="line",
        y_from_zero=False,
        title=translate(halves.sentence, locale),
        category_label=translate(message("Month"), locale),
        note=translate(
            message("Band: 95 percent interval. Months whose bands largely overlap may not differ."), locale
        ),
    )


def places_chart(lines: Sequence[RateRow], at: Standard, locale: str, name: Message, *, sites: bool) -> Chart | None:
    """Return the rates of places with intervals, the lowest on top; None with fewer than two.

    Areas are counted by their verdict; ``sites`` are not judged, so the lowest and the highest are named.
    """
    counted = sorted(
        (line for line in lines if line.rate.rate is not None), key=lambda line: (line.rate.rate or 0.0, line.name)
    )
    if len(counted) < 2:
        return None
    note = (
        message("Whiskers: 95 percent intervals. The lowest %(most)s are shown.", most=MOST_BARS)
        if len(counted) > MOST_BARS
        else message("Whiskers: 95 percent intervals.")
    )
    return _figure(
        counted[:MOST_BARS],
        at,
        locale,
        id="by-place",
        kind="bar",
        y_from_zero=True,
        horizontal=True,
        title=translate(_range(counted) if sites else _tallied(counted), locale),
        category_label=translate(name, locale),
        note=translate(note, locale),
    )


def _range(counted: Sequence[RateRow]) -> Message:
    return message(
        "The sites lie between %(low)s %% (%(lowest)s) and %(high)s %% (%(highest)s)",
        low=_percent(counted[0].rate.rate or 0.0),
        lowest=counted[0].name,
        high=_percent(counted[-1].rate.rate or 0.0),
        highest=counted[-1].name,
    )


def _tallied(counted: Sequence[RateRow]) -> Message:
    verdicts = Counter(line.judgement.verdict for line in counted)
    if verdicts[TargetVerdict.NOT_JUDGED] == len(counted):
        return message(
            "None of %(all)s places is judged against the target: each has fewer than %(least)s sites",
            all=len(counted),
            least=LEAST_SITES,
        )
    return message(
        "Of %(all)s places %(met)s met the target, %(missed)s missed it, %(open)s not proven, %(few)s not judged "
        "(fewer than %(least)s sites)",
        all=len(counted),
        met=verdicts[TargetVerdict.MET],
        missed=verdicts[TargetVerdict.MISSED],
        open=verdicts[TargetVerdict.NOT_PROVEN],
        few=verdicts[TargetVerdict.NOT_JUDGED],
        least=LEAST_SITES,
    )
