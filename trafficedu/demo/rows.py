"""Rows on their way into the database: gathered by table, written in bulk in the order foreign keys ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, func, select, text
from sqlalchemy.orm import Session

from trafficedu.accidents.models import Accident, AccidentKind, AccidentRider
from trafficedu.areas.models import RegisteredEBikes
from trafficedu.core import bulk
from trafficedu.core.orm import Base
from trafficedu.education import models as education
from trafficedu.feedback.models import Feedback, Notice
from trafficedu.helmets.models import HelmetCount, HelmetSheet, HelmetSite, HelmetSurvey
from trafficedu.patrols.models import Patrol
from trafficedu.riders.models import Engagement, Rider, Vehicle
from trafficedu.violations.models import Objection, Violation

ORDER: Sequence[type[Base]] = (
    RegisteredEBikes,
    Rider,
    Vehicle,
    Engagement,
    Violation,
    Objection,
    Notice,
    Feedback,
    education.StudySession,
    education.StudyTask,
    education.TaskViolation,
    education.Booking,
    education.Attendance,
    education.ModuleRecord,
    education.Certificate,
    HelmetSite,
    HelmetSurvey,
    HelmetSheet,
    HelmetCount,
    Accident,
    AccidentKind,
    AccidentRider,
    Patrol,
)
CACHE_KIB = 200_000


class Rows:
    """Gathers rows until :meth:`flush`. Every column is named: the models' defaults do not apply in bulk."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._waiting: dict[type[Base], list[dict[str, Any]]] = {model: [] for model in ORDER}
        self._columns = {model: [column.name for column in _table(model).columns] for model in ORDER}
        self._ids = dict.fromkeys(ORDER, 0)
        self.written = dict.fromkeys(ORDER, 0)
        if session.get_bind().dialect.name == "sqlite":
            session.execute(text(f"PRAGMA cache_size = -{CACHE_KIB}"))

    def new_id(self, model: type[Base]) -> int:
        """Return the next internal id of a table that is still empty in the database."""
        self._ids[model] += 1
        return self._ids[model]

    def add(self, model: type[Base], **values: Any) -> None:
        """Gather a row; a column that is not named is empty (NULL), ``version`` is 1, ``id`` the next one."""
        columns = self._columns[model]
        if "version" in columns:
            values.setdefault("version", 1)
        if "id" in columns and "id" not in values:
            values["id"] = self.new_id(model)
        row = dict.fromkeys(columns) | values
        assert len(row) == len(columns), f"{model.__name__} has no column {sorted(values.keys() - columns)}"
        self._waiting[model].append(row)

    def flush(self) -> None:
        """Write what was gathered."""
        for model, rows in self._waiting.items():
            if rows:
                self.written[model] += bulk.load(self._session, _table(model), rows)
                rows.clear()

    def finish(self) -> None:
        """Let the database's own numbering go on after the last id, and let it look at what it holds now."""
        self.flush()
        if self._session.get_bind().dialect.name == "postgresql":
            for model in ORDER:
                if "id" in self._columns[model] and self.written[model]:
                    name = _table(model).name
                    last = select(func.max(_table(model).c.id)).scalar_subquery()
                    self._session.execute(select(func.setval(func.pg_get_serial_sequence(name, "id"), last)))
        for model in ORDER:
            self._session.execute(text(f"ANALYZE {_table(model).name}"))


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table
