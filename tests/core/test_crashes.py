"""A worker that crashes below Python leaves a trace in the log, and the server goes on."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from trafficedu.core.apart import apart
from trafficedu.core.connections import without_kerberos
from trafficedu.core.errors import Missing, Refusal
from trafficedu.core.text import message


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: Callable[[], bool], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < ends, "it took too long"
        time.sleep(0.1)


def answers(port: int) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()}


def has_lost(pid: int, child: int) -> bool:
    return child not in children(pid)


@pytest.mark.one_database
def test_a_worker_that_crashes_is_traced_and_replaced(fresh_url: str, data_key: str, tmp_path: Path) -> None:
    if not Path("/proc/self/task").exists():
        pytest.skip("needs Linux to know the worker processes")
    port, log = free_port(), tmp_path / "log"
    own = {"DATABASE_URL": fresh_url, "INSTANCE": str(tmp_path), "DATA_KEY": data_key}
    environment = {**os.environ, **{f"TRAFFICEDU_{name}": value for name, value in own.items()}}
    command = [sys.executable, "-c", "from trafficedu.cli import main; main()", "serve", "--port", str(port)]
    with log.open("wb") as out:
        server = subprocess.Popen(command, env={**environment, "WEB_CONCURRENCY": "1"}, stderr=out, stdout=out)
    try:
        until(lambda: answers(port) and len(children(server.pid)) == 2)  # jobs begin a moment after pages
        before = children(server.pid)
        # the one that serves pages, and the one that runs jobs: in turn, or their traces stand within each other
        for child in before:
            os.kill(child, signal.SIGSEGV)
            until(partial(has_lost, server.pid, child))
        until(lambda: len(children(server.pid) - before) == len(before))
        until(lambda: answers(port))
    finally:
        server.terminate()
        server.wait(60)
    said = log.read_text("utf-8")
    assert said.count("Fatal Python error: Segmentation fault") == len(before) == 2
    assert "most recent call first" in said
    assert "was sent SIGSEGV" in said


def test_what_is_done_apart_comes_back_or_is_raised() -> None:
    assert apart(lambda: (os.getpid(), "done")) != (os.getpid(), "done")

    def refuse() -> None:
        raise Refusal(message("Choose a file whose name ends in .csv or .xlsx."), field="file", value="x")

    with pytest.raises(Refusal, match="Choose a file") as refused:
        apart(refuse)
    assert (refused.value.field, refused.value.value) == ("file", "x")
    with pytest.raises(RuntimeError, match="without an answer"):
        apart(lambda: os._exit(3))


def test_an_error_travels_as_what_it_is() -> None:
    error = pickle.loads(pickle.dumps(Missing(message("This engagement does not exist."))))  # noqa: S301 - made here
    assert (type(error), error.text.msgid) == (Missing, "This engagement does not exist.")


def test_kerberos_is_left_out_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGGSSENCMODE", raising=False)
    assert without_kerberos("postgresql+psycopg://host/name") == {"connect_args": {"gssencmode": "disable"}}
    assert without_kerberos("postgresql+psycopg://host/name?gssencmode=require") == {}
    assert without_kerberos("sqlite:///file") == {}
    monkeypatch.setenv("PGGSSENCMODE", "prefer")
    assert without_kerberos("postgresql+psycopg://host/name") == {}
