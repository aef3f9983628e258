"""What two versions of a month say differently, by what matters: colours first, then vetoes, small changes last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.evaluation.models import EvaluationResult, EvaluationRun
from trafficedu.evaluation.queries.runs import find_version, results_of


class Said(NamedTuple):
    """What a version says of one target."""

    kind: str
    code: str
    name: str
    colour: str
    score: float | None
    veto: str
    firm: str
    dimensions: Mapping[str, Any]
    hash: str

    @property
    def key(self) -> tuple[str, str]:
        """What tells one target from another."""
        return self.kind, self.code


def said_by(result: EvaluationResult) -> Said:
    """Return what a stored result says."""
    row = result
    return Said(row.kind, row.code, row.name, row.colour, row.score, row.veto, row.firm, row.dimensions, row.hash)


@dataclass(frozen=True)
class Difference:
    """One target that two versions judge differently; None for a version that does not have it."""

    before: Said | None
    after: Said | None

    @property
    def said(self) -> Said:
        """What is said now, else what was said."""
        said = self.after or self.before
        assert said is not None
        return said

    @property
    def of_colour(self) -> bool:
        """Whether the colour is another, or the target new or gone."""
        return self.before is None or self.after is None or self.before.colour != self.after.colour

    @property
    def of_veto(self) -> bool:
        """Whether another veto holds, with the same colour."""
        return not self.of_colour and self.before.veto != self.after.veto  # type: ignore[union-attr]  # both are there

    @property
    def of_firmness(self) -> bool:
        """Whether something else is firm, with the same colour and veto."""
        same = not (self.of_colour or self.of_veto)
        return same and self.before.firm != self.after.firm  # type: ignore[union-attr]  # both are there

    @property
    def dimensions(self) -> list[str]:
        """The names of the dimensions that are judged differently."""
        was, now = (side.dimensions if side else {} for side in (self.before, self.after))
        return sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))

    def as_json(self) -> dict[str, Any]:
        """Return the form that ``trafficedu evaluate --check --json`` prints."""
        before, after = (None if side is None else [side.colour, side.score] for side in (self.before, self.after))
        return {
            "kind": self.said.kind,
            "code": self.said.code,
            "name": self.said.name,
            "before": before,
            "after": after,
            "dimensions": self.dimensions,
        }


def differences(before: Iterable[Said], after: Iterable[Said]) -> list[Difference]:
    """Return what is different, by kind and code."""
    old, new = {said.key: said for said in before}, {said.key: said for said in after}
    pairs = ((old.get(key), new.get(key)) for key in sorted(old.keys() | new.keys()))
    return [Difference(was, now) for was, now in pairs if was is None or now is None or was.hash != now.hash]


@dataclass(frozen=True)
class Comparison:
    """A version beside the one that people know: the last published before it, else the one before."""

    before: EvaluationRun
    differences: Sequence[Difference]

    @cached_property
    def colours(self) -> Sequence[Difference]:
        """The targets with another colour."""
        return [each for each in self.differences if each.of_colour]

    @cached_property
    def vetoes(self) -> Sequence[Difference]:
        """Those with the same colour and another veto."""
        return [each for each in self.differences if each.of_veto]

    @cached_property
    def firmness(self) -> Sequence[Difference]:
        """Those with the same colour and veto of which something else is firm."""
        return [each for each in self.differences if each.of_firmness]

    @cached_property
    def small(self) -> Sequence[Difference]:
        """The rest: another score, or another count behind it."""
        return [each for each in self.differences if not (each.of_colour or each.of_veto or each.of_firmness)]


def compare(session: Session, run: EvaluationRun) -> Comparison | None:
    """Compare a version with the one that people know; None for the first."""
    before = known_before(session, run)
    if before is None:
        return None
    old, new = (map(said_by, results_of(session, version)) for version in (before, run))
    return Comparison(before, differences(old, new))


def known_before(session: Session, run: EvaluationRun) -> EvaluationRun | None:
    """Return the last version before ``run`` that was published, else the one right before it, else None."""
    published = select(EvaluationRun.number).where(
        EvaluationRun.month == run.month, EvaluationRun.number < run.number, EvaluationRun.published_utc.is_not(None)
    )
    number = session.scalar(published.order_by(EvaluationRun.number.desc()).limit(1)) or run.number - 1
    return find_version(session, run.month, number) if number else None
