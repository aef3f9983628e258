"""What may be claimed of a campaign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trafficedu.core.text import Message, listed, message
from trafficedu.evaluation.rules.measures import ACCIDENTS, CASUALTY, VIOLATIONS

LEAST_QUARTERS = 8
"""Quarters without a campaign below which counting them says nothing."""
COUNTED = {
    CASUALTY: message("casualty accidents"),
    ACCIDENTS: message("all e-bike accidents, damage only included"),
    VIOLATIONS: message("violations"),
}
"""MEASURE -> what the effect of a campaign is reckoned by."""
OF_KINDS = message("violations of the kinds targeted")


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


def unknown_sentences(effect: Mapping[str, Any]) -> list[Message]:
    """Say what was not reported and is left out of the comparison, and what may still come."""
    unknown = effect.get("unknown")
    if unknown is None:
        return []
    found = []
    if unknown["months"]:
        found.append(message("Left out, because it was not reported: %(months)s.", months=listed(unknown["months"])))
    if unknown["names"]:
        found.append(
            message(
                "Left out, because they did not report all months of the campaign: %(names)s.",
                names=listed(unknown["names"]),
            )
        )
    if unknown["before"]:
        found.append(
            message(
                "Of the months compared with, %(months)s were not reported by all areas of the campaign; what is not "
                "known counts neither as zero nor at all.",
                months=unknown["before"],
            )
        )
    if unknown["open"]:
        found.append(
            message(
                "Not closed yet: %(months)s. What is still reported of it is not counted.",
                months=listed(unknown["open"]),
            )
        )
    return found


def counted_by(measure: str, of_kinds: bool) -> Message:
    """Name what a campaign was judged by; ``of_kinds`` where it aimed at some kinds of violation only."""
    return OF_KINDS if of_kinds and measure == VIOLATIONS else COUNTED[measure]


def placebo_sentence(effect: Mapping[str, Any]) -> Message | None:
    """Say how often as much is seen where nothing was done; None where that was not looked at."""
    found = effect.get("placebo")
    if found is None:
        return None
    if found["quarters"] < LEAST_QUARTERS:
        return message(
            "Quarters without a campaign that this could be compared with: %(quarters)s, too few to say how often as "
            "much is seen without one.",
            quarters=found["quarters"],
        )
    values = {"quarters": found["quarters"], "as_much": found["as_much"]}
    if effect["percent"] < 0:
        return message(
            "Reckoned in the same way from each of the last %(quarters)s quarters without a campaign, the same areas "
            "showed as large a fall %(as_much)s times.",
            **values,
        )
    return message(
        "Reckoned in the same way from each of the last %(quarters)s quarters without a campaign, the same areas "
        "showed as large a rise %(as_much)s times.",
        **values,
    )
