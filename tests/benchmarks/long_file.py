"""A file as long as the longest that was seen: imported, exported, and imported again, by the command line alone.

    .venv/bin/python -m tests.benchmarks.long_file --rows 461000

The file is made of the accidents of a small demo district: each comes again under further references in other villages.
It is taken into a fresh SQLite district, written out, taken in again both ways, and written out once more. Printed for
each step: seconds, processor seconds, and the most memory (RSS) of the process and all below it. The exit status is 1
where a row of the second time is not unchanged, or the two exports differ by a byte.
"""

from __future__ import annotations

import argparse
import csv
import filecmp
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.visiting import descendants

COMMAND = Path(sys.executable).with_name("trafficedu")
PLACED = ("place", "latitude", "longitude")
"""Columns that belong to the village of a row."""


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def resident(pid: int) -> float:
    """Return the resident memory of a process and all below it, in MB."""
    total = 0
    for each in (pid, *descendants(pid)):
        try:
            lines = Path(f"/proc/{each}/status").read_text().splitlines()
        except OSError:  # it has ended
            continue
        total += next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)
    return total / 1024


def run(instance: Path, *words: str) -> str:
    """Run a verb to its end, print what it took, and return what it printed."""
    environment = {**os.environ, "TRAFFICEDU_INSTANCE": str(instance), "TRAFFICEDU_DATABASE_URL": ""}
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with subprocess.Popen([COMMAND, *words], env=environment, stdout=subprocess.PIPE, text=True) as process:
        most, ended = [0.0], threading.Event()

        def watch() -> None:
            while not ended.wait(0.2):
                most[0] = max(most[0], resident(process.pid))

        watching = threading.Thread(target=watch)
        watching.start()
        printed, _ = process.communicate()
        ended.set()
        watching.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    say(f"{words[0]:8s} {time.perf_counter() - begun:8.1f} s {busy:8.1f} s of processor {most[0]:6.0f} MB at most")
    if process.returncode:
        sys.exit(printed or f"{words[0]} failed")
    return printed


def multiplied(rows: list[dict[str, str]], villages: list[str], wanted: int) -> Iterator[dict[str, str]]:
    """Yield ``wanted`` rows: those of the demo, and copies of them under further references in other villages."""
    for copy in itertools.count():
        for number, row in enumerate(rows):
            if copy * len(rows) + number == wanted:
                return
            moved = {} if copy == 0 else {**dict.fromkeys(PLACED, ""), "place": f"{number % 997}号路口"}
            area = row["area_code"] if copy == 0 else villages[(number * 7 + copy) % len(villages)]
            yield {**row, **moved, "area_code": area, "reference": f"{row['reference']}-{copy}"}


def make(folder: Path, wanted: int, path: Path) -> None:
    """Write the file of ``wanted`` accidents."""
    demo = folder / "demo"
    run(demo, "init")
    run(demo, "demo", "--violations", "3000")
    run(demo, "export", "accidents", str(folder / "accidents.csv"))
    run(demo, "export", "areas", str(folder / "areas.csv"))
    with (folder / "areas.csv").open(encoding="utf-8-sig", newline="") as file:
        villages = [row["code"] for row in csv.DictReader(file) if row["level"] == "village" and not row["valid_to"]]
    with (folder / "accidents.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(multiplied(rows, villages, wanted))


def check(report: str, wanted: int) -> bool:
    """Say whether every row was unchanged."""
    counts = json.loads(report)
    told = {name: counts[name] for name in ("added", "updated", "unchanged")} | {"refused": len(counts["refused"])}
    say(f"         {told}")
    return told == {"added": 0, "updated": 0, "unchanged": wanted, "refused": 0}


def main() -> None:
    """Make the file unless one is given, and take it to the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=461_000)
    parser.add_argument("--kind", default="accidents")
    parser.add_argument("--file", type=Path, help="a file of this kind that is there already")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = given.file or folder / "long.csv"
        if given.file is None:
            make(folder, given.rows, path)
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = sum(1 for _ in csv.reader(file)) - 1
        say(f"{rows} rows, {path.stat().st_size / 1e6:.0f} MB")
        fresh, first, second = folder / "fresh", folder / "first.csv", folder / "second.csv"
        run(fresh, "init")
        counts = json.loads(run(fresh, "import", given.kind, str(path), "--json"))
        say(f"         added {counts['added']}, refused {len(counts['refused'])}")
        run(fresh, "export", given.kind, str(first))
        same = check(run(fresh, "import", given.kind, str(path), "--json"), rows)
        same &= check(run(fresh, "import", given.kind, str(first), "--json"), rows)
        run(fresh, "export", given.kind, str(second))
        equal = filecmp.cmp(first, second, shallow=False)
        say(f"exports of {first.stat().st_size / 1e6:.0f} MB are {'equal' if equal else 'different'}")
    sys.exit(0 if same and equal else 1)


if __name__ == "__main__":
    main()
