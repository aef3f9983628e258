"""Statements about many areas or kinds at once: what changed, who lies outside, and where nothing alarmed."""

from __future__ import annotations

from collections.abc import Sequence

from trafficedu.analysis.said.observed import named
from trafficedu.analysis.said.result import Said
from trafficedu.core.text import Message, message

BEYOND_95 = 0.025
"""So many of those that differ by chance alone lie above the 95 % limit (and as many below it)."""
MOST_NAMED = 4


def changes_title(what: Message, said: Sequence[Said]) -> Message:
    """Head a list of what changed most of ``what`` (kinds, areas): how many changed by more than chance.

    ``said`` are all that were compared, not only those shown.
    """
    known = [one for one in said if one.comparable]
    if not known:
        because = said[0].because if said else message("nothing is on record yet")
        return message("%(what)s: not comparable, because %(because)s", what=what, because=because)
    proven = sum(one.proven for one in known)
    if proven:
        return message(
            "%(what)s: %(proven)s of %(all)s changed by more than chance explains",
            what=what,
            proven=proven,
            all=len(known),
        )
    return message("%(what)s: largest changes; each of them could be chance", what=what)


def funnel_statement(names_beyond: Sequence[str], above_95: int, judged: int) -> Message:
    """Say who has more violations than e-bikes and chance explain.

    Parameters
    ----------
    names_beyond
        Those above the 99.8 % limit: by chance alone one in a thousand.
    above_95, judged
        How many lie above the 95 % limit, of how many compared.
    """
    if names_beyond:
        return message(
            "More violations than the number of e-bikes and chance explain (99.8 %% limit): %(names)s",
            names=named(names_beyond, MOST_NAMED),
        )
    if not above_95:
        return message("No area has more violations than its number of e-bikes and chance explain")
    return message(
        "%(above)s of %(all)s areas lie above the 95 %% limit, where chance alone puts %(expected)s; none lies above "
        "the 99.8 %% limit",
        above=above_95,
        all=judged,
        expected=f"{BEYOND_95 * judged:.1f}",
    )
