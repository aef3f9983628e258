"""Every GET page of every role in a large district beside the same page in one of ten thousand violations.

    .venv/bin/python -m tests.benchmarks.pages --database postgresql --violations 1000000
    .venv/bin/python -m tests.benchmarks.pages --database sqlite --violations 1000000
    .venv/bin/python -m tests.benchmarks.pages --database postgresql --violations 10000000

Two servers as ``trafficedu serve`` runs them, one on each district (``districts``; built first where they are not
there), are asked for the same addresses in turn: once just after their start, then ``--requests`` times. Printed as a
table in Markdown: for each page the role for which it took longest, the 95th percentile in both, the first answer in
the large one, milliseconds of processor of server and database for a request, how those grew, and how much either
page shows: where the small district does not fill a page, more is shown in the large one. ``--only`` keeps to pages
whose name begins so, ``--variants`` asks for the sorts and filters of the lists too.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask

from tests.benchmarks.districts import DATA, SMALL, environment, ready, say, server_of
from tests.benchmarks.visiting import Server, Visitor, processor_of, serving
from tests.walking import Answer, Walk
from trafficedu.accounts.rules import Role
from trafficedu.app import create_app
from trafficedu.core.settings import load_settings

P95, FIRST, GROWTH = 300.0, 1_000.0, 1.5
"""What is wanted of every page: milliseconds, milliseconds, times the processor of the small district."""
LEAST = 2.0
"""Milliseconds of processor below which a growth says nothing."""
WARM, TURNS = 2, 4
"""Answers after the first that are not counted: connections, statements and templates are got ready. And how often the
districts take turns within a page."""


@dataclass
class Measured:
    """A page as one role sees it, in one district."""

    first: float = 0.0
    times: list[float] = field(default_factory=list)
    spent_by_server: float = 0.0
    spent_by_database: float = 0.0
    size: int = 0

    @property
    def server(self) -> float:
        """Milliseconds of the server's processor a request."""
        return self.spent_by_server / len(self.times)

    @property
    def database(self) -> float:
        """Milliseconds of the database's processor a request; on SQLite it is the server that reads."""
        return self.spent_by_database / len(self.times)

    @property
    def p95(self) -> float:
        """The 95th percentile of the answers, in milliseconds."""
        return statistics.quantiles(self.times, n=20)[-1] if len(self.times) > 1 else self.times[0]

    @property
    def processor(self) -> float:
        """Milliseconds of processor a request, server and database together."""
        return self.server + self.database


@dataclass(frozen=True)
class Line:
    """A page as one role sees it, in both districts."""

    name: str
    role: str
    address: str
    small: Measured
    large: Measured

    @property
    def growth(self) -> float:
        """How many times the processor of the small district a request takes in the large one."""
        return max(self.large.processor, LEAST) / max(self.small.processor, LEAST)

    @property
    def is_wanted(self) -> bool:
        """Whether it keeps to what is wanted of every page."""
        return self.large.p95 < P95 and self.large.first < FIRST and self.growth <= GROWTH


class District:
    """One of the two: its server, the process of its database's server, and who is signed in."""

    def __init__(self, server: Server, database: int | None) -> None:
        self.server, self._database = server, database
        self.visitors = {role: Visitor(server.port, role) for role in [*Role, None]}

    def measure(self, role: Role | None, address: str, requests: int, into: Measured) -> None:
        """Ask for a page some times and note how long each answer took and how much processor they all took."""
        visitor = self.visitors[role]
        server, database = self.server.processor(), self._of_database()
        for _ in range(requests):
            reply = visitor.get(address)
            into.times.append(reply.took)
            into.size = len(reply.body)
        into.spent_by_server += 1000 * (self.server.processor() - server)
        into.spent_by_database += 1000 * (self._of_database() - database)

    def _of_database(self) -> float:
        return 0.0 if self._database is None else processor_of(self._database)


