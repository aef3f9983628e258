from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import argon2
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.core.test_seen import hidden
from tests.factories import people
from tests.factories.people import PASSWORD
from trafficedu.accounts import services
from trafficedu.accounts.models import User
from trafficedu.accounts.rules import ANY_PLACE_FAILURES, SAME_PLACE_FAILURES, SAME_PLACE_WINDOW
from trafficedu.accounts.services import Credentials
from trafficedu.core import passwords
from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import utc_now
from trafficedu.core.database import database
from trafficedu.core.errors import Refusal, Stale
from trafficedu.core.transactions import WRITES, is_writing, writing

MakeUser = Callable[..., User]


def enter(client: Browser, user: User, password: str = PASSWORD, **query: str) -> int:
    form = {"username": user.username, "password": password}
    return client.post("/sign-in", data=form, query_string=query).status_code


def test_the_right_password_opens_a_session(client: Browser, make_user: MakeUser, session: Session) -> None:
    user = make_user("administrator")
    assert enter(client, user) == 303
    assert client.get("/users").status_code == 200
    last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert last is not None
    assert (last.action, last.actor_id, last.result) == ("accounts:session:open", user.id, "done")


def test_a_wrong_password_says_so_and_is_audited(client: Browser, make_user: MakeUser, session: Session) -> None:
    user = make_user("administrator")
    assert enter(client, user, "wrong") == 422
    assert client.get("/users").status_code == 302
    last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert last is not None
    assert last.result == "failed"


def test_an_unknown_name_and_a_wrong_password_read_alike(client: Browser, make_user: MakeUser) -> None:
    user = make_user("officer")
    unknown = client.post("/sign-in", data={"username": "nobody", "password": "x"}).text
    wrong = client.post("/sign-in", data={"username": user.username, "password": "x"}).text
    signed = re.compile(r'"[\w-]{80,}=*"|name="opened" value="[^"]*"')  # tokens and times are new in every answer
    assert signed.sub("", unknown.replace("nobody", user.username)) == signed.sub("", wrong)


def try_password(session: Session, given: Credentials, now: datetime) -> User | None:
    return services.sign_in(session, services.attempt(session, given, now), now)


def test_many_guesses_at_the_same_moment_learn_no_more_than_one_after_the_other(
    session: Session, make_user: MakeUser
) -> None:
    """All were looked at before the first one was counted, and the last ones were right."""
    user, now = make_user("officer"), utc_now()
    guesses = ["guess"] * SAME_PLACE_FAILURES + [PASSWORD]
    made = [services.attempt(session, Credentials(user.username, guess, "203.0.113.9"), now) for guess in guesses]
    for wrong in made[:-1]:
        assert services.sign_in(session, wrong, now) is None
    with pytest.raises(Refusal, match="Too many"):
        services.sign_in(session, made[-1], now)


def test_guesses_from_many_threads_are_told_no_more_than_the_limit(fresh_app: Flask) -> None:
    """Thirty wrong ones at once, all looked at before the first was counted, and then the right one."""
    many, now = 30, utc_now()
    start = threading.Barrier(many)
    with fresh_app.app_context():
        opened = database().sessionmaker
        with opened(info=WRITES) as session:
            name = people.make_user(session, "administrator").username
            session.commit()
        with opened() as session:
            right = services.attempt(session, Credentials(name, PASSWORD, "203.0.113.9"), now)

        def is_told(number: int) -> bool:
            with opened() as session:
                made = services.attempt(session, Credentials(name, f"guess{number}", "203.0.113.9"), now)
                start.wait()
                try:
                    with writing(session):
                        assert services.sign_in(session, made, now) is None
                except Refusal:
                    return False
            return True

        with ThreadPoolExecutor(many) as threads:
            assert sum(threads.map(is_told, range(many))) == SAME_PLACE_FAILURES
        with opened(info=WRITES) as session, pytest.raises(Refusal, match="Too many"):
            services.sign_in(session, right, now)


