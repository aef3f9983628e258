from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.education import NOW, TODAY, District, assign, course, make_rider, make_session, make_violation
from trafficedu.accounts.models import User
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import today
from trafficedu.core.errors import Refusal, Stale
from trafficedu.education.models.courses import Course
from trafficedu.education.queries.courses import find_course
from trafficedu.education.rules.states import ModuleKind, SessionState
from trafficedu.education.services import courses, door
from trafficedu.education.services.courses import CourseInput, ModuleInput

MakeUser = Callable[..., User]
LONG = ModuleInput(ModuleKind.LECTURE, "长课", "Long lecture", 300, 400)


def changed(valid_from: object, **values: object) -> CourseInput:
    given = {"name_zh": "新基础班", "name_en": "New basic", "from_violations": 1, "pass_mark": 90, "modules": [LONG]}
    return CourseInput(valid_from=valid_from, **given | values)  # type: ignore[arg-type]


def test_a_study_keeps_the_version_of_its_sessions_day(session: Session, district: District) -> None:
    basic, tomorrow = course(session), TODAY + timedelta(days=1)
    begun = make_session(session, district.at_a, NOW + timedelta(minutes=70))
    later = make_session(session, district.at_b, NOW + timedelta(days=3))
    task = assign(session, make_violation(session, make_rider(session, district.a), district.a), SYSTEM, NOW)
    assert task is not None
    door.check_in(session, task.bookings[0], SYSTEM, begun.starts_utc)
    with pytest.raises(Refusal, match="begun to study"):
        courses.renew_course(session, basic, changed(TODAY), basic.versions[-1].version, SYSTEM)
    present = basic.versions[-1]
    seen = present.version
    courses.renew_course(session, basic, changed(tomorrow), seen, SYSTEM)
    with pytest.raises(Stale):
        courses.renew_course(session, basic, changed(tomorrow + timedelta(days=1)), seen + 7, SYSTEM)
    session.expire_all()
    assert (begun.plan.pass_mark, begun.plan.minutes, begun.plan.name_zh) == (80, 50, "基础班")
    assert (later.plan.pass_mark, later.plan.minutes) == (90, 300)
    assert later.ends_utc - later.starts_utc == timedelta(minutes=300)
    assert begun.ends_utc - begun.starts_utc == timedelta(minutes=50)


def test_no_course_grows_into_the_session_that_follows(session: Session, district: District) -> None:
    basic, starts = course(session), NOW + timedelta(days=3)
    make_session(session, district.at_a, starts)
    following = make_session(session, district.at_a, starts + timedelta(minutes=60))
    make_session(session, district.at_b, starts + timedelta(minutes=60))
    seen = basic.versions[-1].version
    with pytest.raises(Refusal, match="too long for what is planned") as refused, session.begin_nested():
        courses.renew_course(session, basic, changed(TODAY + timedelta(days=1)), seen, SYSTEM)
    assert refused.value.field == "valid_from"
    session.expire_all()
    following.state = SessionState.CANCELLED
    session.flush()
    courses.renew_course(session, basic, changed(TODAY + timedelta(days=1)), basic.versions[-1].version, SYSTEM)


def test_one_course_always_applies_from_the_first_violation(session: Session) -> None:
    basic = course(session)
    with pytest.raises(Refusal, match="first violation"):
        courses.renew_course(session, basic, changed(TODAY, from_violations=2), basic.versions[-1].version, SYSTEM)
    with pytest.raises(Refusal, match="first violation"):
        courses.end_course(session, basic, TODAY, basic.versions[-1].version, SYSTEM)
    made = courses.add_course(session, "short", 9, changed(TODAY), SYSTEM)
    assert made.on(TODAY).modules[0].maximum_minutes == 400
    courses.end_course(session, basic, TODAY, basic.versions[-1].version, SYSTEM)
    assert not basic.is_in_use(TODAY + timedelta(days=1))


