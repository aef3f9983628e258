from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from trafficedu.accounts.models import User
from trafficedu.education.models.courses import Course
from trafficedu.education.queries.courses import find_course

MakeUser = Callable[..., User]


def test_courses_are_changed_by_the_administrator(client: Browser, session: Session, make_user: MakeUser) -> None:
    client.sign_in(make_user("administrator"))
    course = find_course(session, "basic")
    typed = {
        "name_zh": "初级班",
        "name_en": "First course",
        "from_violations": "1",
        "pass_mark": "85",
        "active": "y",
        "version": str(course.version),
    }
    for place, module in enumerate(course.modules):
        typed |= {
            f"modules-{place}-name_zh": module.name_zh,
            f"modules-{place}-name_en": module.name_en,
            f"modules-{place}-minimum_minutes": "7",
        }
    assert client.get("/courses").status_code == client.get("/courses/basic").status_code == 200
    assert client.post("/courses/basic", data=typed | {"from_violations": "2"}).status_code == 422
    assert client.post("/courses/basic", data=typed).status_code == 303
    session.expire_all()
    changed = session.scalars(select(Course).where(Course.code == "basic")).one()
    assert (changed.name_zh, changed.pass_mark, changed.from_violations) == ("初级班", 85, 1)
    assert {module.minimum_minutes for module in changed.modules} == {7}
    assert client.post("/courses/basic", data=typed).status_code == 409, "the second editor is told"