def addresses(app: Flask, district: District, variants: bool, only: str) -> Iterator[tuple[Role | None, str, str]]:
    """Walk through the small district; yield every page of every role: who, the name of the page, its address."""
    known: dict[str, str] = {}
    for role in [*Role, None]:
        visitor = district.visitors[role]

        def get(address: str, visitor: Visitor = visitor) -> Answer:
            reply = visitor.get(address)
            is_page = reply.headers.get_content_type() == "text/html"
            return reply.status, reply.body.decode() if is_page else ""

        chosen = set[str]() if variants else Everything()
        for name, address, status in Walk(app, role, get, known, chosen=chosen).pages():
            if status == 200 and name.startswith(only):
                yield role, name, address


class Everything(set[str]):
    """A set that has everything in it: no sort or filter is asked for."""

    def __contains__(self, _name: object) -> bool:
        return True


def compare(
    small: District, large: District, pages: Sequence[tuple[Role | None, str, str]], requests: int
) -> Iterator[Line]:
    """Ask both districts for every page: all of them once in the large one, then each in turn in both."""
    first = {page: large.visitors[page[0]].get(page[2]) for page in pages}
    say(f"{len(first)} pages answered once")
    for page in pages:
        role, name, address = page
        if first[page].status != 200:
            say(f"{role} {address}: {first[page].status}")
            continue
        measured = Measured(), Measured(first[page].took)
        for district in (small, large):
            for _ in range(WARM):
                district.visitors[role].get(address)
        for _ in range(TURNS):
            for district, into in zip((small, large), measured, strict=True):
                district.measure(role, address, max(1, requests // TURNS), into)
        yield Line(name, str(role or "nobody"), address, *measured)


def table(lines: Sequence[Line]) -> Iterator[str]:
    """Yield the lines of the table: of each page the role for which it took longest, the slowest page first."""
    worst: dict[str, Line] = {}
    for line in sorted(lines, key=lambda line: (line.is_wanted, -line.large.p95)):
        worst.setdefault(line.name, line)
    good = sum(line.is_wanted for line in lines)
    over = {
        f"p95 from {P95:.0f} ms": sum(line.large.p95 >= P95 for line in lines),
        f"first from {FIRST:.0f} ms": sum(line.large.first >= FIRST for line in lines),
        f"growth over {GROWTH}": sum(line.growth > GROWTH for line in lines),
    }
    yield f"{good} of {len(lines)} pages of all roles as wanted; " + ", ".join(
        f"{what}: {n}" for what, n in over.items()
    )
    yield ""
    yield "| page | role | p95 small, large | first | processor small, large: server + database | growth | kB |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for line in worst.values():
        small, large = line.small, line.large
        yield (
            f"| {'' if line.is_wanted else '**'}{line.name}{'' if line.is_wanted else '**'} | {line.role} "
            f"| {small.p95:.0f}, {large.p95:.0f} | {large.first:.0f} "
            f"| {small.server:.1f} + {small.database:.1f}, {large.server:.1f} + {large.database:.1f} "
            f"| {line.growth:.2f} | {small.size / 1000:.0f}, {large.size / 1000:.0f} |"
        )


def main() -> None:
    """Run on the districts named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--violations", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=20)
    parser.add_argument("--only", default="")
    parser.add_argument("--variants", action="store_true")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--out", type=Path, help="write the table there too")
    options = parser.parse_args()
    folder: Path = options.data
    with server_of(options.database, folder) as server, ExitStack() as undo:
        urls = [ready(folder, server, violations) for violations in (SMALL, options.violations)]
        pid = None if server is None else int((folder / "postgresql" / "postmaster.pid").read_text().split()[0])
        small, large = (District(undo.enter_context(serving(folder, url)), pid) for url in urls)
        app = create_app(load_settings(environment(folder, urls[0])))
        pages = list(addresses(app, small, options.variants, options.only))
        lines = []
        for line in compare(small, large, pages, options.requests):
            lines.append(line)
            if not line.is_wanted:
                shown = f"{line.small.size / 1000:.0f} and {line.large.size / 1000:.0f} kB"
                say(f"{line.role} {line.address}: p95 {line.large.p95:.0f} ms, growth {line.growth:.2f}, {shown}")
    text = "\n".join(table(lines))
    say(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
