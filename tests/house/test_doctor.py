"""What stands between an operator and a mistake: keys, modes, the public address, proxies; and who tells of it.

Each installation is begun as an operator does, on SQLite in a folder of its own unless a database is named.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories.people import make_user
from tests.factories.services import provide
from tests.house.test_commands import Ended, Run
from tests.house.test_commands import installed as installed
from tests.house.test_commands import run as run
from trafficedu.core import settings as core_settings
from trafficedu.core.encryption import Keyring
from trafficedu.core.errors import Refusal
from trafficedu.core.services import services_of
from trafficedu.core.settings import Settings

Doctor = Callable[..., dict[str, str]]
PUBLIC = {"TRAFFICEDU_PUBLIC_URL": "https://jtaq.example.cn", "TRAFFICEDU_SECURE_COOKIES": "true"}


@pytest.fixture
def own_key(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of an installation that keeps its key itself."""
    monkeypatch.delenv("TRAFFICEDU_DATA_KEY")
    monkeypatch.delenv("TRAFFICEDU_DATABASE_URL", raising=False)
    assert run("init").status == 0
    return tmp_path / "instance"


def states(ended: Ended) -> dict[str, str]:
    return {check["name"]: check["state"] for check in ended.report["checks"]}


@pytest.mark.one_database
def test_a_lost_key_is_never_made_anew(run: Run, own_key: Path) -> None:
    key = own_key / "data_key"
    kept = key.read_text()
    assert run("user", "add", "a", "--role", "administrator").status == 0
    key.unlink()
    for command in (("init",), ("demo",), ("serve",), ("worker", "--once"), ("evaluate", "2026-01")):
        ended = run(*command)
        assert (ended.status, ended.out, key.exists()) == (1, "", False), command
        assert "Put the key back" in ended.err
    ended = run("doctor", "--json")
    assert (ended.status, ended.report["ok"]) == (1, False)
    key.write_text(Keyring.generate())
    for command in (("init",), ("serve",), ("worker", "--once")):
        ended = run(*command)
        assert (ended.status, "not the one with this id" in ended.err) == (1, True), command
    assert states(run("doctor", "--json"))["data_keys"] == "unsafe"
    key.write_text(f"{kept},{Keyring.generate()}")
    assert "two keys with the id k1" in run("worker", "--once").err
    key.write_text(kept)
    assert run("worker", "--once").status == 0
    assert states(run("doctor", "--json"))["data_keys"] == "ok"