def test_courses_are_changed_by_the_administrator(client: Browser, session: Session, make_user: MakeUser) -> None:
    client.sign_in(make_user("administrator"))
    basic = find_course(session, "basic")
    first = today() + timedelta(days=2)
    typed = {
        "name_zh": "初级班",
        "name_en": "First course",
        "from_violations": "1",
        "pass_mark": "85",
        "valid_from": first.isoformat(),
        "version": str(basic.versions[-1].version),
    }
    for place, module in enumerate(basic.versions[-1].modules):
        typed |= {
            f"modules-{place}-kind": module.kind,
            f"modules-{place}-name_zh": module.name_zh,
            f"modules-{place}-name_en": module.name_en,
            f"modules-{place}-minimum_minutes": "7",
            f"modules-{place}-maximum_minutes": "9",
        }
    for address in ("/courses", "/courses/basic", "/courses/new", "/courses/basic/end"):
        assert client.get(address).status_code == 200, address
    assert client.post("/courses/basic", data=typed | {"from_violations": "2"}).status_code == 422
    assert client.post("/courses/basic", data=typed | {"modules-0-maximum_minutes": "6"}).status_code == 422
    assert client.post("/courses/basic", data=typed).status_code == 303
    session.expire_all()
    changed = session.get_one(Course, basic.id)
    assert (changed.on(first).pass_mark, changed.on(today()).pass_mark) == (85, 80)
    assert {module.minimum_minutes for module in changed.on(first).modules} == {7}
    assert client.post("/courses/basic", data=typed).status_code in {409, 422}, "the second editor is told"
    new = typed | {"code": "night", "rank": "7", "name_zh": "夜班"}
    assert client.post("/courses/new", data=new).status_code == 303
    assert client.post("/courses/new", data=new | {"rank": "8"}).status_code == 422


def names_in(page: str) -> list[str]:
    return re.findall(r'name="modules-\d+-name_en"[^>]*value="([^"]*)"', page)


def test_modules_are_added_removed_and_moved_on_the_page_before_anything_is_saved(
    client: Browser, session: Session, make_user: MakeUser
) -> None:
    client.sign_in(make_user("administrator"))
    basic = find_course(session, "basic")
    present = basic.versions[-1]
    typed: dict[str, str] = {"name_zh": "基础班", "name_en": "Basic", "from_violations": "1", "pass_mark": "80"}
    typed |= {"valid_from": (today() + timedelta(days=2)).isoformat(), "version": str(present.version)}

    def lines(names: list[str]) -> dict[str, str]:
        given: dict[str, str] = {}
        for place, name in enumerate(names):
            line = {"kind": "lecture" if name else "", "name_zh": name, "name_en": name}
            line |= {"minimum_minutes": "5", "maximum_minutes": "9"} if name else {}
            given |= {f"modules-{place}-{field}": value for field, value in line.items()}
        return given

    for button, expected in (
        ("up:2", ["A", "C", "B"]),
        ("down:0", ["B", "A", "C"]),
        ("up:0", ["A", "B", "C"]),
        ("down:2", ["A", "B", "C"]),
        ("remove:1", ["A", "C"]),
        ("remove:9", ["A", "B", "C"]),
        ("add", ["A", "B", "C", ""]),
        ("nonsense", ["A", "B", "C"]),
    ):
        answer = client.post("/courses/basic", data=typed | lines(["A", "B", "C"]) | {"line": button})
        assert (answer.status_code, names_in(answer.text)) == (200, expected), button
    many = client.post("/courses/basic", data=typed | lines(["A"] * 20) | {"line": "add"})
    assert len(names_in(many.text)) == 20
    session.expire_all()
    assert basic.versions[-1].id == present.id, "nothing was saved"
    free = typed | lines(["A", "B"]) | {"free_order": "y"}
    assert client.post("/courses/basic", data=free).status_code == 303
    session.expire_all()
    newest = find_course(session, "basic").versions[-1]
    assert (newest.free_order, [module.name_en for module in newest.modules]) == (True, ["A", "B"])
    assert not present.free_order
    assert "in any order" not in client.get("/courses?lang=en").text, "until its first day the present one holds"
