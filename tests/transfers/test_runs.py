"""What a run did is kept record by record, and taken back while nothing rests on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.accidents.test_imports import row as accident_row
from tests.conftest import Browser
from tests.factories import places
from tests.factories.accidents import new_accident
from tests.factories.riders import make_identity
from tests.factories.violations import District
from tests.violations.test_imports import row as violation_row
from trafficedu.accidents.models import Accident, AccidentPair
from trafficedu.accidents.services import recording
from trafficedu.accounts.models import User
from trafficedu.areas.models import Area
from trafficedu.companies.models import Company
from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import today, utc_now
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.import_runs import ImportChange, ImportRun, RunState
from trafficedu.helmets.models import HelmetCount, HelmetSurvey
from trafficedu.points.models import PointEntry
from trafficedu.riders.models import Engagement, Rider
from trafficedu.riders.queries import people as riders
from trafficedu.stations.models import Station
from trafficedu.transfers.services import keeping, undoing
from trafficedu.transfers.services.importing import Choices, File, import_file
from trafficedu.violations.models.records import Violation
from trafficedu.violations.services import reviewing
from trafficedu.wiring.files import IMPORTERS

MakeUser = Callable[..., User]


def take(session: Session, tmp_path: Path, kind: str, *rows: dict[str, str], **choices: Any) -> ImportRun:
    path = places.write_csv(tmp_path / f"{kind}.csv", list(rows[0]), rows)
    file = File(kind, IMPORTERS[kind], path, SYSTEM, utc_now(), path.name)
    outcome = import_file(session, file, Choices(**choices))
    session.flush()
    query = select(ImportRun).order_by(ImportRun.id.desc()).limit(1)
    run = session.scalars(query).one()
    assert outcome.run in {"", run.number}
    return run


def acts(session: Session, run: ImportRun) -> list[tuple[int, str, str]]:
    query = select(ImportChange.line, ImportChange.act, ImportChange.key).where(ImportChange.run_id == run.id)
    return [(row.line, str(row.act), row.key) for row in session.execute(query.order_by(ImportChange.id))]


def test_a_run_keeps_what_it_did_and_is_undone(session: Session, tmp_path: Path, district: District) -> None:
    first = take(session, tmp_path, "accidents", accident_row(district.village, "1"))
    assert (first.file_name, len(first.file_hash), first.state) == ("accidents.csv", 64, RunState.DONE)
    near = accident_row(district.village, "2", occurred_at="2026-03-04 08:20")
    second = take(session, tmp_path, "accidents", accident_row(district.village, "1", injured="5", kinds=""), near)
    assert acts(session, second) == [(2, "updated", "1"), (3, "added", "2")]
    assert session.scalar(select(func.count()).select_from(AccidentPair)) == 1
    with pytest.raises(Refusal, match="cannot be undone"):
        undoing.undo(session, first, SYSTEM, utc_now())
    undone = undoing.undo(session, second, SYSTEM, utc_now())
    (left,) = session.scalars(select(Accident)).all()
    assert (left.injured, [kind.code for kind in left.kinds]) == (3, ["2007", "ZJ-HELMET"])
    assert session.scalar(select(func.count()).select_from(AccidentPair)) == 0
    assert (undone.counts, second.state, undone.undoes_id) == ({"removed": 1, "restored": 1}, "undone", second.id)
    assert sorted(acts(session, undone)) == [(2, "restored", "1"), (3, "removed", "2")]
    with pytest.raises(Stale):
        undoing.undo(session, second, SYSTEM, utc_now())
    audited = session.scalars(select(AuditEntry).where(AuditEntry.action == "transfers:run:undo")).one()
    assert audited.subject_id == second.id
    assert take(session, tmp_path, "accidents", near).counts["added"] == 1, "the mended file brings the same key again"


def test_what_somebody_changed_since_keeps_a_run(session: Session, tmp_path: Path, district: District) -> None:
    run = take(session, tmp_path, "accidents", accident_row(district.village, "1"), accident_row(district.village, "2"))
    accident = session.scalars(select(Accident).where(Accident.reference == "2")).one()
    recording.correct(session, accident, new_accident(district.village), accident.version, SYSTEM, utc_now(), "核对")
    assert [(each.line, each.key) for each in undoing.in_the_way(session, run)] == [(3, "2")]
    with pytest.raises(Refusal) as refused:
        undoing.undo(session, run, SYSTEM, utc_now())
    assert refused.value.text.params["line"] == 3
    assert session.scalar(select(func.count()).select_from(Accident)) == 2


def test_the_trace_of_an_old_run_is_forgotten(session: Session, tmp_path: Path, district: District) -> None:
    run = take(session, tmp_path, "accidents", accident_row(district.village, "1"))
    assert keeping.forget_traces(session, utc_now() + timedelta(days=399), 10) == 0
    while keeping.forget_traces(session, utc_now() + timedelta(days=401), 10):
        pass
    session.refresh(run)
    assert (acts(session, run), run.may_be_undone, run.counts["added"]) == ([], False, 1)


def test_a_stopped_file_keeps_why(session: Session, tmp_path: Path, district: District) -> None:
    run = take(session, tmp_path, "accidents", accident_row(district.village, "1"), accident_row(district.village, "1"))
    assert (run.state, run.counts["refused"], acts(session, run)) == ("stopped", 1, [(3, "refused", "")])
    with pytest.raises(Stale):
        undoing.undo(session, run, SYSTEM, utc_now())


def test_riders_and_their_engagements_go_as_they_came(session: Session, tmp_path: Path) -> None:
    company, number = places.add_company(session), make_identity()
    rider = {"id_type": "identity_card", "id_number": number, "name": "张三", "phone": "13800138000"}
    work = {"company_code": company.code, "engaged_from": "2026-01-01", "legal_basis": "contract", "engaged_to": ""}
    first = take(session, tmp_path, "riders", rider | work)
    second = take(session, tmp_path, "riders", rider | work | {"phone": "13900139000", "engaged_to": "2026-06-30"})
    told = session.scalars(select(ImportChange.told).where(ImportChange.run_id == second.id)).all()
    assert "139" not in "".join(filter(None, told)), "what is personal is encrypted"
    undoing.undo(session, second, SYSTEM, utc_now())
    found = riders.list_exact(session, number, today())[0]
    assert (riders.phone_of(session, found), found.engagements[0].engaged_to) == ("13800138000", None)
    assert first.may_be_undone
    third = take(session, tmp_path, "riders", rider | work | {"id_number": make_identity()})
    before = session.scalar(select(func.count()).select_from(Rider))
    undoing.undo(session, third, SYSTEM, utc_now())
    assert session.scalar(select(func.count()).select_from(Rider)) == (before or 0) - 1
    assert session.scalar(select(func.count()).select_from(Engagement)) == 1


def test_other_kinds(session: Session, tmp_path: Path) -> None:
    survey = {
        "reference": "h", "site_code": "S1", "area_code": places.VILLAGE, "started_at": "2026-03-04 08:00",
        "minutes": "30", "method": "on_site", "group": "other", "role": "rider", "helmeted": "3", "bare": "1",
        "unclear": "0",
    }  # fmt: skip
    counted = take(session, tmp_path, "helmets", survey)
    corrected = take(session, tmp_path, "helmets", survey | {"helmeted": "5"})
    undoing.undo(session, corrected, SYSTEM, utc_now())
    assert session.scalars(select(HelmetSurvey)).one().helmeted == 3
    undoing.undo(session, counted, SYSTEM, utc_now())
    assert [session.scalar(select(func.count()).select_from(each)) for each in (HelmetSurvey, HelmetCount)] == [0, 0]
    company = take(session, tmp_path, "companies", {"code": "NEU", "name": "新企业"})
    ebikes = take(session, tmp_path, "ebikes", {"area_code": places.VILLAGE, "month": "2026-03", "ebikes": "7"})
    town = {"code": "330109900", "name": "新镇", "level": "town", "parent_code": places.DISTRICT}
    village = {"code": "330109900001", "name": "新村", "level": "village", "parent_code": "330109900"}
    area = take(session, tmp_path, "areas", town, village)
    renamed = take(session, tmp_path, "areas", town | {"name": "改名"}, village)
    with pytest.raises(Refusal):
        undoing.undo(session, area, SYSTEM, utc_now())
    undoing.undo(session, renamed, SYSTEM, utc_now())
    assert session.scalar(select(Area.name).where(Area.code == town["code"])) == "新镇"
    for run in (company, ebikes):
        undoing.undo(session, run, SYSTEM, utc_now())
    assert session.scalar(select(func.count()).where(Company.code == "NEU")) == 0


def test_violations_are_taken_back_with_the_riders_they_brought(
    session: Session, tmp_path: Path, district: District
) -> None:
    known = take(session, tmp_path, "violations", violation_row(district.village, "A-1"))
    two = violation_row(district.village, "A-2")
    three = violation_row(district.village, "A-3", id_number=make_identity(), name="后来的人")
    moved = violation_row(district.village, "A-1", place="改正的路口")
    run = take(session, tmp_path, "violations", moved, two, three)
    assert run.counts["added"] == 2
    undoing.undo(session, run, SYSTEM, utc_now())
    (left,) = session.scalars(select(Violation)).all()
    assert (left.reference, left.place) == ("A-1", "市心路口")
    assert [rider.name for rider in session.scalars(select(Rider))] == ["测试骑手"], "who was known before stays"
    assert take(session, tmp_path, "violations", two).counts["added"] == 1
    with pytest.raises(Refusal):
        undoing.undo(session, known, SYSTEM, utc_now())


def test_a_violation_that_was_voided_since_keeps_its_run(session: Session, tmp_path: Path, district: District) -> None:
    run = take(session, tmp_path, "violations", violation_row(district.village, "A-1"))
    reviewing.void(session, session.scalars(select(Violation)).one(), "录入错误，人不对", SYSTEM, utc_now())
    assert [(each.line, each.key) for each in undoing.in_the_way(session, run)] == [(2, "A-1")]
    with pytest.raises(Refusal, match="cannot be undone"):
        undoing.undo(session, run, SYSTEM, utc_now())
    assert session.scalar(select(func.count()).select_from(Violation)) == 1


def test_stations_are_taken_back_and_say_again_what_they_said(session: Session, tmp_path: Path) -> None:
    before = set(session.scalars(select(Station.code)))
    new = {"code": "NEU", "name": "新站", "area_code": places.TOWN}
    first = take(session, tmp_path, "stations", new)
    changed = take(session, tmp_path, "stations", new | {"name": "改名站"}, accept_differing=True)
    with pytest.raises(Refusal, match="cannot be undone"):
        undoing.undo(session, first, SYSTEM, utc_now())
    undoing.undo(session, changed, SYSTEM, utc_now())
    assert session.scalar(select(Station.name).where(Station.code == "NEU")) == "新站"
    undoing.undo(session, take(session, tmp_path, "stations", new | {"code": "NEU2"}), SYSTEM, utc_now())
    assert set(session.scalars(select(Station.code))) == before | {"NEU"}


def test_the_ledger_is_countered_and_never_changed(session: Session, tmp_path: Path) -> None:
    entry = {"reference": "p", "target_kind": "area", "target_code": places.VILLAGE, "date": "2026-03-04"}
    run = take(session, tmp_path, "points", entry | {"activity": "criticised", "points": "-5", "note": ""})
    undoing.undo(session, run, SYSTEM, utc_now())
    found = session.execute(select(PointEntry.points, PointEntry.occurred_on).order_by(PointEntry.id))
    assert [tuple(each) for each in found] == [(-5, date(2026, 3, 4)), (5, date(2026, 3, 4))]


def test_a_run_is_read_and_undone_on_its_page(
    session: Session, client: Browser, make_user: MakeUser, tmp_path: Path, district: District
) -> None:
    run = take(session, tmp_path, "accidents", accident_row(district.village, "9-1"))
    session.commit()
    client.sign_in(make_user("administrator"))
    assert run.number in client.get("/imports").text, "all runs are seen by who oversees them"
    page = client.get(f"/imports/runs/{run.number}").text
    assert "9-1" not in page
    assert client.post(f"/imports/runs/{run.number}/undo").status_code == 403
    client.sign_in(make_user("supervisor", area_id=district.root.id))
    page = client.get(f"/imports/runs/{run.number}").text
    assert "9-1" in page
    mark = re.search(r'undo".*?name="seen" value="(\w+)"', page, re.DOTALL)
    assert mark
    answer = client.post(f"/imports/runs/{run.number}/undo", data={"seen": mark[1]})
    assert answer.status_code == 303
    assert session.scalar(select(func.count()).select_from(Accident)) == 0
    assert "9-1" in client.get(answer.headers["Location"]).text
