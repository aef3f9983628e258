"""The sentences that open a bulletin: what the figures say, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from trafficedu.analysis.colours.rule_set import COLOURS, RED
from trafficedu.core.text import Message, message
from trafficedu.reports import words
from trafficedu.reports.bulletin_colours import KINDS
from trafficedu.reports.bulletin_data import BulletinData, Count, Ranking, Standing


def list_findings(data: BulletinData, alarms: Mapping[str, Sequence[Message]], locale: str) -> list[Message]:
    """Return the findings; ``alarms`` are the series above their limit by name of the area."""
    found = [
        _counted(message("violations"), data.violations),
        _counted(message("e-bike casualty accidents"), data.casualties),
    ]
    found += [line for ranking in data.rankings for line in _moved(ranking, locale)]
    found += list(_helmets(data))
    if alarms:
        text = message(
            "Alarm (above the 99 %% limit of the season): %(names)s", names=words.shortest(list(alarms), locale)
        )
        found.append(text)
    if data.recommended.places:
        names = words.shortest([one.name for one in data.recommended.places], locale, 3)
        found.append(message("First priorities for next month: %(names)s", names=names))
    return found


def _counted(what: Message, count: Count) -> Message:
    return message(
        "%(now)s %(what)s, %(before)s a year earlier: %(verdict)s",
        now=f"{count.now:,}",
        what=what,
        before=f"{count.year_before:,}",
        verdict=count.verdict,
    )


def _moved(ranking: Ranking, locale: str) -> Iterator[Message]:
    """Say who rose and who fell, and who is red."""
    moves = [(one, step) for one in ranking.standings if (step := steps_of(one)) != 0]
    risen, fallen = [one.name for one, step in moves if step < 0], [one.name for one, step in moves if step > 0]
    red = [one.name for one in ranking.standings if one.colour == RED]
    if risen or fallen:
        yield message(
            "%(kind)s: %(risen)s rose by a colour or more, %(fallen)s fell",
            kind=KINDS[ranking.kind],
            risen=len(risen),
            fallen=len(fallen),
        )
    if fallen:
        yield message("%(kind)s that fell: %(names)s", kind=KINDS[ranking.kind], names=words.shortest(fallen, locale))
    if red:
        yield message("%(kind)s on red: %(names)s", kind=KINDS[ranking.kind], names=words.shortest(red, locale))


def steps_of(one: Standing) -> int:
    """Return by how many colours a target fell (positive) or rose since the month before; 0 where one is grey."""
    before = one.before[0] if one.before else ""
    known = one.colour in COLOURS and before in COLOURS
    return COLOURS.index(one.colour) - COLOURS.index(before) if known else 0


def _helmets(data: BulletinData) -> Iterator[Message]:
    rate = data.helmets
    if not rate.denominator:
        return
    values = {
        "rate": words.percentage(rate.numerator, rate.denominator),
        "limits": words.interval(rate.low, rate.high),
        "target": f"{100 * data.helmet_target:g}",
    }
    if rate.low >= data.helmet_target:
        yield message("Helmets worn %(rate)s, 95 %% interval %(limits)s: target of %(target)s %% met", **values)
    elif rate.high < data.helmet_target:
        yield message("Helmets worn %(rate)s, 95 %% interval %(limits)s: target of %(target)s %% missed", **values)
    else:
        yield message(
            "Helmets worn %(rate)s, 95 %% interval %(limits)s: target of %(target)s %% not proven met",
            **values,
        )
