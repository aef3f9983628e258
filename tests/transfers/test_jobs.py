"""The pages of background jobs: whose they are, what they show, who may still fetch a file."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.conftest import Browser, run_jobs
from tests.factories import places
from tests.factories.services import provide
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core import job_queue, jobs, spreadsheet
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import utc_now
from trafficedu.core.encryption import Keyring
from trafficedu.core.errors import Missing
from trafficedu.core.jobs import Job, JobState
from trafficedu.core.services import services_of
from trafficedu.core.text import Message, packed
from trafficedu.messages.models import Push
from trafficedu.messages.services.telling import LEFT, LONG, tell_unfetched
from trafficedu.transfers.services import jobs as transfers
from trafficedu.transfers.services import keys

MakeUser = Callable[..., User]
AREAS = {"export-kind": "areas", "export-suffix": "csv"}


@pytest.fixture
def user(session: Session, make_user: MakeUser) -> User:
    return make_user("supervisor", area_id=places.area(session).id)


@pytest.fixture
def desk(client: Browser, user: User) -> Browser:
    return client.sign_in(user)


def asked(client: Browser) -> str:
    """Ask for an export and return the address of its job."""
    answer = client.post("/exports", data=AREAS)
    assert answer.status_code == 303
    return answer.headers["Location"]


def one(session: Session) -> Job:
    session.expire_all()
    return session.scalars(select(Job).order_by(Job.id.desc()).limit(1)).one()


def test_a_page_says_how_far_a_job_is_until_its_file_comes_by_itself(
    app: Flask, session: Session, desk: Browser
) -> None:
    page = asked(desk)
    waiting = desk.get(page)
    assert "排队中" in waiting.text
    assert 'http-equiv="refresh"' in waiting.text
    assert "Refresh" not in waiting.headers
    assert desk.get(f"{page}/file").status_code == 404
    session.execute(update(Job).values(state=JobState.RUNNING, done=25, total=100, heartbeat_utc=utc_now()))
    session.commit()
    assert 'value="25"' in desk.get(page).text
    assert "陆续出现" not in desk.get(page).text
    session.execute(update(Job).values(settled=True))
    session.commit()
    settled = desk.get(page).text
    assert "陆续出现" in settled
    assert f"{page}/cancel" not in settled
    session.execute(update(Job).values(state=JobState.WAITING, settled=False))
    session.commit()
    run_jobs(app)
    ready = desk.get(page)
    assert ready.headers["Refresh"] == f"0; url={page}/file"
    assert desk.get(page, headers={"HX-Request": "true"}).headers["HX-Redirect"] == page
    answer = desk.get(f"{page}/file")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=areas-")
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert "Refresh" not in desk.get(page).headers, "it is sent once by itself"
    assert f"{page}/file" in desk.get("/jobs").text


def test_a_file_that_was_taken_in_only_partly_says_so_and_goes_on(app: Flask, session: Session, desk: Browser) -> None:
    page = asked(desk)
    counts = {"added": 2400, "updated": 3, "unchanged": 0, "refused": 0, "written": True, "broken": False, "lines": []}
    values = {"state": JobState.FAILED, "settled": True, "done": 700, "total": 2403, "counts": counts}
    session.execute(update(Job).values(**values, refusal=packed(job_queue.PARTLY)))
    session.commit()
    shown = desk.get(page).text
    for said in ("只导入了一部分", "2,400", "700", "2,403", f'action="{page}/resume"'):
        assert said in shown
    assert desk.post(f"{page}/resume").headers["Location"] == page
    assert one(session).state == JobState.WAITING
    assert f"{page}/resume" not in desk.get(page).text
    session.execute(update(Job).values(state=JobState.FAILED, settled=False))
    session.commit()
    assert f"{page}/resume" not in desk.get(page).text, "nothing of it was written"


def test_a_job_whose_key_is_gone_has_a_page_that_says_so(app: Flask, session: Session, desk: Browser) -> None:
    page = asked(desk)
    session.execute(update(Job).values(parameters="gone.AAAA"))
    session.commit()
    assert desk.get(page).status_code == 200
    assert run_jobs(app) == 1
    assert "缺少原加密密钥" in desk.get(page).text
    assert desk.post(f"{page}/again").headers["Location"] == page
    counts = {"added": 1, "updated": 0, "unchanged": 0, "refused": 2, "written": False, "broken": False}
    for broken in (False, True):
        kept = counts | {"broken": broken, "lines": "gone.AAAA"}
        session.execute(update(Job).values(state=JobState.SUCCEEDED, kind=transfers.TRIAL, counts=kept, refusal=None))
        session.commit()
        assert desk.get(page).status_code == 200


def key(*names: str) -> Keyring:
    return Keyring({name: bytes([ord(name[-1])]) * 32 for name in names})


def test_jobs_of_an_older_key_are_brought_under_the_new_one(session: Session, user: User) -> None:
    by, wanted = actor_of(user), [{"month": "2026-09"}, {"month": "2026-10"}, {"month": "2026-11"}]
    provide(session, keyring=key("k1"))
    for each in wanted:
        jobs.ask(session, jobs.Asked("test", Message("Areas"), each), by, utc_now(), "zh")
    lines = '[{"line": 2, "column": "name", "value": "", "reason": {"id": "unknown", "with": {}}}]'
    sealed = key("k1").encrypt(lines, transfers.LINES)
    session.execute(update(Job).values(state=JobState.FAILED, counts={"lines": sealed}))
    jobs.ask(session, jobs.Asked("test", Message("Areas"), {}), by, utc_now(), "zh")
    session.execute(update(Job).where(Job.state == JobState.WAITING).values(parameters="gone.AAAA"))
    provide(session, keyring=key("k2", "k1"))
    session.expire_all()
    assert [keys.reencrypt(session, utc_now(), 2) for _ in range(3)] == [2, 1, 0]
    provide(session, keyring=key("k2"))
    session.expire_all()
    found = session.scalars(select(Job).where(Job.state == JobState.FAILED).order_by(Job.id)).all()
    assert [jobs.parameters_of(session, job) for job in found] == wanted
    assert all(job.counts["lines"].startswith("k2.") for job in found)
    assert services_of(session).keyring.decrypt(found[0].counts["lines"], transfers.LINES) == lines
    assert one(session).parameters == "gone.AAAA", "its key is in no setting"


def test_the_job_of_another_is_not_found_and_administrators_see_no_file(
    app: Flask, session: Session, desk: Browser, make_user: MakeUser
) -> None:
    page = asked(desk)
    desk.sign_in(make_user("supervisor", area_id=places.area(session).id))
    for answer in (desk.get(page), desk.get(f"{page}/file"), desk.post(f"{page}/cancel"), desk.post(f"{page}/again")):
        assert answer.status_code == 404
    assert page not in desk.get("/jobs?whose=all").text
    desk.sign_in(make_user("administrator"))
    assert page not in desk.get("/jobs").text
    assert page in desk.get("/jobs?whose=all").text
    run_jobs(app)
    assert desk.get(page).status_code == 200
    assert f"{page}/file" not in desk.get(page).text + desk.get("/jobs?whose=all").text
    assert desk.get(f"{page}/file").status_code == 404


def test_who_lost_the_permission_gets_neither_the_job_nor_its_file(
    app: Flask, session: Session, desk: Browser, user: User
) -> None:
    page = asked(desk)
    run_jobs(app)
    later = asked(desk)
    user.role = "officer"
    session.commit()
    assert desk.get(f"{page}/file").status_code == 403
    run_jobs(app)
    assert one(session).state == JobState.FAILED
    assert desk.get(f"{later}/file").status_code == 404
    assert "jobs:export:run" in session.scalars(select(AuditEntry.action)).all()


def test_a_file_of_another_post_is_not_handed_out(app: Flask, session: Session, desk: Browser, user: User) -> None:
    page = asked(desk)
    run_jobs(app)
    user.area_id = places.area(session, places.OTHER_TOWN).id
    session.commit()
    assert desk.get(f"{page}/file").status_code == 403


def test_a_job_is_cancelled_and_asked_for_again(app: Flask, session: Session, desk: Browser) -> None:
    page = asked(desk)
    assert asked(desk) == page, "twice the same is one job"
    assert desk.post(f"{page}/cancel").headers["Location"] == page
    assert run_jobs(app) == 0
    assert "已取消" in desk.get(page).text
    again = desk.post(f"{page}/again").headers["Location"]
    assert again != page
    run_jobs(app)
    assert desk.get(f"{again}/file").status_code == 200
    assert desk.post(f"{again}/cancel").status_code == 409


def test_an_upload_stays_where_its_job_is_lost_at_the_last_moment(
    app: Flask, session: Session, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*_given: object) -> None:
        raise job_queue.Lost

    by, store = actor_of(user), transfers.uploads(session)
    token = store.keep(io.BytesIO(b"code,name,level,parent_code\n330109900,x,town,330109\n"), "a.csv", user.id)
    parameters = {"kind": "areas", "token": token, "skip_errors": False}
    jobs.ask(session, jobs.Asked(transfers.IMPORT, Message("Import"), parameters), by, utc_now(), "zh")
    session.commit()
    with monkeypatch.context() as patched:
        patched.setattr(job_queue, "succeed", lose)
        run_jobs(app)
    with store.opened(token, user.id) as path:
        assert path.stat().st_size
    session.execute(update(Job).values(state=JobState.WAITING))
    session.commit()
    run_jobs(app)
    assert (one(session).state, one(session).counts["written"]) == (JobState.SUCCEEDED, True)
    with pytest.raises(Missing), store.opened(token, user.id):
        pass


def test_an_old_file_is_gone(app: Flask, session: Session, desk: Browser) -> None:
    page = asked(desk)
    run_jobs(app)
    job_queue.forget_expired(session, utc_now() + timedelta(days=2))
    session.commit()
    assert desk.get(f"{page}/file").status_code == 404
    assert "已过保留期" in desk.get(page).text


def test_who_waited_long_or_left_is_told(app: Flask, session: Session, desk: Browser, user: User) -> None:
    told = select(Push.key).where(Push.user_id == user.id)
    quick = asked(desk)
    run_jobs(app)
    desk.get(f"{quick}/file")
    assert session.scalars(told).all() == []
    number = jobs.ask(session, jobs.Asked("test", one(session).name, {}), actor_of(user), utc_now() - LONG, "zh")
    order = job_queue.take(session, utc_now())
    assert order is not None
    job_queue.succeed(session, order, None, {}, actor_of(user), utc_now())
    assert session.scalars(told).all() == [f"job:{number}"]
    session.commit()
    left = asked(desk)
    run_jobs(app)
    assert tell_unfetched(session, utc_now()) == 0
    assert tell_unfetched(session, utc_now() + LEFT + timedelta(seconds=5)) == 1
    assert tell_unfetched(session, utc_now() + LEFT + timedelta(seconds=9)) == 0
    assert session.scalars(told.order_by(Push.id.desc()).limit(1)).one() == f"job:{left.removeprefix('/jobs/')}"


@pytest.mark.one_database
def test_a_worksheet_that_is_too_small_is_refused_before_a_row_is_written(
    app: Flask, session: Session, desk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def written(*_given: object, **_options: object) -> int:
        raise AssertionError("a row was written")

    monkeypatch.setattr(spreadsheet, "write_xlsx", written)
    monkeypatch.setattr("trafficedu.violations.imports.exporting.count_capped", lambda *_given: 10**7)
    page = desk.fetch("/exports", data={"export-kind": "violations", "export-suffix": "xlsx"})
    assert "1,048,575" in page.text
    assert one(session).state == JobState.FAILED


def test_an_empty_list_says_what_will_be_here(desk: Browser) -> None:
    assert "没有后台任务" in desk.get("/jobs").text
