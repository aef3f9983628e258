"""How far the figures of a bulletin can be trusted: what is not yet due, what is missing, what was assumed."""

from __future__ import annotations

from collections.abc import Iterator

from trafficedu.analysis.colours.rule_set import GREY
from trafficedu.areas.queries import tree as areas
from trafficedu.areas.queries.ebikes import ebikes_of_areas
from trafficedu.bulletin.queries.accidents import Trend
from trafficedu.bulletin.queries.asked import Asked
from trafficedu.bulletin.queries.standings import read_results
from trafficedu.core.month import Period
from trafficedu.core.text import Message, message
from trafficedu.coverage.rules import FigureKind
from trafficedu.evaluation.models import EvaluationRun
from trafficedu.evaluation.services.trends import unpacked
from trafficedu.helmets.queries import rates as helmets
from trafficedu.overview.queries.month import MonthFigures
from trafficedu.violations.queries import figures as violations


def list_notes(
    asked: Asked, run: EvaluationRun | None, counted: MonthFigures, line: helmets.RateRow, trend: Trend
) -> list[Message]:
    """Return the notes in the order of the parts they are about."""
    return [
        *_reported(asked),
        *_not_due(counted),
        *_violations(asked),
        *_ebikes(asked),
        *_helmets(line),
        *_evaluation(asked, run),
        *_forecast(trend),
        message(
            "Deaths are those within 7 days. Unreported accidents are not included. Hazards are as at the end of "
            "the month."
        ),
    ]


def _reported(asked: Asked) -> Iterator[Message]:
    month = Period(asked.month, asked.month)
    for kind in (FigureKind.VIOLATIONS, FigureKind.ACCIDENTS, FigureKind.HELMETS):
        yield message("%(figure)s: %(said)s", figure=kind.label, said=asked.observer.reported(kind, month))
    yield message("Rates of education and of notices rest on the violations reported.")


def _not_due(counted: MonthFigures) -> Iterator[Message]:
    yield message(
        "Of %(opened)s study tasks opened in the month, %(open)s were unfinished and not yet due.",
        opened=f"{counted.completion.opened:,}",
        open=f"{counted.completion.not_yet_due:,}",
    )
    companies, villages = (now for now, _ in counted.feedback)
    yield message(
        "Notices sent in the month, unanswered and not yet due: %(companies)s to companies, %(villages)s to villages.",
        companies=f"{companies.not_yet_due:,}",
        villages=f"{villages.not_yet_due:,}",
    )


def _violations(asked: Asked) -> Iterator[Message]:
    first, last = asked.month.first, asked.month.last
    waiting = violations.count_pending(asked.session, asked.by, first, last, asked.area.path)
    yield message("Camera records of the month not yet reviewed and so not counted: %(count)s.", count=f"{waiting:,}")


def _ebikes(asked: Asked) -> Iterator[Message]:
    known = ebikes_of_areas(asked.session, asked.area.path, asked.month, asked.month)[asked.month]
    missing = [part.name for part in asked.parts if not known.get(part.path)]
    if missing:
        yield message(
            "The number of registered e-bikes is missing for %(count)s of %(all)s areas, which are left out of "
            "comparisons by e-bikes.",
            count=len(missing),
            all=len(asked.parts),
        )


def _helmets(line: helmets.RateRow) -> Iterator[Message]:
    if line.surveys:
        yield message(
            "Helmets: %(surveys)s surveys at %(sites)s sites; %(unclear)s people could not be seen clearly and are "
            "left out.",
            surveys=line.surveys,
            sites=line.rate.sites,
            unclear=f"{line.unclear:,}",
        )


def _evaluation(asked: Asked, run: EvaluationRun | None) -> Iterator[Message]:
    if run is None:
        return
    inside = set(asked.session.scalars(areas.within(asked.area.path)))
    companies = {None} if asked.area.parent_id is None else set()
    found = read_results(asked.session, run, asked.by).values()
    results = [one for one in found if one.area_id in inside | companies]
    grey = sum(one.colour == GREY for one in results)
    yield message(
        "Evaluated: %(all)s towns, villages and companies, of which %(grey)s have too little data for a colour.",
        all=len(results),
        grey=grey,
    )
    if not run.complete:
        yield message("The evaluation was made before the month was over.")


def _forecast(trend: Trend) -> Iterator[Message]:
    if not trend.fitted:
        return
    about = trend.payload["parts"]
    for sentence in [*about["why"], *about["notes"]]:
        yield unpacked(sentence)
