"""How long the demo district takes: ``python tests/benchmarks/demo.py [VIOLATIONS]``, on SQLite in an empty folder.

Prints seconds and seconds of processor for the first run, seconds for the second (which changes nothing), violations a
second, and the memory of the first at its highest.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMAND = Path(sys.executable).with_name("trafficedu")


def timed(*arguments: str, instance: str) -> float:
    """Run a command of the program and return its seconds."""
    begun = time.perf_counter()
    environment = {**os.environ, "TRAFFICEDU_INSTANCE": instance}
    environment.pop("TRAFFICEDU_DATABASE_URL", None)
    subprocess.run([COMMAND, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def main() -> None:
    """Measure and print."""
    violations = int(sys.argv[1]) if len(sys.argv) > 1 else 30_000
    with tempfile.TemporaryDirectory() as instance:
        first = timed("demo", "--violations", str(violations), instance=instance)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        memory, processor = used.ru_maxrss / 1024, used.ru_utime + used.ru_stime
        second = timed("demo", instance=instance)
        size = (Path(instance) / "trafficedu.sqlite").stat().st_size / 1e6
    sys.stdout.write(
        f"{violations} violations: {first:.1f} s, {processor:.1f} s of processor ({violations / processor:.0f} a"
        f" second of it), {memory:.0f} MiB at most, {size:.0f} MB on disk; the second run: {second:.1f} s\n"
    )


if __name__ == "__main__":
    main()
