"""Nobody sees outside their post: every route is tried with the other side's numbers, every list is read through."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pypdfium2
import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.conftest import Browser
from tests.factories.sides import Side, make_sides
from tests.house.test_access import fit
from trafficedu.accounts.rules import PERMISSIONS, Role
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import local, today, utc_now
from trafficedu.feedback.models import Feedback
from trafficedu.riders.models import Engagement, Rider
from trafficedu.violations.imports.files import COLUMNS as VIOLATIONS
from trafficedu.violations.models.records import Violation

SEES_ALL_COMPANIES = {Role.OFFICER, Role.SUPERVISOR, Role.ANALYST, Role.ADMINISTRATOR}
"""Companies deliver across the whole district: posts in an area see each of them (companies.queries.visible_to)."""
CONFIGURATION = {"configuration", "courses"}
"""Blueprints whose records belong to the whole installation, as do the kinds of violations."""


@pytest.fixture
def sides(session: Session) -> tuple[Side, Side]:
    return make_sides(session)


@pytest.fixture
def here(sides: tuple[Side, Side]) -> Side:
    return sides[0]


@pytest.fixture
def there(sides: tuple[Side, Side]) -> Side:
    return sides[1]


def _body(answer: TestResponse) -> str:
    """Return all that an answer says, its headers and the text of a PDF or a workbook included."""
    body = answer.get_data()
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            body = b"".join(book.read(part) for part in book.namelist())
    if answer.mimetype != "application/pdf":
        return body.decode("utf-8", "replace") + str(answer.headers)
    document = pypdfium2.PdfDocument(body)
    text = "".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    return text + str(answer.headers)


def _guarded(app: Flask, role: Role) -> Iterator[tuple[Rule, str]]:
    """Yield the rules that a role may open, with each of their methods."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if getattr(view, "permission", None) in PERMISSIONS[role]:
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                yield rule, method


def _foreign(rule: Rule, role: Role, here: Side, there: Side) -> Iterator[dict[str, object]]:
    """Yield arguments for a rule of which at least one names a record of the other side."""
    blueprint = rule.endpoint.partition(".")[0]
    fixed: dict[str, object] = {"position": 1, "company": there.company.code, "since": "2026-11-01", "suffix": "csv"}
    fixed |= {"day": "2026-10-01", "username": there.users["officer"].username}
    names = rule.arguments - set(fixed)
    if blueprint in CONFIGURATION or rule.endpoint.startswith("violations.kind") or "username" in rule.arguments:
        return
    if "code" in names:
        codes = {
            "areas": [there.town.code, there.village.code],
            "stations": [there.station.code],
            "companies": [] if role in SEES_ALL_COMPANIES else [there.company.code],
        }.get(blueprint, [])
        for code in codes if role is not Role.ADMINISTRATOR else []:
            yield {"code": code}
    elif "task" in names:
        pairs = [(there.study.number, there.task.number), (there.study.number, here.task.number)]
        pairs.append((here.study.number, there.task.number))
        yield from ({**fixed, "number": number, "task": task} for number, task in pairs)
    elif "number" in names:
        yield from ({**fixed, "number": number} for number in there.numbers.values())


@pytest.mark.parametrize("role", list(Role))
def test_the_other_sides_records_do_not_exist(role: Role, app: Flask, client: Browser, here: Side, there: Side) -> None:
    client.sign_in(here.users[role])
    adapter = app.url_map.bind("localhost")
    tried = 0
    for rule, method in _guarded(app, role):
        for arguments in _foreign(rule, role, here, there):
            values = {name: arguments.get(name) or fit(rule, name) for name in rule.arguments}
            answer = client.open(adapter.build(rule.endpoint, values), method=method, buffered=True)
            where = f"{role} {method} {rule} {values}"
            if rule.endpoint == "riders.unmask" and method == "GET":
                assert answer.status_code == 303, where  # leads to the rider's page, whoever it is
                continue
            assert answer.status_code == 404, where
            assert not [name for name, secret in there.secrets.items() if secret in _body(answer)], where
            tried += 1
    assert tried or role is Role.ADMINISTRATOR


def _reveals(there: Side, text: str) -> list[str]:
    marks = there.numbers | there.secrets
    return [name for name, mark in marks.items() if mark in text]


