"""The service as it runs in production (``trafficedu serve``), and devices that send it many requests at once."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.databases import free_port
from tests.factories.people import PASSWORD

Work = TypeVar("Work")
Result = TypeVar("Result")
TRIES = 20
PATIENCE_SECONDS = 180
"""How long the service may take to start, on a machine that has much else to do."""
_OPEN: list[httpx.Client] = []
"""Connections of the devices of a service, closed with it."""
SECRET = "only-for-tests"
TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')
SERVE = "import sys; from trafficedu.cli import main; sys.argv[1:] = ['serve', '--port', sys.argv[1]]; main()"


@contextmanager
def served(url: str, data_key: str, folder: Path) -> Iterator[str]:
    """Serve a database with the production server, its processes and threads; gives its address."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRAFFICEDU_")} | {
        "TRAFFICEDU_INSTANCE": str(folder),
        "TRAFFICEDU_DATABASE_URL": url,
        "TRAFFICEDU_DATA_KEY": data_key,
        "TRAFFICEDU_SECRET_KEY": SECRET,
        "TRAFFICEDU_PUSH_DRY_RUN": "1",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    with (folder / "served.log").open("wb") as log:
        server = subprocess.Popen([sys.executable, "-c", SERVE, str(port)], env=environment, stdout=log, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        while _OPEN:
            _OPEN.pop().close()
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(10)


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while server.poll() is None and time.monotonic() < until:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{address}/sign-in", timeout=10).status_code == 200:
                return
        time.sleep(0.1)
    raise RuntimeError("the service did not start")


class Device:
    """A browser without scripts, or the pages' own script: one jar of cookies, as many connections as are asked for."""

    def __init__(self, address: str) -> None:
        self.http = httpx.Client(
            base_url=address, timeout=60, limits=httpx.Limits(max_connections=8, keepalive_expiry=1)
        )
        self.token = ""
        _OPEN.append(self.http)

    def get(self, path: str) -> str:
        """Read a page; it has to be there."""
        answer = self._ask(lambda: self.http.get(path))
        assert answer.status_code == 200, (path, answer.status_code)
        found = TOKEN.search(answer.text)
        self.token = html.unescape(found[1]) if found else self.token
        return answer.text

    def post(self, path: str, fields: Mapping[str, Any], *, short: bool = False) -> httpx.Response:
        """Send a form as the page does, or as its script does (``short``).

        What was done before it is sent again is answered the same.
        """
        sent, headers = {"csrf_token": self.token, **fields}, {"Accept": "application/json"} if short else {}
        return self._ask(lambda: self.http.post(path, data=sent, headers=headers))

    @staticmethod
    def _ask(ask: Callable[[], httpx.Response]) -> httpx.Response:
        """Ask again where a kept connection was closed just then, as browsers do, or the service says it is busy."""
        for _ in range(TRIES):
            with suppress(httpx.ReadError, httpx.RemoteProtocolError):
                answer = ask()
                if answer.status_code != 503:
                    return answer
            time.sleep(1)
        raise RuntimeError("the service stayed too busy")

    def sign_in(self, username: str) -> Device:
        """Sign in with the password of the factory."""
        self.get("/sign-in")
        answer = self.post("/sign-in", {"username": username, "password": PASSWORD})
        assert answer.status_code == 303, answer.status_code
        self.get("/messages")
        return self


def hidden_of(page: str) -> dict[str, str]:
    """Return the hidden fields of a piece of a page, as a browser sends them."""
    found = {}
    for field in HIDDEN.findall(page):
        name, value = re.search(r'name="([^"]*)"', field), re.search(r'value="([^"]*)"', field)
        if name:
            found[html.unescape(name[1])] = html.unescape(value[1]) if value else ""
    return found


def at_once(work: Callable[[Work], Result], on: Sequence[Work], threads: int = 16) -> list[Result]:
    """Do something with each from many threads, in the order given; the results in the same order."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, on))
