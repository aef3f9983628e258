"""The memory of the whole server after many mixed requests, exports included.

    .venv/bin/python -m tests.benchmarks.memory --database postgresql --requests 20000

Eight clients ask for the pages of all roles in turn, and at every two-thousandth request somebody exports the
violations. Printed: the proportional memory (PSS) of all processes of the server together, as it rises.
"""

from __future__ import annotations

import argparse
import itertools
import threading
from collections import Counter
from pathlib import Path

from tests.benchmarks.districts import DATA, SMALL, environment, ready, say, server_of
from tests.benchmarks.pages import District, addresses
from tests.benchmarks.visiting import Server, Visitor, serving
from trafficedu.accounts.rules import Role
from trafficedu.app import create_app
from trafficedu.core.settings import load_settings

CLIENTS, WANTED = 8, 400
EXPORT_EVERY, TOLD_EVERY = 2_000, 2_000
EXPORT = {"export-kind": "violations", "export-suffix": "csv", "kind": "violations", "suffix": "csv"}


def ask(server: Server, pages: list[tuple[Role | None, str, str]], requests: int) -> Counter[int]:
    """Send everything from eight clients; returns how often each status was answered."""
    numbers, lock, statuses = itertools.count(), threading.Lock(), Counter[int]()

    def work() -> None:
        visitors = {role: Visitor(server.port, role) for role in [*Role, None]}
        while (number := next(numbers)) < requests:
            role, _, address = pages[number * 7919 % len(pages)]
            if number % EXPORT_EVERY == EXPORT_EVERY - 1:
                analyst = visitors[Role.SUPERVISOR]
                status = analyst.post("/exports", {**EXPORT, "csrf_token": analyst.token("/imports")}).status
            else:
                status = visitors[role].get(address).status
            with lock:
                statuses[status] += 1
                if sum(statuses.values()) % TOLD_EVERY == 0:
                    say(f"{sum(statuses.values()):6d} requests: {server.memory():.0f} MB")

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def main() -> None:
    """Run on the database named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--violations", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    folder: Path = options.data
    with server_of(options.database, folder) as cluster:
        small, url = ready(folder, cluster, SMALL), ready(folder, cluster, options.violations)
        app = create_app(load_settings(environment(folder, small)))
        with serving(folder, small) as server:
            pages = list(addresses(app, District(server, None), variants=False, only=""))
        with serving(folder, url) as server:
            say(f"at the start: {server.memory():.0f} MB")
            statuses = ask(server, pages, options.requests)
            say(
                f"after {options.requests}: {server.memory():.0f} MB (wanted: under {WANTED}); answers {dict(statuses)}"
            )


if __name__ == "__main__":
    main()