def test_no_key_is_made_beside_a_database_elsewhere(
    installed: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert installed("init").status == 0
    monkeypatch.delenv("TRAFFICEDU_DATA_KEY")
    ended = installed("init")
    assert (ended.status, "Put the key back" in ended.err) == (1, True)
    assert not (tmp_path / "instance" / "data_key").exists()


@pytest.mark.one_database
def test_a_mistyped_folder_is_no_new_installation(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TRAFFICEDU_DATA_KEY")
    for command in (("serve",), ("worker", "--once"), ("export", "areas", tmp_path / "areas.csv")):
        ended = run(*command)
        assert (ended.status, "There is no installation" in ended.err) == (1, True)
    assert not (tmp_path / "instance").exists()


@pytest.mark.one_database
def test_nobody_else_reads_the_instance_folder(run: Run, own_key: Path) -> None:
    def modes() -> set[str]:
        files = (path for path in own_key.iterdir() if path.is_file())
        return {oct(path.stat().st_mode & 0o777) for path in files} | {oct(own_key.stat().st_mode & 0o777)}

    assert modes() == {"0o700", "0o600"}
    own_key.chmod(0o755)
    (own_key / "trafficedu.sqlite").chmod(0o644)
    (own_key / "settings.cfg").write_text("TRAFFICEDU_LOCALE = en\n")
    (own_key / "settings.cfg").chmod(0o644)
    (own_key / "not the program's").touch(0o644)
    ended = run("doctor", "--json")
    assert (ended.status, states(ended)["file_modes"]) == (1, "unsafe")
    assert run("worker", "--once").status == 0
    assert states(run("doctor", "--json"))["file_modes"] == "ok"
    (own_key / "not the program's").unlink()
    assert modes() == {"0o700", "0o600"}


@pytest.mark.one_database
def test_the_doctor_says_what_is_unset_in_two_languages(run: Run, own_key: Path) -> None:
    ended = run("doctor")
    assert (ended.status, ended.err) == (1, "")
    assert "[unsafe] public address: Codes on papers lead to http://127.0.0.1:8000" in ended.out
    assert "[不安全] 对外地址：" in run("doctor", TRAFFICEDU_LOCALE="zh").out
    assert run("worker", "--once").status == 0
    ended = run("doctor", "--json", **PUBLIC)
    assert (ended.status, ended.report["ok"]) == (0, True)
    assert {"data_keys": "ok", "worker": "ok", "proxies": "note", "https": "ok"}.items() <= states(ended).items()
    plain = run("doctor", "--json", **{**PUBLIC, "TRAFFICEDU_SECURE_COOKIES": "false"})
    assert (plain.status, states(plain)["https"]) == (1, "unsafe")
    (own_key / "served_at").write_text("http://0.0.0.0:8000\n")
    ended = run("doctor", "--json")
    assert "no paper with a code is issued" in next(
        check["text"] for check in ended.report["checks"] if check["name"] == "public_address"
    )


@pytest.mark.parametrize(
    ("served", "public", "leads_to"),
    [
        (None, "", "http://127.0.0.1:8000"),
        (("127.0.0.1", 8137), "", "http://127.0.0.1:8137"),
        (("::1", 80), "", "http://[::1]:80"),
        (("localhost", 80), "", "http://localhost:80"),
        (("0.0.0.0", 80), "", None),  # noqa: S104 - nobody listens
        (("10.1.2.3", 80), "", None),
        (("0.0.0.0", 80), "https://jtaq.example.cn", "https://jtaq.example.cn"),  # noqa: S104 - likewise
    ],
)
@pytest.mark.one_database
def test_where_papers_lead(
    session: Session, tmp_path: Path, served: tuple[str, int] | None, public: str, leads_to: str | None
) -> None:
    settings = Settings(tmp_path, "sqlite://", "x", Keyring.generate(), public_url=public)
    if served:
        settings.note_served_at(*served)
    provide(session, settings=settings)
    if leads_to is None:
        with pytest.raises(Refusal, match="public address"):
            services_of(session).address("/n/V1")
    else:
        assert services_of(session).address("/n/V1") == f"{leads_to}/n/V1"


def test_an_address_that_is_none_is_refused_at_the_start(tmp_path: Path) -> None:
    for text in ("jtaq.example.cn", "ftp://jtaq.example.cn", "https://", "https://jtaq.example.cn/?a"):
        with pytest.raises(ValueError, match="is not an address"):
            core_settings.load_settings({"TRAFFICEDU_INSTANCE": str(tmp_path), "TRAFFICEDU_PUBLIC_URL": text})


@pytest.mark.one_database
def test_a_proxy_that_nobody_named_is_told_once(
    client: Browser, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    client.sign_in(make_user(session, "administrator"))
    assert "TRAFFICEDU_TRUSTED_PROXIES" not in client.get("/").text
    settings = services_of(session).settings
    try:
        for _ in range(3):
            client.get("/healthz", headers={"X-Forwarded-For": "203.0.113.9"})
        assert [record.message for record in caplog.records if "TRUSTED_PROXIES" in record.message] != []
        assert len([record for record in caplog.records if "TRUSTED_PROXIES" in record.message]) == 1
        shown = client.get("/?lang=zh").text
        assert "TRAFFICEDU_TRUSTED_PROXIES" in shown
        assert "反向代理" in shown
    finally:
        os.unlink(settings.forwarded_seen)
