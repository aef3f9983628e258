"""What the commander's brief of a month says: the screen's own data, put into sentences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.analysis.said.alarms import (
    alarm_sentence,
    none_sentence,
    not_judged_sentences,
    promise_sentences,
)
from trafficedu.analysis.said.result import Said
from trafficedu.areas.models import Area
from trafficedu.areas.queries import tree as areas
from trafficedu.areas.queries.letters import with_places
from trafficedu.areas.rules import Level
from trafficedu.bulletin.queries.asked import Asked, Fitted, Gathered
from trafficedu.bulletin.queries.month import judge_in
from trafficedu.bulletin.rules import check_month
from trafficedu.core.actors import Actor
from trafficedu.core.ageing import Ageing
from trafficedu.core.clock import local, local_date
from trafficedu.core.counting import CAP
from trafficedu.core.month import Month, Period
from trafficedu.core.text import Message, listed, message
from trafficedu.coverage.queries.coverage import coverage_of
from trafficedu.coverage.rules import FigureKind
from trafficedu.evaluation.models import ALARMS
from trafficedu.evaluation.queries.results import find_result
from trafficedu.evaluation.rules.measures import CASUALTY
from trafficedu.evaluation.services.alarms import alarms_in, found_with
from trafficedu.evaluation.services.results import is_current
from trafficedu.overview.queries.month import Changes, read_month_of
from trafficedu.overview.queries.screen import Screen, Tile, draw_screen
from trafficedu.reports.badges import SHADES
from trafficedu.reports.brief import BriefData, WorstArea

COLOURS = ("red", "orange", "yellow", "blue", "green", "grey")
"""The worst first."""
SPOKEN_OF = (FigureKind.VIOLATIONS, FigureKind.ACCIDENTS, FigureKind.HELMETS)
"""The figures that the brief says anything of."""
COMPANY, COMPANIES, VILLAGES = message("company"), message("Companies"), message("Villages")


def gather(
    session: Session, by: Actor, area: Area, month: Month, now: datetime, locale: str, fitted: Fitted | None = None
) -> Gathered[BriefData]:
    """Return the brief of a month of ``area``, which the caller found within the scope of ``by``.

    ``fitted`` is what was worked out for the bulletin of the same issue, or for the other language.

    Raises
    ------
    Refusal
        The month is not over: what is compared with whole months would not be one.
    """
    check_month(month, local_date(now))
    asked = Asked(session, by, area, areas.list_children(session, area, month.last), month, now)
    screen = draw_screen(session, by, area, month, now)
    changed, compared = _changed(asked, locale)
    judged = _judged(asked, Fitted() if fitted is None else fitted)
    tiles = (*screen.tiles, *screen.companies)
    data = BriefData(
        district=area.district.name,
        area=area.name,
        month=month,
        as_of=local(now),
        evaluated=_evaluated(screen),
        alarms=_alarms(asked, judged),
        judged=[*not_judged_sentences(judged), *promise_sentences(judged)] if judged else [],
        changed=changed,
        compared=compared,
        worst=[_worst(tile) for tile in tiles if tile.is_named],
        watched=sum(tile.is_watched for tile in tiles),
        colours=_colours(screen),
        waits=list(_waits(screen)),
        known=list(_known(session, area, month, now)),
    )
    return Gathered(with_places(session, data, area.path, locale), asked.keeps)


def _evaluated(screen: Screen) -> Message:
    run = screen.run
    if run is None:
        return message("%(month)s has not been evaluated yet", month=screen.month)
    values = {"number": run.number, "month": screen.month, "when": local(run.computed_utc).strftime("%Y-%m-%d %H:%M")}
    if run.published:
        return message("Colours of version %(number)s of the evaluation of %(month)s, computed %(when)s.", **values)
    return message(
        "Colours of version %(number)s of the evaluation of %(month)s, computed %(when)s and not published yet.",
        **values,
    )


def _judged(asked: Asked, fitted: Fitted) -> dict[str, Any] | None:
    """Return what the alarms of the month are read off, as screen and bulletin have it; None where nothing is kept.

    An area without parts is judged among those beside it, and the screen keeps that of the last full month alone.
    """
    if asked.parts:
        return judge_in(asked, fitted)[2]
    kept = find_result(asked.session, ALARMS, found_with(asked.area).id)
    holds = kept is not None and is_current(kept) and kept.payload["month"] == str(asked.month)
    return kept.payload if kept is not None and holds else None


def _alarms(asked: Asked, judged: dict[str, Any] | None) -> list[Message]:
    month = str(asked.month)
    if judged is None:
        return [message("The alarms of %(month)s are not kept.", month=month)]
    found = alarms_in(asked.session, asked.area, judged, asked.now)
    return [message("%(name)s: %(said)s", name=one.name, said=alarm_sentence(one, month)) for one in found] or [
        none_sentence(judged)
    ]


def _changed(asked: Asked, locale: str) -> tuple[list[Message], Message]:
    """Return what changed by more than chance, and how many comparisons that was found among."""
    month = asked.month
    figures = read_month_of(asked.session, asked.by, asked.area, month, asked.now, locale)
    whole = [
        asked.observer.compare_year(CASUALTY, Period(month, month)),
        figures.total.said,
        figures.completed,
        figures.on_time,
    ]
    answered = [(VILLAGES if row.of_villages else COMPANIES, said) for row, said in figures.answered]
    changed = [said.sentence for said in whole if said.proven]
    changed += [_of(name, said) for name, said in answered if said.proven]
    changed += [sentence for part in (figures.kinds, figures.below) for sentence in _parts(part)]
    return changed, _compared(
        [*whole, *(said for _, said in answered)], [figures.kinds.title, figures.below.title], bool(changed)
    )


def _parts(changes: Changes) -> Iterator[Message]:
    for row in changes.rows:
        if row.said.proven:
            yield _of(row.name, row.said)


def _of(name: Message | str, said: Said) -> Message:
    return message("%(name)s: %(said)s", name=name, said=said.sentence)


def _compared(whole: list[Said], titles: list[Message], any_changed: bool) -> Message:
    known = list({said.named.msgid: said.named for said in whole if said.comparable}.values())
    if not known:
        return message("No comparison yet: the records do not reach back far enough.")
    kinds, areas_below = titles
    values = {"what": listed(known), "kinds": kinds, "areas": areas_below}
    if any_changed:
        return message("Compared: %(what)s. %(kinds)s. %(areas)s.", **values)
    return message("Nothing changed by more than chance. Compared: %(what)s. %(kinds)s. %(areas)s.", **values)


def _worst(tile: Tile) -> WorstArea:
    kind = COMPANY if tile.kind == "company" else Level(tile.kind).label
    return WorstArea(tile.name, kind, tile.colour, tile.score, tile.before, tile.note)


def _colours(screen: Screen) -> Message:
    counts = screen.counts
    if not counts:
        return message("No area is judged.")
    standing = [(SHADES[name].name, counts[name]) for name in COLOURS if counts[name]]
    return listed([message("%(colour)s %(count)s", colour=colour, count=count) for colour, count in standing])


def _waits(screen: Screen) -> Iterator[Message]:
    waiting = screen.waiting
    yield _aged(message("Answers of companies"), waiting.company_notices)
    yield _aged(message("Answers of villages"), waiting.village_notices)
    yield _aged(message("Study tasks"), waiting.tasks)
    yield message(
        "Hazards: %(overdue)s overdue of %(open)s open",
        overdue=_count(waiting.overdue_hazards),
        open=_count(waiting.open_hazards),
    )


def _aged(what: Message, aged: Ageing) -> Message:
    said = message(
        "%(what)s: %(recent)s overdue of %(due)s due since %(since)s, %(week)s of them for less than 7 days",
        what=what,
        recent=_count(aged.recent),
        due=f"{aged.due:,}",
        since=aged.since,
        week=_count(aged.week),
    )
    return message("%(said)s; %(beyond)s older", said=said, beyond=_count(aged.beyond)) if aged.beyond else said


def _count(count: int) -> str | Message:
    return message("more than %(count)s", count=f"{CAP:,}") if count > CAP else f"{count:,}"


def _known(session: Session, area: Area, month: Month, now: datetime) -> Iterator[Message]:
    for kind in SPOKEN_OF:
        covered = coverage_of(session, kind, area, Period(month, month), now)
        yield message("%(figure)s: %(said)s", figure=kind.label, said=covered.sentence(month))
