"""Catalogues: shipped rows are read as their columns are, and versions of an entry follow each other without a gap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import AuditEntry
from trafficedu.core.catalogue import Catalogue, add_missing, end_before, shipped
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.text import message
from trafficedu.points.models import PointActivity
from trafficedu.violations.models.records import ViolationKind

FIRST = date(2026, 1, 1)


def kind(code: str, first: date = FIRST, last: date | None = None) -> ViolationKind:
    names = {"name_zh": "违法", "name_en": "Offence", "law_zh": "法", "law_en": "Law"}
    return ViolationKind(code=code, fine_min_yuan=5, fine_max_yuan=50, valid_from=first, valid_to=last, **names)


@dataclass
class Used:
    """Records until ``last``: no entry can end before it."""

    last: date = date.min

    def refuse(self, _session: Session, _entry: ViolationKind, day: date, field: str) -> None:
        if self.last >= day:
            raise Refusal(message("used"), field=field)


@pytest.fixture
def used() -> Used:
    return Used()


@pytest.fixture
def kinds(used: Used) -> Catalogue[ViolationKind]:
    return Catalogue(ViolationKind, "violations:kind:manage", message("taken"), used.refuse)


class TestShippedRows:
    def test_each_cell_is_what_its_column_takes(self) -> None:
        row = next(row for row in shipped("violation_kinds.csv", ViolationKind) if row["code"] == "2007")
        assert (row["position"], row["fine_min_yuan"], row["fine_max_yuan"]) == (1, 5, 50)
        assert (row["valid_from"], row["valid_to"]) == (date(2004, 5, 1), None)
        assert row["name_en"] == "Running a red light"

    def test_yes_and_no(self) -> None:
        rows = {row["code"]: row for row in shipped("point_activities.csv", PointActivity)}
        assert rows["patrol"]["automatic"] is False
        assert rows["task_overdue"]["automatic"] is True

    def test_an_empty_cell_is_none_where_the_column_may_be(self) -> None:
        rows = {row["code"]: row for row in shipped("violation_kinds.csv", ViolationKind)}
        assert {code: row["position"] for code, row in rows.items() if row["position"] in {1, None}}["2007"] == 1
        assert None in [row["position"] for row in rows.values()]

    def test_what_is_there_is_never_changed(self, session: Session) -> None:
        rows = [{**shipped("violation_kinds.csv", ViolationKind)[0], "name_en": "Changed"}]
        assert add_missing(session, ViolationKind, rows) == []
        assert [added.code for added in add_missing(session, ViolationKind, [rows[0] | {"code": "NEW"}])] == ["NEW"]
        named = select(ViolationKind.code).where(ViolationKind.name_en == "Changed")
        assert session.scalars(named).all() == ["NEW"]


class TestVersions:
    def test_the_present_version_ends_the_day_before(self, session: Session, kinds: Catalogue[ViolationKind]) -> None:
        present = kinds.add(session, kind("X1"), SYSTEM)
        new = kinds.renew(session, present, kind("X1", date(2026, 7, 1)), present.version, SYSTEM)
        assert (present.valid_to, new.valid_from, new.valid_to) == (date(2026, 6, 30), date(2026, 7, 1), None)
        written = session.scalars(select(AuditEntry.detail).order_by(AuditEntry.id.desc()).limit(2)).all()
        assert written == [{"code": "X1", "replaces": present.id}, {"code": "X1"}]

    def test_a_gap_stays_a_gap(self) -> None:
        ended = kind("X1", last=date(2026, 3, 31))
        end_before(ended, date(2026, 7, 1))
        assert ended.valid_to == date(2026, 3, 31)

    def test_a_code_is_used_once(self, session: Session, kinds: Catalogue[ViolationKind]) -> None:
        kinds.add(session, kind("X1"), SYSTEM)
        with pytest.raises(Refusal, match="taken") as refused:
            kinds.add(session, kind("X1", date(2027, 1, 1)), SYSTEM)
        assert (refused.value.field, refused.value.value) == ("code", "X1")

    def test_an_entry_has_a_code(self, session: Session, kinds: Catalogue[ViolationKind]) -> None:
        with pytest.raises(Refusal, match="Enter a code") as refused:
            kinds.add(session, kind(""), SYSTEM)
        assert refused.value.field == "code"

    def test_a_version_begins_after_the_present_one(self, session: Session, kinds: Catalogue[ViolationKind]) -> None:
        present = kinds.add(session, kind("X1"), SYSTEM)
        with pytest.raises(Refusal, match="must begin after the current one") as refused:
            kinds.renew(session, present, kind("X1"), present.version, SYSTEM)
        assert refused.value.field == "valid_from"

    def test_what_is_used_is_not_cut_short(self, session: Session, kinds: Catalogue[ViolationKind], used: Used) -> None:
        present = kinds.add(session, kind("X1"), SYSTEM)
        used.last = date(2026, 7, 1)
        with pytest.raises(Refusal, match="used") as renewed:
            kinds.renew(session, present, kind("X1", date(2026, 7, 1)), present.version, SYSTEM)
        with pytest.raises(Refusal, match="used") as ended:
            kinds.end(session, present, date(2026, 6, 30), present.version, SYSTEM)
        assert (renewed.value.field, ended.value.field, present.valid_to) == ("valid_from", "last_day", None)
        kinds.end(session, present, date(2026, 7, 1), present.version, SYSTEM)
        assert present.valid_to == date(2026, 7, 1)

    def test_an_end_before_the_first_day(self, session: Session, kinds: Catalogue[ViolationKind]) -> None:
        present = kinds.add(session, kind("X1"), SYSTEM)
        with pytest.raises(Refusal, match="must not be before the first one") as refused:
            kinds.end(session, present, date(2025, 12, 31), present.version, SYSTEM)
        assert refused.value.field == "last_day"

    def test_the_second_editor_is_told(self, session: Session, kinds: Catalogue[ViolationKind]) -> None:
        present = kinds.add(session, kind("X1"), SYSTEM)
        seen = present.version
        kinds.end(session, present, date(2027, 12, 31), seen, SYSTEM)
        with pytest.raises(Stale):
            kinds.end(session, present, date(2028, 12, 31), seen, SYSTEM)
        with pytest.raises(Stale):
            kinds.renew(session, present, kind("X1", date(2026, 7, 1)), seen, SYSTEM)
