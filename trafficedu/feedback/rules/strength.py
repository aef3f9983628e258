"""Which measure is stronger than which, and the order of a policy's steps by it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from trafficedu.core.errors import Refusal
from trafficedu.core.text import message
from trafficedu.feedback.rules.policy import Escalation, Measure, MeasureKind, in_words

_ENDS_THE_WORK = frozenset({MeasureKind.TRADE_SUSPENDED, MeasureKind.DISMISSED, MeasureKind.BLACKLISTED})
STRONGER = {
    MeasureKind.CRITICISED: frozenset(MeasureKind) - {MeasureKind.CRITICISED, MeasureKind.OTHER},
    MeasureKind.HOME_VISIT: _ENDS_THE_WORK,
    MeasureKind.ORDERS_REDUCED: _ENDS_THE_WORK | {MeasureKind.SUSPENDED, MeasureKind.UNTIL_MONTH_END},
    MeasureKind.SUSPENDED: _ENDS_THE_WORK,
    MeasureKind.UNTIL_MONTH_END: _ENDS_THE_WORK,
    MeasureKind.TRADE_SUSPENDED: frozenset({MeasureKind.BLACKLISTED}),
    MeasureKind.DISMISSED: frozenset({MeasureKind.BLACKLISTED}),
    MeasureKind.BLACKLISTED: frozenset[MeasureKind](),
    MeasureKind.OTHER: frozenset[MeasureKind](),
}
"""What is stronger than each measure. Of two that are not named here nobody can say it: a home visit or fewer orders,
some days off or none until the end of the month, out of one company or suspended in all."""


def is_stronger(measure: Measure, than: Measure) -> bool:
    """Tell whether ``measure`` is known to be stronger; of two suspensions the longer one is."""
    if measure.code == than.code:
        return (measure.days or 0) > (than.days or 0)
    return measure.code in STRONGER[than.code]


def check_order(step: Escalation, others: Iterable[Escalation]) -> None:
    """Raise Refusal at ``measure`` where more stops would lead to less, beside the ``others`` for the same receiver.

    The step reached that asks for the most stops applies, whatever the windows: a weaker one above would undo it.
    """
    for other in sorted(others, key=lambda one: one.violations_from, reverse=True):
        said = {"count": other.violations_from, "measure": in_words(other.measure)}
        if other.violations_from < step.violations_from and is_stronger(other.measure, step.measure):
            text = message(
                "From stop %(count)d on, “%(measure)s” is recommended, which is stronger. More stops must not lead to"
                " less: choose a measure that is as strong, or change that step first.",
                **said,
            )
            raise Refusal(text, field="measure")
        if other.violations_from > step.violations_from and is_stronger(step.measure, other.measure):
            text = message(
                "From stop %(count)d on, only “%(measure)s” is recommended, which is weaker. More stops must not lead"
                " to less: choose a measure that is not stronger, or change that step first.",
                **said,
            )
            raise Refusal(text, field="measure")
