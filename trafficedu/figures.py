"""FIGURE -> how it is counted: which sums are settled month by month, and which tell that a month was reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trafficedu.accidents.queries import monthly as accidents_monthly
from trafficedu.coverage.models import Covered
from trafficedu.education.queries import monthly as studies_monthly
from trafficedu.education.queries.reoffence import COMPLETIONS, REOFFENCES
from trafficedu.feedback.queries import monthly as answers_monthly
from trafficedu.helmets.queries import monthly as helmets_monthly
from trafficedu.patrols.queries import monthly as patrols_monthly
from trafficedu.points.queries import monthly as points_monthly
from trafficedu.settled.models import Figure
from trafficedu.settled.triggers import watch
from trafficedu.violations.queries import monthly as violations_monthly

FIGURES: Sequence[Figure] = [
    violations_monthly.FIGURE,
    violations_monthly.HOURS,
    violations_monthly.COMPANIES,
    studies_monthly.FIGURE,
    answers_monthly.FIGURE,
    answers_monthly.OF_COMPANIES,
    COMPLETIONS,
    REOFFENCES,
    accidents_monthly.FIGURE,
    patrols_monthly.FIGURE,
    points_monthly.OF_AREAS,
    points_monthly.OF_COMPANIES,
    helmets_monthly.FIGURE,
    helmets_monthly.OF_CELLS,
]
"""What is settled month by month (``settled``)."""
watch(FIGURES)

COVERED: Mapping[str, Covered] = {
    each.kind: each
    for each in (
        violations_monthly.COVERED,
        accidents_monthly.COVERED,
        helmets_monthly.COVERED,
        points_monthly.COVERED,
        patrols_monthly.COVERED,
    )
}
"""FIGURE -> how its records are counted by reporting unit and month (``coverage``)."""
