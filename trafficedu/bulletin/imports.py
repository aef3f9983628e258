"""The table of indicators that is handed on: written, never taken in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from trafficedu.bulletin.queries.indicators import VillageMonth, list_indicators
from trafficedu.core.actors import Actor
from trafficedu.core.clock import local_date
from trafficedu.core.columns import Column, Columns
from trafficedu.core.month import Month
from trafficedu.core.tabular import Exporter

HAND_ON = "bulletin:indicators:export"
COLUMNS = Columns(*(Column(field.name) for field in fields(VillageMonth)))


def list_rows(
    session: Session, by: Actor, now: datetime, month: Month | None, clear: bool
) -> Iterator[Mapping[str, Any]]:
    """Yield the villages of a month, without one of the last full month; see ``core.tabular.ListRows``."""
    asked = month or Month.of(local_date(now)) - 1
    return (asdict(one) for one in list_indicators(session, by, asked, now))


INDICATORS_EXPORTER = Exporter(COLUMNS, list_rows, HAND_ON, monthly=True)
