"""Certificates per second on one core: ``python tests/benchmarks/certificates.py [count]``.

Not collected by pytest. Prints the time of the first certificate too, which loads the fonts.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.reports import samples
from trafficedu.reports import certificate


def main(count: int) -> None:
    began = perf_counter()
    certificate.render(samples.CERTIFICATE, "zh")
    first = perf_counter() - began
    size = 0
    began = perf_counter()
    for number in range(count):
        name = f"{samples.CERTIFICATE.number}-{number}"
        data = replace(samples.CERTIFICATE, number=name, verify_url=f"https://jzt.example.cn/verify/{name}")
        size += len(certificate.render(data, "zh"))
    seconds = perf_counter() - began
    print(  # noqa: T201 - the figure is what this script is for
        f"first certificate {first * 1000:.0f} ms; then {count / seconds:.1f} certificates/s "
        f"({count} in {seconds:.1f} s, {size / count / 1000:.1f} kB each)"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
