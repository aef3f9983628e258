"""What both rule sets say of the demo district, judged from its records of now: the table of docs/evaluation.md.

    TRAFFICEDU_INSTANCE=folder python -m tests.benchmarks.colours_demo [MONTHS]

The folder holds a demo district of 60 months (``trafficedu demo``); nothing is stored in it. Judges the last full month
and those before it whose windows do not overlap (default: back to 24 months), and the month before the last one, under
each rule set. Takes about a minute of processor.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import trafficedu
from trafficedu.analysis.colours.backtest import BAD, Judged, firm_again, rank_correlation
from trafficedu.analysis.colours.effective import effective_weights
from trafficedu.analysis.colours.rule_set import COMPANY, FIRST, GREY, RED, SECOND, TOWN, VILLAGE, RuleSet
from trafficedu.app import create_app
from trafficedu.core.clock import local_date, utc_now
from trafficedu.core.database import database
from trafficedu.core.month import Month
from trafficedu.core.settings import load_settings
from trafficedu.evaluation.models import RuleSetRecord
from trafficedu.evaluation.services.judging import JudgedMonth, judge_month

SHIPPED = {
    scheme: json.loads((Path(trafficedu.__file__).parent / "reference" / name).read_text(encoding="utf-8"))
    for scheme, name in ((FIRST, "rule_set.json"), (SECOND, "rule_set_2.json"))
}
STEP, BACK = 6, 24


def main(back: int) -> None:
    """Judge and print."""
    with create_app(load_settings(begin=False)).app_context(), database().sessionmaker() as session:
        now = utc_now()
        last = Month.of(local_date(now)) - 1
        months = [last - at for at in (1, *range(0, back + 1, STEP))]
        judged = {
            scheme: {
                month: judge_month(
                    session,
                    month,
                    RuleSetRecord(code=f"set {scheme}", payload={"scheme": scheme, **shipped["payload"]}),
                    now,
                )
                for month in months
            }
            for scheme, shipped in SHIPPED.items()
        }
    lengths = {kind: RuleSet("", SHIPPED[SECOND]["payload"]).window(kind) for kind in (VILLAGE, TOWN, COMPANY)}
    sys.stdout.write(
        "| level, rule set | ranks | red, red in the next month | red or orange again | firm: bad, again; good |"
    )
    sys.stdout.write(" grey | colours of the last month |\n| --- | --- | --- | --- | --- | --- | --- |\n")
    for kind, length in lengths.items():
        for scheme in SHIPPED:
            sys.stdout.write(f"| {kind}, {scheme} | {' | '.join(_row(judged[scheme], kind, length, last))} |\n")
    for kind in lengths:
        for scheme in SHIPPED:
            found = effective_weights(_weighed(judged[scheme][last], kind))
            shares = (f"{one.dimension} {one.effective:.0%} ({one.nominal:.0%})" for one in found)
            sys.stdout.write(f"{kind}, rule set {scheme}: {', '.join(shares)}\n")


def _row(judged: Mapping[Month, JudgedMonth], kind: str, length: int, last: Month) -> list[str]:
    results = [one for month in judged if (last - month) % STEP == 0 for one in _results(judged[month], month, kind)]
    ranks = rank_correlation(results, length)
    order = "-" if ranks is None else f"{ranks.value:.2f} ({ranks.low:.2f} to {ranks.high:.2f})"
    before = {one.code: one.colour for one in _results(judged[last - 1], last - 1, kind)}
    now = _results(judged[last], last, kind)
    reds = [one for one in now if before.get(one.code) == RED]
    bad = [Judged(one.code, one.month, one.colour, RED if one.colour in BAD else None, one.score) for one in results]
    again, firmly = firm_again(bad, length), firm_again(results, length)
    good, stated = sum(one.firm == "good" for one in now), sum(one.firm not in (None, "good") for one in now)
    colours = ", ".join(
        f"{colour} {number}"
        for colour in ("green", "blue", "yellow", "orange", RED)
        if (number := sum(one.colour == colour for one in now))
    )
    return [
        order,
        f"{sum(one.colour == RED for one in reds)} of {len(reds)}",
        f"{again.number} of {again.cases}" if again else "none",
        f"{stated}, {f'{firmly.number} of {firmly.cases}' if firmly else 'none'}; {good}",
        f"{sum(one.colour == GREY for one in now) / len(now):.0%}",
        colours,
    ]


def _results(judged: JudgedMonth, month: Month, kind: str) -> list[Judged]:
    return [
        Judged(one.target.code, month.index, one.judged.colour, one.judged.firm or None, one.judged.score)
        for one in judged.targets
        if one.target.kind == kind
    ]


def _weighed(judged: JudgedMonth, kind: str) -> Sequence[Mapping[str, Mapping[str, object]]]:
    """Return the dimensions of those that are not grey; rule set 1 knows no limits and no information."""
    blank = {"information": 0.0, "low": None, "high": None}
    return [
        {name: {**blank, **part} for name, part in one.judged.dimensions.items()}
        for one in judged.targets
        if one.target.kind == kind and one.judged.score is not None
    ]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else BACK)