def test_a_hash_made_at_another_price_is_renewed_when_its_owner_signs_in(
    session: Session, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The price of a hash stands in its head; who is signed in stays so."""
    real = argon2.PasswordHasher(passwords.PASSES, passwords.MEMORY_KIB, passwords.LANES)
    monkeypatch.setattr(passwords, "_hasher", real)
    user, now = make_user("officer"), utc_now()
    stamp, version = user.session_stamp, user.version
    given = Credentials(user.username, PASSWORD, "203.0.113.9")
    assert services.sign_in(session, services.attempt(session, given, now), now) is not None
    session.refresh(user)
    price = f"$m={passwords.MEMORY_KIB},t={passwords.PASSES},p={passwords.LANES}$"
    assert price in user.password_hash
    assert (user.session_stamp, user.version) == (stamp, version)
    first = user.password_hash
    assert services.sign_in(session, services.attempt(session, given, now), now) is not None
    session.refresh(user)
    assert user.password_hash == first


def test_two_phones_sign_in_while_the_first_of_them_renews_the_hash(
    session: Session, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, now = make_user("officer"), utc_now()
    monkeypatch.setattr(passwords, "_hasher", argon2.PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    given = Credentials(user.username, PASSWORD, "203.0.113.9")
    first, second = services.attempt(session, given, now), services.attempt(session, given, now)
    wrong = services.attempt(session, Credentials(user.username, "wrong", "203.0.113.9"), now)
    for made in (first, second):
        assert services.sign_in(session, made, now) is not None
    assert services.sign_in(session, wrong, now) is None
    late = services.attempt(session, given, now)
    services.reset_password(session, user, services.first_password(), SYSTEM)
    assert services.sign_in(session, late, now) is None


def test_a_password_that_ended_while_it_was_looked_at_opens_nothing(session: Session, make_user: MakeUser) -> None:
    user, now = make_user("officer"), utc_now()
    made = services.attempt(session, Credentials(user.username, PASSWORD, "203.0.113.9"), now)
    services.reset_password(session, user, services.first_password(), SYSTEM)
    assert services.sign_in(session, made, now) is None


def test_no_password_is_hashed_where_somebody_waits_for_a_lock(
    client: Browser, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hashing takes longer than everything else that is done in such a transaction."""
    user, admin = make_user("officer"), make_user("administrator")
    writing: list[bool] = []

    class Watched(argon2.PasswordHasher):
        def verify(self, *given: Any) -> Any:
            writing.append(is_writing(database().session))
            return super().verify(*given)

        def hash(self, *given: Any, **options: Any) -> str:
            writing.append(is_writing(database().session))
            return super().hash(*given, **options)

    monkeypatch.setattr(passwords, "_hasher", Watched(time_cost=1, memory_cost=8, parallelism=1))
    assert enter(client, user) == 303
    assert client.post("/password", data={"old": PASSWORD, "new": "a longer sentence 9"}).status_code == 303
    client.sign_in(admin)
    new = {"username": "newcomer", "display_name": "新来的", "role": "administrator", "active": "y"}
    posts = {"area_id": "0", "station_id": "0", "company_id": "0"}
    assert client.post("/users/new", data=new | posts).status_code == 200
    assert client.post("/users/newcomer/password").status_code == 200
    assert writing == [False] * 5


@pytest.mark.one_database
def test_of_many_posts_at_once_few_are_hashed_at_the_same_moment(
    fresh_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes 12 MiB while it is hashed."""
    many, running, most = 16, 0, 0
    counting, start = threading.Lock(), threading.Barrier(many)
    verify = argon2.PasswordHasher.verify

    def watched(*given: Any) -> Any:
        nonlocal running, most
        with counting:
            running += 1
            most = max(most, running)
        try:
            return verify(*given)
        finally:
            with counting:
                running -= 1

    monkeypatch.setattr(argon2.PasswordHasher, "verify", watched)

    def guess(number: int) -> int:
        start.wait()
        form = {"username": f"nobody{number}", "password": "x"}
        return fresh_app.test_client().post("/sign-in", data=form).status_code

    with ThreadPoolExecutor(many) as threads:
        assert list(threads.map(guess, range(many))) == [422] * many
    assert 0 < most <= passwords.AT_ONCE


def test_one_account_signs_in_on_many_phones_at_once(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        opened = database().sessionmaker
        with opened(info=WRITES) as session:
            name = people.make_user(session, "administrator").username
            session.commit()

        def enter_at_once(number: int) -> bool:
            with opened(info=WRITES) as session:
                user = try_password(session, Credentials(name, PASSWORD, f"203.0.113.{number}"), utc_now())
                session.commit()
                return user is not None

        with ThreadPoolExecutor(8) as threads:
            assert all(threads.map(enter_at_once, range(16)))


def test_guessing_locks_the_place_but_not_the_owner_elsewhere(session: Session, make_user: MakeUser) -> None:
    user, now = make_user("officer"), utc_now()
    for _ in range(SAME_PLACE_FAILURES):
        assert try_password(session, Credentials(user.username, "guess", "203.0.113.9"), now) is None
    with pytest.raises(Refusal, match="Too many"):
        try_password(session, Credentials(user.username, PASSWORD, "203.0.113.9"), now)
    assert try_password(session, Credentials(user.username, PASSWORD, "198.51.100.7"), now) is not None
    later = now + SAME_PLACE_WINDOW + timedelta(seconds=1)
    assert try_password(session, Credentials(user.username, PASSWORD, "203.0.113.9"), later) is not None


def test_guessing_from_everywhere_spares_the_device_the_owner_knows(session: Session, make_user: MakeUser) -> None:
    user, now = make_user("officer"), utc_now()
    for place in range(ANY_PLACE_FAILURES):
        try_password(session, Credentials(user.username, "guess", f"2001:db8::{place}"), now)
    with pytest.raises(Refusal, match="Too many"):
        try_password(session, Credentials(user.username, PASSWORD, "198.51.100.7"), now)
    known = Credentials(user.username, PASSWORD, "198.51.100.7", known_device=True)
    assert try_password(session, known, now) is not None


def test_a_changed_password_ends_other_sessions(client: Browser, make_user: MakeUser) -> None:
    user = make_user("administrator")
    elsewhere = client.application.test_client()
    assert isinstance(elsewhere, Browser)
    elsewhere.sign_in(user)
    client.sign_in(user)
    assert client.post("/password", data={"old": PASSWORD, "new": "a longer sentence 9"}).status_code == 303
    assert client.get("/users").status_code == 200
    assert elsewhere.get("/users").status_code == 302


@pytest.mark.parametrize("end", ["reset", "deactivated"])
def test_a_chosen_password_overwrites_no_reset_that_came_between(fresh_app: Flask, end: str) -> None:
    """Another session ended the old password after it was proven and before the new one was stored."""
    with fresh_app.app_context():
        opened = database().sessionmaker
        with opened(info=WRITES) as session:
            user_id = people.make_user(session, "administrator").id
            session.commit()
        with opened() as session:
            user = session.get_one(User, user_id)
            chosen = services.choose_password(user, PASSWORD, "a longer sentence 9")
            with opened(info=WRITES) as other:
                theirs = other.get_one(User, user_id)
                if end == "reset":
                    services.reset_password(other, theirs, services.first_password(), SYSTEM)
                theirs.active = end == "reset"
                other.commit()
                kept = theirs.password_hash
            with pytest.raises(Stale), writing(session):
                services.change_password(session, user, chosen)
            assert user.password_hash == kept


def test_a_second_choice_at_the_same_moment_is_told_that_the_first_one_counts(fresh_app: Flask) -> None:
    many = 4
    start = threading.Barrier(many)
    with fresh_app.app_context():
        opened = database().sessionmaker
        with opened(info=WRITES) as session:
            user_id = people.make_user(session, "administrator").id
            session.commit()

        def choose(number: int) -> bool:
            with opened() as session:
                user = session.get_one(User, user_id)
                chosen = services.choose_password(user, PASSWORD, f"a longer sentence {number}")
                start.wait()
                try:
                    with writing(session):
                        services.change_password(session, user, chosen)
                except Stale:
                    return False
            return True

        with ThreadPoolExecutor(many) as threads:
            assert sum(threads.map(choose, range(many))) == 1


@pytest.mark.parametrize(
    ("new", "sentence"),
    [("short", "至少"), ("aaaaaaaaaaaa", "反复"), ("{name} and more", "用户名")],
)
def test_a_weak_password_is_refused_at_its_field(client: Browser, make_user: MakeUser, new: str, sentence: str) -> None:
    user = make_user("officer")
    client.sign_in(user)
    answer = client.post("/password", data={"old": PASSWORD, "new": new.format(name=user.username)})
    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_deactivated_user_is_out_at_once(client: Browser, make_user: MakeUser, session: Session) -> None:
    user = make_user("administrator")
    client.sign_in(user)
    assert client.get("/users").status_code == 200
    user.active = False
    session.commit()
    assert client.get("/users").status_code == 302
    assert enter(client, user) == 422


def test_of_two_sign_in_pages_opened_at_once_the_first_asks_for_the_password_once_more(
    app: Flask, client: Browser, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    user = make_user("officer")
    first = client.get("/sign-in?next=/record").text
    client.delete_cookie("trafficedu")
    client.get("/sign-in")
    form = {"username": user.username, "password": PASSWORD}
    asked = client.post("/sign-in?next=/record", data=form | {"csrf_token": hidden(first, "csrf_token")})
    assert asked.status_code == 400
    assert f'value="{user.username}"' in asked.text
    assert PASSWORD not in asked.text
    again = client.post("/sign-in?next=/record", data=form | {"csrf_token": hidden(asked.text, "csrf_token")})
    assert (again.status_code, again.headers["Location"]) == (303, "/record")


def test_an_upload_too_large_without_a_session_asks_for_the_password(client: Browser) -> None:
    claimed = {"CONTENT_LENGTH": str(2 * 1024**3), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    answer = client.post("/films/new", data=b"--x", environ_overrides=claimed)
    assert answer.status_code == 401
    assert 'name="password"' in answer.text


def test_signing_out_ends_the_session(client: Browser, make_user: MakeUser) -> None:
    client.sign_in(make_user("administrator"))
    assert client.post("/sign-out").status_code == 303
    assert client.get("/users").status_code == 302


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_after_signing_in_nobody_is_sent_off_this_site(client: Browser, make_user: MakeUser, target: str) -> None:
    user = make_user("officer")
    answer = client.post(
        "/sign-in", data={"username": user.username, "password": PASSWORD}, query_string={"next": target}
    )
    assert answer.headers["Location"] == "/"


def test_the_language_is_chosen_by_everybody(client: Browser) -> None:
    assert "登录" in client.get("/sign-in").text
    client.post("/language", data={"locale": "en"})
    assert "Sign in" in client.get("/sign-in").text
    assert client.post("/language", data={"locale": "xx"}).status_code == 400
