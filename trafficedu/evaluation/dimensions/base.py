"""What evaluation knows of a dimension beside its arithmetic, which is in ``analysis.colours``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trafficedu.core.month import Period
from trafficedu.core.text import Message
from trafficedu.evaluation.dimensions.reading import Asked, Reading

Stored = Mapping[str, Any]
"""One dimension of a stored result under rule set 2 (``analysis.colours.judging.DimensionVerdict``)."""
Query = Mapping[str, str]


@dataclass(frozen=True)
class Records:
    """Where the records behind a dimension are listed.

    Parameters
    ----------
    name
        Of the link.
    endpoint, permission
        The list, and who may open it.
    of_area, of_company
        From the code of the target and the months judged to what the list is narrowed by; None where it has no such
        list.
    """

    name: Message
    endpoint: str
    permission: str
    of_area: Callable[[str, Period], Query] | None = None
    of_company: Callable[[str, Period], Query] | None = None


@dataclass(frozen=True)
class Dimension:
    """A dimension.

    Parameters
    ----------
    title
        As the pages name it.
    half
        What is counted to tell how much is known.
    seen
        From how much of that was seen to the words for it.
    based_on
        From a stored dimension to the sentence of what its score rests on.
    step
        What it takes to be a colour better: ``%(steps)s``, out of ``%(most)s``.
    gather
        What more of it would be known by: ``%(more)s``.
    records
        Where to go for what was recorded.
    """

    read: Callable[[Asked], Reading]
    title: Message
    half: Message
    seen: Callable[[float], Message]
    based_on: Callable[[Stored], Message]
    step: Message
    gather: Message
    records: tuple[Records, ...] = field(default=())


def days(months: Period) -> dict[str, str]:
    """Return a period as lists of days take it."""
    return {"since": months.first_day.isoformat(), "until": months.last_day.isoformat()}
