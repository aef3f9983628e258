"""What the benchmarks over HTTP share: the whole server as ``trafficedu serve`` runs it, its users, its processes."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from tests.benchmarks.districts import environment
from tests.databases import free_port
from trafficedu.accounts.rules import Role
from trafficedu.demo.accounts import PASSWORD, USERNAMES

COMMAND = Path(sys.executable).with_name("trafficedu")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A running server: its port and the process that all its others descend from."""

    port: int
    pid: int

    def processor(self) -> float:
        """Return the seconds of processor that all its processes have used."""
        return processor_of(self.pid)

    def memory(self) -> float:
        """Return the proportional memory of all its processes, in MB: what they share counts once."""
        return sum(map(_memory, (self.pid, *descendants(self.pid))))


@contextmanager
def serving(folder: Path, url: str) -> Iterator[Server]:
    """Serve a district on a free port."""
    port = free_port()
    command: list[str | Path] = [COMMAND, "serve", "--port", str(port)]
    given = {**os.environ, **environment(folder, url)}
    process = subprocess.Popen(command, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(port: int) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
            return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


@dataclass(frozen=True)
class Reply:
    """An answer to one request, with the milliseconds until its last byte."""

    status: int
    body: bytes
    headers: http.client.HTTPMessage
    took: float


class NoForm(OSError):
    """A page with a form was answered without one."""


class Visitor:
    """Somebody's browser over a kept connection, with their cookies; signed in where a role is given."""

    def __init__(self, port: int, role: Role | None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=180)
        self.cookies: dict[str, str] = {}
        self.role = role
        if role is not None:
            reply = self.sign_in()
            assert reply.status in {302, 303}, reply.status

    def sign_in(self) -> Reply:
        """Sign in as the demo's user of the role; the reply is that of the form that was sent."""
        assert self.role is not None
        given = {"username": USERNAMES[self.role], "password": PASSWORD}
        return self.post("/sign-in", {**given, "csrf_token": self.token("/sign-in")})

    def token(self, path: str) -> str:
        """Return the token against forged requests that a page carries."""
        reply = self.get(path)
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', reply.body.decode())
        if found is None:
            raise NoForm(f"{path}: {reply.status}")
        return found[1]

    def get(self, path: str) -> Reply:
        """Ask for a page."""
        return self._ask("GET", path, None, {})

    def post(self, path: str, form: Mapping[str, str]) -> Reply:
        """Send a form."""
        return self._ask("POST", path, urlencode(form), FORM)

    def _ask(self, verb: str, path: str, body: str | None, headers: Mapping[str, str]) -> Reply:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        began = time.perf_counter()
        try:
            self._connection.request(verb, path, body, {**headers, "Cookie": cookies} if cookies else dict(headers))
            answer = self._connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):  # kept too long, or its worker was renewed
            self._connection.close()
            self._connection.request(verb, path, body, {**headers, "Cookie": cookies} if cookies else dict(headers))
            answer = self._connection.getresponse()
        content = answer.read()
        took = 1000 * (time.perf_counter() - began)
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        return Reply(answer.status, content, answer.headers, took)


def descendants(pid: int) -> list[int]:
    """Return the processes that descend from one."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found = list(children.get(pid, ()))
    for one in found:
        found += children.get(one, ())
    return found


def processor_of(pid: int) -> float:
    """Return the seconds of processor that a process and all that descend from it have used."""
    return sum(map(_used, (pid, *descendants(pid))))


def _used(pid: int) -> float:
    """Return the seconds a process has run: what its threads did by the nanosecond, its ended children by the tick."""
    try:
        exact = sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir())
        ended = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[13:15]
    except OSError:
        return 0.0
    return exact / 1e9 + sum(map(int, ended)) / TICKS


def _memory(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
