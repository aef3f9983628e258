"""The sentences that open a bulletin: what the figures say, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trafficedu.analysis.colours.rule_set import COLOURS, RED
from trafficedu.analysis.proportions import LEAST_SITES
from trafficedu.analysis.said.alarms import none_sentence, read_alarms
from trafficedu.core.text import Message, message
from trafficedu.reports import words
from trafficedu.reports.bulletin_colours import KINDS
from trafficedu.reports.bulletin_data import BulletinData, Ranking, Standing


def list_findings(data: BulletinData, judged: Mapping[str, Any] | None, locale: str) -> list[Message]:
    """Return the findings; ``judged`` is what ``evaluation.services.watching`` says of the month, None of no parts."""
    found = [sentence for sentence in (data.violations.sentence, data.casualties.sentence) if sentence is not None]
    found += [line for ranking in data.rankings for line in _moved(ranking, locale)]
    found += list(_helmets(data))
    found += list(_alarms(judged, locale)) if judged else []
    if data.recommended.places:
        names = words.shortest([one.name for one in data.recommended.places], locale, 3)
        found.append(message("First priorities for next month: %(names)s", names=names))
    return found


def _alarms(judged: Mapping[str, Any], locale: str) -> Iterator[Message]:
    """Say where the month is unusual, of how many tests, and what could not be judged."""
    names = list(dict.fromkeys(alarm.name for alarm in read_alarms(judged)))
    if names:
        yield message(
            "Alarm: %(names)s. It comes of %(tests)s tests of the month, which together raise about one false alarm "
            "a year",
            names=words.shortest(names, locale),
            tests=judged["tests"],
        )
    elif not judged["judged"]:
        yield none_sentence(judged)


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
    said = {
        "met": message("Helmets worn %(rate)s, 95 %% interval %(limits)s: target of %(target)s %% met", **values),
        "missed": message("Helmets worn %(rate)s, 95 %% interval %(limits)s: target of %(target)s %% missed", **values),
        "not_judged": message(
            "Helmets worn %(rate)s, 95 %% interval %(limits)s: target of %(target)s %% not judged, fewer than "
            "%(least)s sites",
            **values,
            least=LEAST_SITES,
        ),
    }
    undecided = message(
        "Helmets worn %(rate)s, 95 %% interval %(limits)s: target of %(target)s %% not proven met", **values
    )
    yield said.get(data.helmet_verdict, undecided)
