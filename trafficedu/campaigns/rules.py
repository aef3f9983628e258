"""What a campaign may say, and where it stands on a day. Pure, time passed in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from trafficedu.core.errors import Refusal
from trafficedu.core.states import Word
from trafficedu.core.text import message

LONGEST_DAYS = 731


class CampaignState(Word):
    """Where a campaign stands on a day; derived from its days and from whether it was cancelled."""

    PLANNED = "planned", message("planned")
    RUNNING = "running", message("under way"), "open"
    OVER = "over", message("finished"), "done"
    CANCELLED = "cancelled", message("cancelled"), "problem"


def state_on(first_day: date, last_day: date, cancelled: bool, day: date) -> CampaignState:
    """Return where a campaign stands on ``day``."""
    if cancelled:
        return CampaignState.CANCELLED
    if day < first_day:
        return CampaignState.PLANNED
    return CampaignState.RUNNING if day <= last_day else CampaignState.OVER


def check_days(first_day: date, last_day: date) -> None:
    """Raise Refusal at ``last_day`` unless the days are in order and no more than two years apart."""
    if last_day < first_day:
        raise Refusal(message("The last day is before the first. Check both."), field="last_day")
    if (last_day - first_day).days >= LONGEST_DAYS:
        text = message(
            "A campaign can last at most %(days)d days. Check the years, or enter two campaigns.", days=LONGEST_DAYS
        )
        raise Refusal(text, field="last_day")


def outermost(paths: Iterable[str]) -> list[str]:
    """Return the paths that lie in no other one of them: a town chosen takes its villages with it."""
    kept: list[str] = []
    for path in sorted(set(paths)):
        if not kept or not path.startswith(kept[-1]):
            kept.append(path)
    return kept


def lines_above(path: str) -> list[str]:
    """Return the paths of the areas above ``path``, from the root down."""
    codes = path.strip("/").split("/")
    return ["/".join(codes[:length]) + "/" for length in range(1, len(codes))]
