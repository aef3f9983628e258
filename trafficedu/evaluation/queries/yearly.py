"""Casualty accidents of all districts, towns or villages, month by month: what their trend is measured by."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from trafficedu.accidents.queries import figures as accidents
from trafficedu.analysis.trend.panel import Panel
from trafficedu.areas.queries.ebikes import ebikes_of_areas
from trafficedu.core.actors import SYSTEM
from trafficedu.core.month import Month
from trafficedu.evaluation.queries.targets import Target, Targets
from trafficedu.evaluation.rules.calendar import MOST_MONTHS


@dataclass(frozen=True, eq=False)
class Yearly:
    """The panel of one kind of target up to a month, in the order of the codes."""

    members: Sequence[Target]
    panel: Panel

    def fingerprints(self) -> list[str]:
        """Return for every origin (0 to all months) a digest of all that is known there."""
        digest = hashlib.sha256(f"{self.panel.first_month}:{[target.code for target in self.members]}".encode())
        prints = [digest.hexdigest()]
        for month in range(self.panel.months):
            digest.update(np.ascontiguousarray(self.panel.counts[:, month]).tobytes())
            if self.panel.exposure is not None:
                digest.update(np.ascontiguousarray(self.panel.exposure[:, month]).tobytes())
            prints.append(digest.copy().hexdigest())
        return prints


def load_yearly(session: Session, targets: Targets, last: Month) -> dict[str, Yearly]:
    """Return the panels of districts, towns and villages up to the month ``last``; empty where nothing is recorded.

    They begin with the first month in which any casualty accident of an e-bike is on record, at most 120
    months back. Registered e-bikes are the exposure where every target has them.
    """
    start = last - (MOST_MONTHS - 1)
    rows = accidents.count_by_area_and_month(session, SYSTEM, start.first, last.last, casualty_only=True)
    if not rows:
        return {}
    first = min(row.month for row in rows)
    months = last - first + 1
    ebikes = ebikes_of_areas(session, "", first, last)
    yearly = {}
    for kind, members in targets.areas.items():
        owners = targets.owners[kind]
        if not members:
            continue
        place = {target.code: row for row, target in enumerate(members)}
        counts = np.zeros((len(members), months))
        for row in rows:
            code = owners.get(targets.paths[row.path])
            if code is not None:
                counts[place[code], row.month - first] += row.accidents
        base = np.array(
            [
                [float(value) if (value := of.get(target.path)) else np.nan for of in ebikes.values()]
                for target in members
            ]
        )
        exposure = None if np.isnan(base).all() else base
        names = tuple(target.code for target in members)
        yearly[kind] = Yearly(members, Panel(names, first.index, counts, exposure))
    return yearly
