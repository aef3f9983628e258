"""What a monthly bulletin says: counts, rates with their intervals, colours, forecasts. Figures, not yet words.

Names are in the reader's language already; a sentence that depends on the figures comes as a message. The paper
(`bulletin`) and its annex (`bulletin_annex`) are made from the same figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from trafficedu.core.month import Month
from trafficedu.core.text import Message


@dataclass(frozen=True)
class Rate:
    """A rate with both parts; ``low`` and ``high`` are shares, the 95 % interval. Nothing in it: no interval."""

    numerator: int
    denominator: int
    low: float
    high: float

    @property
    def percent(self) -> float | None:
        """The rate in percent; None where the denominator is 0."""
        return 100 * self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True)
class Count:
    """Events of a month, of the month before, and of the same month a year before (None: not known).

    ``verdict`` says whether the change in a year is more than chance, ``sentence`` the same with the figures;
    ``reported`` how many towns reported.
    """

    now: int
    month_before: int | None
    year_before: int | None
    verdict: Message
    sentence: Message | None = None
    reported: Message | None = None


@dataclass(frozen=True)
class Hazards:
    """Hazards of the month: open and overdue at its end, found and fixed in it."""

    open: int = 0
    new: int = 0
    fixed: int = 0
    overdue: int = 0


@dataclass(frozen=True)
class Change:
    """A count of one kind or area: what changed, and whether by more than chance; None: not known."""

    name: str
    now: int
    month_before: int | None
    year_before: int | None
    verdict: Message | None = None


@dataclass(frozen=True)
class NamedRate:
    """The rate of one area or company.

    ``state`` is what it says about a target (``met``, ``missed``, ``not_proven``, ``not_judged``), or whether it is
    ``below`` or ``above`` that of all of them by more than chance; empty where there is nothing to say.
    """

    code: str
    name: str
    rate: Rate
    state: str = ""


@dataclass(frozen=True)
class Standing:
    """Where one target of the evaluation stands.

    ``low`` and ``high`` are the 95 % interval of its score as far as chance in its counts goes, ``best`` and
    ``worst`` the ranks that go with it; None where there is no score. ``dimensions`` is NAME -> (score or None,
    numerator, denominator); ``before`` is colour and score of the month before, None where it was not evaluated then.
    """

    code: str
    name: str
    colour: str
    score: float | None
    before: tuple[str, float | None] | None
    dimensions: Mapping[str, tuple[float | None, float | None, float | None]]
    low: float | None = None
    high: float | None = None
    best: int | None = None
    worst: int | None = None
    veto: str = ""

    @property
    def moved(self) -> float | None:
        """By how much the score moved since the month before."""
        before = self.before[1] if self.before else None
        return None if self.score is None or before is None else self.score - before


@dataclass(frozen=True)
class Ranking:
    """All targets of one level (``town``, ``village``, ``company``), the best first, grey ones last."""

    kind: str
    standings: Sequence[Standing]


@dataclass(frozen=True)
class Limits:
    """One area in the funnel: violations, what its e-bikes would bring at the common rate, and the limits."""

    code: str
    name: str
    count: int
    expected: float
    low_95: float
    high_95: float
    low_998: float
    high_998: float
    outside: int


@dataclass(frozen=True)
class Outlook:
    """A series with its forecast: months, what was counted, what was expected a month before, and the bands.

    ``statement`` is the trend in percent a year; ``method`` says what the forecast is made with.
    """

    months: Sequence[str]
    counted: Sequence[float | None]
    fitted: Sequence[float | None]
    ahead: Sequence[str]
    expected: Sequence[float | None]
    low_80: Sequence[float | None]
    high_80: Sequence[float | None]
    low_95: Sequence[float | None]
    high_95: Sequence[float | None]
    statement: Message
    method: Message


@dataclass(frozen=True)
class Claim:
    """Two periods of twelve months compared by one count; ``sentence`` says what may be claimed."""

    what: Message
    before: int | None
    after: int
    sentence: Message


@dataclass(frozen=True)
class CampaignLine:
    """A campaign of the month and what is known of its effect."""

    name: str
    first: date
    last: date
    areas: Sequence[str]
    effect: Message


@dataclass(frozen=True)
class Place:
    """A place recommended for the next month, with what speaks for it.

    ``observed`` and ``usual`` are its casualty accidents and those of places like it over ``months``; ``expected``
    is for the next month. ``excess`` is the empirical-Bayes ratio with its 95 % interval, ``more`` the probability
    that it is above 1. ``overdue`` counts hazards; ``reasons`` are the parts of the rule that chose it, ``inside``
    the places below it that weigh most.
    """

    code: str
    name: str
    expected: float
    observed: int
    usual: float
    excess: float
    low: float
    high: float
    more: float
    reasons: Sequence[Message] = ()
    overdue: int = 0
    inside: Sequence[str] = ()

    @property
    def more_percent(self) -> float:
        """The probability in percent."""
        return 100 * self.more


@dataclass(frozen=True)
class Places:
    """The recommendation and the rule it was made by."""

    rule: Message
    places: Sequence[Place]
    months: int


@dataclass(frozen=True)
class MonthCount:
    """A month of the series of violations; None before anything was on record."""

    name: str
    count: int | None
    year_before: int | None


@dataclass(frozen=True)
class BulletinData:
    """Everything a bulletin says of one area and month.

    ``evaluated`` names the rule set and version the colours come from, None where the month has no evaluation.
    ``completion_said`` and ``feedback_said`` say how these rates stand to the month before (None, empty in older
    documents: nothing is said). The titles of what changed and of the funnel say what is more than chance (None in
    older documents).
    ``feedback`` and ``feedback_before`` are (companies, villages); ``helmets_months`` how many months the helmet
    rates reach back, ``helmet_verdict`` what the rate says about the target, ``interval_means`` what the interval of a
    score is (None in older documents).
    """

    district: str
    area: str
    month: Month
    as_of: datetime
    findings: Sequence[Message]
    evaluated: Message | None
    rankings: Sequence[Ranking]
    violations: Count
    casualties: Count
    fatal: Count
    completion: Rate
    completion_before: Rate
    feedback: Sequence[Rate]
    feedback_before: Sequence[Rate]
    helmets: Rate
    helmet_target: float
    helmets_months: int
    helmets_by_area: Sequence[NamedRate]
    completion_by_area: Sequence[NamedRate]
    feedback_by_company: Sequence[NamedRate]
    hazards: Hazards
    months: Sequence[MonthCount]
    kinds: Sequence[Change]
    areas: Sequence[Change]
    funnel: Sequence[Limits]
    outlook: Outlook | None
    claims: Sequence[Claim]
    campaigns: Sequence[CampaignLine]
    recommended: Places
    notes: Sequence[Message]
    helmet_verdict: str = ""
    completion_said: Message | None = None
    feedback_said: Sequence[Message] = ()
    kinds_title: Message | None = None
    areas_title: Message | None = None
    funnel_title: Message | None = None
    interval_means: Message | None = None