def _narrowings(there: Side) -> list[dict[str, str]]:
    """Return query arguments that ask for the other side outright."""
    known = [{}, {"area": there.village.code}, {"area": there.town.code}, {"station": there.station.code}]
    known += [{"company": there.company.code, "since": "2026-01-01"}, {"below": there.village.path}]
    return known + [{"q": number} for number in (there.violation.number, there.notice.number, there.task.number)]


@pytest.mark.one_database  # whoever reads what, the condition is the same
@pytest.mark.parametrize("role", list(Role))
def test_lists_panels_and_charts_are_silent_about_the_other_side(
    role: Role, app: Flask, client: Browser, here: Side, there: Side
) -> None:
    client.sign_in(here.users[role])
    rules = [rule for rule, method in _guarded(app, role) if method == "GET" and not rule.arguments]
    for rule, asked in product([*(str(rule) for rule in rules), "/"], _narrowings(there)):
        typed = set(asked.values()) - {""}
        answer = client.get(rule, query_string=asked, follow_redirects=True)
        assert answer.status_code in {200, 404}, f"{role} {rule} {asked}"
        shown = [name for name in _reveals(there, _body(answer)) if there.numbers.get(name) not in typed]
        assert not shown, f"{role} {rule} {asked}"


@pytest.mark.one_database  # whoever reads what, the condition is the same
@pytest.mark.parametrize("role", list(Role))
def test_own_records_are_silent_about_the_other_side(
    role: Role, app: Flask, client: Browser, here: Side, there: Side
) -> None:
    client.sign_in(here.users[role])
    adapter = app.url_map.bind("localhost")
    for rule, method in _guarded(app, role):
        if method != "GET" or not rule.arguments & {"number", "code"} or len(rule.arguments) > 1:
            continue
        own = [*here.numbers.values(), here.town.code, here.village.code, here.station.code, here.company.code]
        for value in own:
            argument = "number" if "number" in rule.arguments else "code"
            answer = client.get(adapter.build(rule.endpoint, {argument: value}), buffered=True)
            assert answer.status_code < 500, f"{role} {rule} {value}"
            offered = {"session"} if rule.endpoint == "education.seat" else set()  # any station may have a free seat
            assert set(_reveals(there, _body(answer))) <= offered, f"{role} {rule} {value}"


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ANALYST, Role.ADMINISTRATOR])
def test_exports_are_silent_about_the_other_side(
    role: Role, app: Flask, client: Browser, here: Side, there: Side
) -> None:
    client.sign_in(here.users[role])
    for kind in ("violations", "riders", "areas", "ebikes"):
        asked = {"export-kind": kind, "export-suffix": "csv", "export-clear": "y"}
        answer = client.fetch("/exports", data=asked)
        assert answer.status_code in {200, 422, 403}
        assert not _reveals(there, _body(answer)), f"{role} {kind}"
        if role is not Role.ADMINISTRATOR and kind == "areas" and answer.mimetype == "text/csv":
            assert there.village.code not in _body(answer)
    if "violations:violation:export" in PERMISSIONS[role]:
        for asked in _narrowings(there):
            answer = client.fetch("/violations/export/csv", query_string=asked)
            assert answer.status_code == (400 if "area" in asked else 200)  # no place of mine is meant
            assert not _reveals(there, _body(answer))


def test_a_name_is_found_at_home_only(client: Browser, here: Side, there: Side) -> None:
    for role in (Role.OFFICER, Role.SUPERVISOR):
        client.sign_in(here.users[role])
        answer = client.post("/riders", data={"words": there.secrets["name"]})
        assert there.rider.number not in _body(answer)
        assert client.get(f"/riders/{there.rider.number}").status_code == 404


