"""What may be claimed of two counts, and of a campaign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trafficedu.core.text import Message, message


@dataclass(frozen=True)
class PeriodComparison:
    """Two counts compared: the sentence, and the figures behind it. ``percent`` is None where nothing was before."""

    before: int
    after: int
    percent: float | None
    low: float | None
    high: float | None
    p_value: float
    proven: bool

    @property
    def p_text(self) -> str:
        """The p-value as written: two digits, never 0."""
        return "< 0.001" if self.p_value < 0.001 else f"= {self.p_value:.2g}"

    @property
    def sentence(self) -> Message:
        """Say what may be claimed, and no more."""
        values = {"before": self.before, "after": self.after, "p": self.p_text}
        if self.percent is None:
            return message(
                "%(before)s → %(after)s, p %(p)s: none in the earlier period, so no change in %% can be given", **values
            )
        values["change"] = f"{self.percent:+.1f}"
        if self.proven:
            return message("%(before)s → %(after)s (%(change)s %%), p %(p)s: unlikely to be chance", **values)
        return message("%(before)s → %(after)s (%(change)s %%), p %(p)s: could be chance", **values)


def effect_sentence(effect: Mapping[str, Any]) -> Message:
    """Say what may be claimed of a campaign (``services.effects``), and no more.

    The direction is said with its probability only where the interval does not settle it.
    """
    fewer = effect["percent"] < 0
    share = effect["falling"] if fewer else 1 - effect["falling"]
    values = {
        "percent": f"{effect['percent']:+.1f}",
        "low": f"{effect['low']:+.1f}",
        "high": f"{effect['high']:+.1f}",
        "probability": ">99" if share > 0.99 else f"{100 * share:.0f}",
    }
    if effect["proven"] and fewer:
        return message(
            "Fewer than expected without the campaign: %(percent)s %%, with 95 %% confidence between %(low)s and "
            "%(high)s %%. This is unlikely to be chance.",
            **values,
        )
    if effect["proven"]:
        return message(
            "More than expected without the campaign: %(percent)s %%, with 95 %% confidence between %(low)s and "
            "%(high)s %%. This is unlikely to be chance.",
            **values,
        )
    if fewer:
        return message(
            "Not proven: %(percent)s %% compared with what was expected, with 95 %% confidence between %(low)s and "
            "%(high)s %%; fewer than expected with %(probability)s %% probability.",
            **values,
        )
    return message(
        "Not proven: %(percent)s %% compared with what was expected, with 95 %% confidence between %(low)s and "
        "%(high)s %%; more than expected with %(probability)s %% probability.",
        **values,
    )
