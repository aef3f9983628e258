"""What may be said of two periods: figures, interval, verdict, the sentence, and whether it is good or bad."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto

from trafficedu.analysis.said.observed import MOST_NAMED, Observed, named
from trafficedu.analysis.said.series import Polarity, Series
from trafficedu.analysis.said.spans import Pair
from trafficedu.core.text import Message, message


class Verdict(StrEnum):
    """What the figures allow."""

    NOT_COMPARABLE = auto()
    """One of the periods is not known: there is no figure to compare with."""
    NOT_JUDGED = auto()
    """Both are known, and there is nothing in them to judge by."""
    CHANCE = auto()
    PROVEN = auto()
    """More than chance explains."""


class Direction(StrEnum):
    """What a proven change means; a change that could be chance means nothing."""

    GOOD = auto()
    BAD = auto()
    NEITHER = auto()


def written_p(value: float) -> str:
    """Write a p-value: two digits that count, never 0."""
    return "< 0.001" if value < 0.001 else f"= {value:.2g}"


def written_change(ratio: float) -> str:
    """Write a ratio as a change in percent: 0.677 is -32.3 %; what rounds to nothing has no sign."""
    percent = round(100 * (ratio - 1), 1)
    return f"{percent:+,.1f} %" if percent else "±0.0 %"


def written_points(difference: float) -> str:
    """Write a difference of shares in points of a percentage."""
    points = round(100 * difference, 1)
    return f"{points:+,.1f}" if points else "±0.0"


def direction_of(series: Series, rises: bool, verdict: Verdict) -> Direction:
    """Return whether a proven change of a series is good or bad."""
    if verdict is not Verdict.PROVEN or series.polarity is Polarity.NEITHER:
        return Direction.NEITHER
    return Direction.GOOD if rises is (series.polarity is Polarity.MORE) else Direction.BAD


@dataclass(frozen=True)
class Said:
    """Two periods of a series compared.

    Parameters
    ----------
    series, pair, before, after
        What was compared. A figure of days that are not known must not be shown: see ``shown_before``.
    verdict
        What the figures allow.
    because
        Why they are not comparable or not judged; None otherwise.
    change
        As written: ``-10.4 %``, in points for a share; empty where there is none.
    low, high
        Interval of the change as written; ``high`` is empty where there is no bound. Both empty without one.
    p
        As written (``= 0.067``); empty without a test.
    level
        Level of the interval, in percent: 95 over all of ``among``.
    among
        How many such statements are made at once.
    rises
        Whether the later figure is the greater one.
    """

    series: Series
    pair: Pair
    before: Observed
    after: Observed
    verdict: Verdict
    because: Message | None = None
    change: str = ""
    low: str = ""
    high: str = ""
    p: str = ""
    level: float = 95.0
    among: int = 1
    rises: bool = False

    @property
    def proven(self) -> bool:
        """Whether the change is more than chance explains."""
        return self.verdict is Verdict.PROVEN

    @property
    def comparable(self) -> bool:
        """Whether both figures are known."""
        return self.verdict is not Verdict.NOT_COMPARABLE

    @property
    def direction(self) -> Direction:
        """Whether it is good or bad."""
        return direction_of(self.series, self.rises, self.verdict)

    @property
    def shown_before(self) -> int | None:
        """The earlier count as it may be shown: None where its days are not known."""
        return self.before.count if self.comparable or self.before.unknown is None else None

    @property
    def conclusion(self) -> Message:
        """The verdict in words, for a table or a tile that shows the figures."""
        if self.verdict is Verdict.NOT_COMPARABLE:
            return message("not comparable: %(because)s", because=self.because)
        if self.verdict is Verdict.NOT_JUDGED:
            return message("not judged: %(because)s", because=self.because)
        changed = self.change or message("from none")
        if self.verdict is Verdict.CHANCE:
            return message("%(change)s, could be chance%(p)s", change=changed, p=self._tested)
        return message("%(change)s, unlikely to be chance%(p)s", change=changed, p=self._tested)

    @property
    def _tested(self) -> Message | str:
        return message(" (p %(p)s)", p=self.p) if self.p else ""

    @property
    def beside(self) -> Message:
        """The earlier figure and the verdict, for a note below the later figure."""
        if self.verdict is Verdict.NOT_COMPARABLE:
            return message("not comparable with %(then)s: %(because)s", then=self.pair.then, because=self.because)
        values = {"then": self.pair.then, "before": self.figure(self.before), "verdict": self.conclusion}
        if self.pair.cut or self.after.units.left_out:
            return message(
                "up to %(day)s: %(after)s, %(then)s: %(before)s; %(verdict)s",
                day=self.pair.after.last.isoformat(),
                after=self.figure(self.after),
                **values,
            )
        return message("%(then)s: %(before)s; %(verdict)s", **values)

    @property
    def beside_figure(self) -> Message:
        """Both figures and the verdict, for a table that names what is counted."""
        if self.verdict is Verdict.NOT_COMPARABLE:
            return self.conclusion
        return message(
            "%(before)s → %(after)s; %(verdict)s",
            before=self.figure(self.before),
            after=self.figure(self.after),
            verdict=self.conclusion,
        )

    @property
    def sentence(self) -> Message:
        """The whole of it, and no more: a finding, or the title of a chart."""
        if self.after.unknown is not None:
            return message("%(what)s: not known, because %(because)s", what=self.named, because=self.after.unknown)
        values: dict[str, object] = {"after": self.figure(self.after), "then": self.pair.then, "what": self.named}
        if self.pair.cut:
            up_to = message("%(what)s up to %(day)s", what=self.named, day=self.pair.after.last.isoformat())
            values["what"] = up_to
        if self.verdict is Verdict.NOT_COMPARABLE:
            return message(
                "%(what)s: %(after)s; not comparable with %(then)s, because %(because)s", because=self.because, **values
            )
        return message(
            "%(what)s: %(after)s (%(then)s: %(before)s); %(verdict)s",
            before=self.figure(self.before),
            verdict=self.conclusion,
            **values,
        )

    @property
    def named(self) -> Message:
        """What is counted, and without whom, as the beginning of a sentence."""
        if not self.after.units.left_out:
            return self.series.name
        names = named(self.after.units.missing, MOST_NAMED)
        return message("%(what)s without %(names)s (not reported)", what=self.series.name, names=names)

    def figure(self, observed: Observed) -> Message | str:
        """Write a figure: a count, none, or a share with both parts."""
        if observed.denominator is None:
            return message("%(cases)s", cases=f"{observed.count:,}") if observed.count else message("none")
        if not observed.denominator:
            return "—"
        share = f"{100 * observed.count / observed.denominator:.1f} %"
        return f"{share} ({observed.count:,} / {observed.denominator:,})"

    @property
    def range(self) -> Message | None:
        """The interval of the change in words; None without one."""
        if not self.low:
            return None
        level = f"{self.level:.3g}"
        if not self.high:
            return message("With %(level)s %% confidence, the true change is above %(low)s.", level=level, low=self.low)
        return message(
            "With %(level)s %% confidence, the true change is between %(low)s and %(high)s.",
            level=level,
            low=self.low,
            high=self.high,
        )

    @property
    def cautions(self) -> list[Message]:
        """What a reader might over-read: the season, enforcement, and that several statements are made at once."""
        found = []
        if self.comparable and not self.pair.seasons:
            found.append(
                message("The two periods lie in different months of the year, so the season is part of the difference.")
            )
        if self.series.polarity is Polarity.NEITHER:
            found.append(
                message(
                    "Read violations with care: they depend on patrols and come in clusters, so the test finds "
                    "differences too easily."
                )
            )
        if self.after.units.left_out:
            names = named(self.after.units.missing, MOST_NAMED)
            found.append(message("Left out of both periods, because they did not report: %(names)s.", names=names))
        if self.among > 1:
            found.append(at_once(self.among))
        return found


def at_once(among: int) -> Message:
    """Say that several comparisons are made at once, and what is done about it."""
    return message(
        "%(among)s comparisons are made at once; each is held to a stricter limit, so that all of them together are "
        "wrong in at most 5 of 100 cases.",
        among=among,
    )