def _recorded(side: Side, **values: str) -> dict[str, str]:
    when = local(utc_now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    form = {"kind": "2007", "occurred_at": when, "area_code": side.village.code, "penalty": "warning"}
    return form | {"source": "field", "offender": "rider", "company_code": "none", "id_type": "identity_card"} | values


@pytest.mark.parametrize("role", [Role.OFFICER, Role.SUPERVISOR])
def test_nothing_is_recorded_with_the_other_sides_village_or_rider(
    role: Role, client: Browser, session: Session, here: Side, there: Side
) -> None:
    client.sign_in(here.users[role])
    before = session.scalar(select(func.count()).select_from(Violation))
    foreign = [
        _recorded(there, rider_number=here.rider.number),
        _recorded(here, rider_number=there.rider.number),
        _recorded(here, rider_number=there.rider.number, action="look_up"),
    ]
    for form in foreign:
        answer = client.post("/record", data=form)
        assert answer.status_code in {200, 422}
        assert not [name for name in ("name", "phone", "id_number", "plate") if there.secrets[name] in _body(answer)]
    assert session.scalar(select(func.count()).select_from(Violation)) == before


def test_a_record_is_not_found_by_somebody_elses_form_key(
    client: Browser, session: Session, here: Side, there: Side
) -> None:
    there.violation.client_reference = "b" * 32
    session.commit()
    client.sign_in(here.users[Role.OFFICER])
    answer = client.post("/record", data=_recorded(here, rider_number=here.rider.number, client_reference="b" * 32))
    assert answer.status_code == 422
    assert there.violation.number not in _body(answer)


@pytest.mark.parametrize("role", [Role.COMPANY, Role.GRID, Role.LEADER])
def test_nobody_answers_for_another(role: Role, client: Browser, session: Session, here: Side, there: Side) -> None:
    client.sign_in(here.users[role])
    foreign = [there.notice, there.village_notice, here.village_notice if role is Role.COMPANY else here.notice]
    for notice in foreign:
        answer = client.post(f"/notices/{notice.number}/answer", data={"measure": "criticised"})
        assert answer.status_code == 404
    assert session.scalar(select(func.count()).select_from(Feedback)) == 0


def _send(client: Browser, kind: str, text: str) -> TestResponse:
    return client.fetch("/imports", data={"kind": kind, "file": (io.BytesIO(text.encode()), "rows.csv")})


def test_a_file_changes_nothing_of_the_other_side(client: Browser, session: Session, here: Side, there: Side) -> None:
    """A rider who is at home elsewhere is no more to be changed by a file than on a page."""
    client.sign_in(here.users[Role.SUPERVISOR])
    document = f"identity_card,{there.secrets['id_number']}"
    text = "id_type,id_number,name,phone,home_area_code,company_code,engaged_from\n"
    text += f"{document},冒名者,13800000000,{here.village.code},{here.company.code},2026-11-01\n"
    text += f"{document},,13800000000,{here.village.code},,\n"
    token = _send(client, "riders", text).get_data(as_text=True).partition('name="token"')[2]
    token = token.partition('value="')[2].partition('"')[0]
    client.fetch("/imports/confirm", data={"kind": "riders", "token": token, "skip_errors": "y"})
    session.expire_all()
    rider = session.get_one(Rider, there.rider.id)
    assert (rider.name, rider.home_area_id) == (there.secrets["name"], there.village.id)
    mine = select(Engagement).where(Engagement.rider_id == rider.id, Engagement.company_id == here.company.id)
    assert session.scalar(mine) is None
    assert client.post("/riders", data={"words": "13800000000"}).status_code == 200, "the phone is not taken over"


def test_a_file_brings_no_violation_into_another_town(client: Browser, here: Side, there: Side) -> None:
    client.sign_in(here.users[Role.SUPERVISOR])
    columns = dict.fromkeys(VIOLATIONS.names, "")
    columns |= {
        "reference": "X1",
        "occurred_at": f"{today() - timedelta(days=3)} 10:00",
        "kind": "2007",
        "plate": "杭州A12345",
    }
    columns |= {"source": "camera", "penalty": "warning", "offender": "rider"}
    for village, taken in ((here.village, True), (there.village, False)):
        row = columns | {"area_code": village.code}
        trial = _send(client, "violations", f"{','.join(row)}\n{','.join(row.values())}\n").text
        assert ('action="/imports/confirm"' in trial) == taken


def test_ebikes_of_another_town_are_not_entered(client: Browser, here: Side, there: Side) -> None:
    client.sign_in(here.users[Role.ANALYST])
    answer = _send(client, "ebikes", f"area_code,month,ebikes\n{there.village.code},2026-10,77\n")
    assert "辖区代码" in answer.text
    assert 'action="/imports/confirm"' not in answer.text


def test_trying_a_file_is_audited(client: Browser, session: Session, here: Side, there: Side) -> None:
    """A trial tells which documents are known: it must leave a trace as a look-up does."""
    client.sign_in(here.users[Role.SUPERVISOR])
    before = session.scalar(select(func.count()).select_from(AuditEntry)) or 0
    _send(client, "riders", f"id_type,id_number,name\nidentity_card,{there.secrets['id_number']},某人\n")
    assert (session.scalar(select(func.count()).select_from(AuditEntry)) or 0) > before
