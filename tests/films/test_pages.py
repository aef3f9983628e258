"""The administrator's pages: a film made, cut, put into use, its next version; videos in parts."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.films.conftest import allow_online
from tests.films.test_containers import element, mp4, webm
from trafficedu.accounts.models import User
from trafficedu.configuration.models import Parameter
from trafficedu.core.services import services_of
from trafficedu.education.models.courses import Course
from trafficedu.films.models import Film
from trafficedu.films.services import films as services
from trafficedu.films.views import video as handing_out

PIECE = 25_600
"""Smaller than in the product: a test client keeps what is larger than half a megabyte in a file it never closes."""


@pytest.fixture
def admin(client: Browser, make_user: Callable[..., User]) -> Browser:
    client.sign_in(make_user("administrator"))
    return client


def segments(*times: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for place, time in enumerate(times):
        texts = {"time": time, "title_zh": "题", "title_en": "Title", "text_zh": "句", "text_en": "Words"}
        fields |= {f"segments-{place}-{name}": value for name, value in texts.items()}
    return fields


def film_of(session: Session, code: str, number: int = 1) -> Film:
    session.expire_all()
    return session.scalars(select(Film).where(Film.code == code, Film.number == number)).one()


def test_a_film_of_pictures_is_made_cut_and_put_into_use(admin: Browser, session: Session) -> None:
    answer = admin.post("/films/new", data={"code": "winter", "title_zh": "冬季", "title_en": "Winter"})
    assert answer.headers["Location"] == "/films/winter/1/edit"
    refused = admin.post("/films/winter/1/release")
    assert refused.status_code == 303
    assert film_of(session, "winter").is_draft
    sent = {"title_zh": "冬季", "title_en": "Winter", "version": "1", **segments("1:00", "2:00")}
    assert admin.post("/films/winter/1/edit", data=sent).status_code == 303
    film = film_of(session, "winter")
    assert [(each.begins_at, each.ends_at) for each in film.segments] == [(0, 60), (60, 180)]
    admin.post("/films/winter/1/release")
    assert film_of(session, "winter").is_in_use
    assert admin.post("/films/winter/1/edit", data=sent).status_code == 409, "what is in use stays"
    assert admin.post("/films/winter/1/next").headers["Location"] == "/films/winter/2/edit"
    admin.post("/films/winter/2/release")
    assert (film_of(session, "winter").is_retired, film_of(session, "winter", 2).is_in_use) == (True, True)
    admin.post("/films/winter/1/release")
    assert (film_of(session, "winter").is_in_use, film_of(session, "winter", 2).is_retired) == (True, True)
    assert "Winter" in admin.get("/films?lang=en").text
    assert "Title" in admin.get("/films/winter/1?lang=en").text


def test_lines_move_in_the_page_and_wrong_times_are_named(admin: Browser, session: Session) -> None:
    admin.post("/films/new", data={"code": "winter", "title_zh": "冬季"})
    moved = admin.post("/films/winter/1/edit", data={"title_zh": "冬季", **segments("1:00", "2:00"), "line": "down:0"})
    assert moved.text.index('value="2:00"') < moved.text.index('value="1:00"')
    wrong = admin.post("/films/winter/1/edit", data={"title_zh": "冬季", **segments("soon")})
    assert wrong.status_code == 422
    assert film_of(session, "winter").segments == []


@pytest.mark.parametrize(("data", "kind"), [(webm(), "video/webm"), (mp4(seconds=90), "video/mp4")])
def test_a_video_is_taken_by_its_content_and_handed_out_in_parts(
    admin: Browser, session: Session, monkeypatch: pytest.MonkeyPatch, data: bytes, kind: str
) -> None:
    for module in (services, handing_out):
        monkeypatch.setattr(module, "PIECE_BYTES", PIECE)
    if kind == "video/webm":
        data += element("ec", bytes(range(256)) * (PIECE // 128))
    video = (io.BytesIO(data), "holiday.jpg")
    admin.post("/films/new", data={"code": "own", "title_zh": "片", "video": video}, content_type="multipart/form-data")
    film = film_of(session, "own")
    assert (film.media_type, film.bytes, film.seconds) == (kind, len(data), 90)
    assert b"".join(services_of(session).evidence.read(piece.key) for piece in film.pieces) == data
    whole = admin.get("/films/own/1/video")
    assert (whole.status_code, whole.mimetype, whole.data) == (200, kind, data)
    assert whole.headers["Accept-Ranges"] == "bytes"
    for first, asked in ((0, 1), (5, len(data) - 1), (len(data) // 2, len(data) - 3)):
        part = admin.get("/films/own/1/video", headers={"Range": f"bytes={first}-{asked}"})
        last = min(asked, first + PIECE - 1)  # the player asks for what comes next
        assert (part.status_code, part.data) == (206, data[first : last + 1])
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{len(data)}"
        assert part.headers["Content-Length"] == str(last - first + 1)
    assert admin.get("/films/own/1/video", headers={"Range": "bytes=-4"}).data == data[-4:]
    longer = admin.get("/films/own/1/video", headers={"Range": f"bytes=-{9 * len(data)}"})
    assert (longer.status_code, longer.data) == (206, data[:PIECE]), "the last bytes of a shorter file are all of it"
    assert admin.get("/films/own/1/video", headers={"Range": f"bytes={len(data)}-"}).status_code == 416


def test_what_is_no_video_is_refused_at_its_field(admin: Browser, session: Session) -> None:
    video = (io.BytesIO(b"MZ" + bytes(200)), "film.mp4")
    sent = {"code": "own", "title_zh": "片", "video": video}
    answer = admin.post("/films/new?lang=en", data=sent, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "no WebM or MP4" in answer.text
    assert "does not say how long it is" in answer.text, "so does an MP4 of fragments alone"
    assert session.scalar(select(Film).where(Film.code == "own")) is None


def test_a_course_allows_films_at_home_and_nothing_else(admin: Browser, session: Session) -> None:
    course = session.scalars(select(Course).where(Course.code == "basic")).one()
    page = admin.get("/courses/basic?lang=en")
    assert "May be watched at home" in page.text
    sent = {"name_zh": "班", "name_en": "Course", "from_violations": 1, "pass_mark": 80, "valid_from": "2030-01-01"}
    sent |= {"version": course.versions[-1].version}
    for place, kind in enumerate(("lecture", "film")):
        names = {"kind": kind, "name_zh": "名", "name_en": "Name", "minimum_minutes": 10, "maximum_minutes": 20}
        sent |= {f"modules-{place}-{name}": value for name, value in names.items()}
    refused = admin.post("/courses/basic?lang=en", data={**sent, "modules-0-online": "y"})
    assert refused.status_code == 422
    assert "Only a film" in refused.text
    assert admin.post("/courses/basic", data={**sent, "modules-1-online": "y"}).status_code == 303
    session.expire_all()
    assert [module.online for module in course.versions[-1].modules] == [False, True]


def test_a_code_that_is_none_is_refused_as_a_code(admin: Browser) -> None:
    page = admin.post("/films/new?lang=zh", data={"code": "winter 2026", "title_zh": "冬季"}).text
    assert "代码由字母、数字和连字符组成，最多 40 个字符。" in page
    assert "题号" not in page


@pytest.mark.parametrize("number", ["0", "2", "99999999999", "9" * 30])
def test_a_version_that_there_is_not_is_not_found(admin: Browser, number: str) -> None:
    admin.post("/films/new", data={"code": "winter", "title_zh": "冬季"})
    assert admin.get(f"/films/winter/{number}").status_code == 404
    assert admin.post(f"/films/winter/{number}/release").status_code == 404


def test_texts_that_no_column_takes_are_refused_at_their_field(admin: Browser, session: Session) -> None:
    admin.post("/films/new", data={"code": "winter", "title_zh": "冬季"})
    sent = {"title_zh": "冬季 <b>🚲</b>", "title_en": "Winter", "version": "1", **segments("1:00")}
    for name, length in (("text_zh", 10_000), ("title_en", 121), ("source_zh", 301)):
        refused = admin.post("/films/winter/1/edit", data={**sent, f"segments-0-{name}": "长" * length})
        assert refused.status_code == 422
        assert "长" * length in refused.text, "what was typed is still there"
    assert admin.post("/films/winter/1/edit", data=sent).status_code == 303
    page = admin.get("/films/winter/1?lang=zh").text
    assert "冬季 &lt;b&gt;🚲&lt;/b&gt;" in page
    assert "<b>🚲" not in page


def test_of_two_who_change_a_draft_at_once_the_second_is_told(admin: Browser, session: Session) -> None:
    admin.post("/films/new", data={"code": "winter", "title_zh": "冬季", "title_en": "Winter"})
    sent = {"title_zh": "冬季", "title_en": "Winter", "version": "1", **segments("1:00")}
    assert admin.post("/films/winter/1/edit", data=sent).status_code == 303
    late = admin.post("/films/winter/1/edit", data={**sent, "title_zh": "寒冬骑行"})
    assert late.status_code == 409
    assert "寒冬骑行" in late.text
    assert film_of(session, "winter").title_zh == "冬季"
    admin.post("/films/winter/1/release")
    assert admin.post("/films/winter/1/release").status_code == 409, "in use already"


def test_a_draft_says_what_it_lacks_and_each_act_what_it_does(admin: Browser, session: Session) -> None:
    admin.post("/films/new", data={"code": "winter", "title_zh": "冬季", "title_en": "Winter"})
    page = admin.get("/films/winter/1?lang=en").text
    assert "Cut the film into at least one segment." in page
    assert "Discard this draft?" in page
    assert "Give this film to riders from now on?" in page
    sent = {"title_zh": "冬季", "title_en": "Winter", "version": "1", **segments("1:00")}
    assert "No segments yet" in admin.get("/films/winter/1/edit?lang=en").text
    admin.post("/films/winter/1/edit", data=sent)
    assert "a segment lasts 30 to 600 seconds" in admin.get("/films/winter/1/edit?lang=en").text
    page = admin.get("/films/winter/1?lang=en").text
    assert "Before it can be put into use" not in page
    admin.post("/films/winter/1/release")
    assert "0 riders began it and may end it" in admin.get("/films/winter/1?lang=en").text
    admin.post("/films/winter/1/next")
    assert "Version 1 goes out of use" in admin.get("/films/winter/2?lang=en").text


def test_the_list_says_why_nobody_watches_at_home(admin: Browser, session: Session) -> None:
    assert "No course lets its film be watched at home" in admin.get("/films?lang=en").text
    allow_online(session)
    session.commit()
    assert "No course lets" not in admin.get("/films?lang=en").text
    session.scalars(select(Parameter).where(Parameter.code == "films.online")).one().value = 0
    session.commit()
    assert "Nobody watches at home now" in admin.get("/films?lang=en").text


def test_a_new_film_says_how_large_its_file_may_be(admin: Browser) -> None:
    admin.application.config["MAX_CONTENT_LENGTH"] = 32 * 1024 * 1024
    assert "at most 32 MB" in admin.get("/films/new?lang=en").text


@pytest.mark.parametrize("line", ["up:²", "down:", "up:-1", "remove:99", "add:9", "x"])
def test_buttons_of_lines_that_are_none_change_nothing(admin: Browser, line: str) -> None:
    admin.post("/films/new", data={"code": "winter", "title_zh": "冬季"})
    sent = {"title_zh": "冬季", "version": "1", **segments("1:00"), "line": line}
    assert admin.post("/films/winter/1/edit", data=sent).status_code == 200
