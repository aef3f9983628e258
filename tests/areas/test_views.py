from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from trafficedu.accounts.models import User
from trafficedu.areas.queries.ebikes import list_figures

MakeUser = Callable[..., User]


def test_a_leader_reads_the_own_town_and_nothing_beside(session: Session, client: Browser, make_user: MakeUser) -> None:
    client.sign_in(make_user("leader", area_id=places.area(session).id))
    page = client.get("/areas?level=all").text
    assert "陈公桥社区" in page
    assert "河上镇" not in page
    assert f'href="/areas/{places.DISTRICT}"' not in page
    assert client.get(f"/areas/{places.VILLAGE}").status_code == 200
    for code in (places.OTHER_TOWN, places.DISTRICT, "999"):
        assert client.get(f"/areas/{code}").status_code == 404
    assert client.post(f"/areas/{places.TOWN}/ebikes", data={}).status_code == 403


def test_the_town_filter_never_widens_the_scope(session: Session, client: Browser, make_user: MakeUser) -> None:
    client.sign_in(make_user("leader", area_id=places.area(session).id))
    other = places.area(session, places.OTHER_TOWN)
    assert "长春社区" not in client.get("/areas", query_string={"town": other.path, "level": "all"}).text


def test_the_administrator_adds_changes_ends_and_reopens(
    session: Session, client: Browser, make_user: MakeUser
) -> None:
    client.sign_in(make_user("administrator"))
    new = {"code": "330109001999", "name": "新设村", "valid_from": "", "evaluated": "y"}
    answer = client.post(f"/areas/{places.TOWN}/new", data=new)
    assert answer.status_code == 303
    again = client.post(f"/areas/{places.TOWN}/new", data=new)
    assert again.status_code == 422
    assert "已有该代码的区划" in again.text
    assert 'value="新设村"' in again.text
    change = {"name": "改名村", "valid_from": "2022-01-01", "evaluated": "y", "version": "1"}
    assert client.post("/areas/330109001999/edit", data=change).status_code == 303
    assert client.post("/areas/330109001999/edit", data=change).status_code == 409
    end = {"valid_to": "2026-01-31", "successor": places.VILLAGE, "version": "2"}
    assert client.post("/areas/330109001999/end", data=end).status_code == 303
    page = client.get(f"/areas/{places.VILLAGE}").text
    assert "改名村" in page
    assert "2026-01-31" in page
    assert client.post("/areas/330109001999/reopen", data={"version": "3"}).status_code == 303
    session.expire_all()
    area = places.area(session, "330109001999")
    assert (area.name, area.valid_to, area.successor) == ("改名村", None, None)


def test_an_analyst_enters_the_ebikes_of_a_month(session: Session, client: Browser, make_user: MakeUser) -> None:
    client.sign_in(make_user("analyst", area_id=places.area(session, places.DISTRICT).id))
    answer = client.post(f"/areas/{places.TOWN}/ebikes", data={"month": "2026-01", "ebikes": "41000"})
    assert answer.status_code == 303
    assert [row.ebikes for row in list_figures(session, places.area(session))] == [41000]
    page = client.get(f"/areas/{places.TOWN}").text
    assert "41,000" in page
    wrong = client.post(f"/areas/{places.TOWN}/ebikes", data={"month": "2020-01", "ebikes": "7"})
    assert wrong.status_code == 422
    assert 'value="7"' in wrong.text
    assert client.post(f"/areas/{places.TOWN}/ebikes", data={"month": "2026-01", "ebikes": "-1"}).status_code == 422
