"""Our fits beside what is commonly run in their place: ``make bench``.

Every tool gets the same data in one process on one thread. Rounds interleave
the tools, after one round to warm up that is not counted; a time is the median
over rounds of CPU seconds. Slow recipes run on part of their starts or refits,
drawn at random, and are scaled up: the table says so. A peer is one function in
``peers.py`` and one line in ``fits.py``; a published package that needs an
environment of its own is a script that ``elsewhere.py`` runs.
"""

from __future__ import annotations

import datetime
import platform
from importlib.metadata import version
from pathlib import Path

import elsewhere
import fits
import page
import sampling
from peers import Problem, points
from rows import CSV, Row, installed, read, write


def environment() -> Row:
    """Say what the numbers were measured with."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [s for s in info.read_text().splitlines() if s.startswith("model name")]
        cpu = names[0].split(":")[1].strip() if names else cpu
    versions = [f"Python {platform.python_version()}"]
    tools = ["numpy", "scipy", *installed("autograd", "iminuit", "lmfit")]
    versions += [f"{t} {version(t)}" for t in tools]
    today = datetime.datetime.now(datetime.UTC).date()
    return Row("Environment", "", cpu, result=f"{today}; {', '.join(versions)}")


def measure() -> list[Row]:
    """Return every row."""
    p = Problem(points())
    one = fits.full_fits(p, sample=45, rounds=3)
    many = fits.refits(p, total=4000, sample=100, rounds=3)
    return [
        environment(),
        *one,
        *elsewhere.chinchilla_rows(fits.ONE, p, float(one[0].cpu_s)),
        *many,
        *elsewhere.simple_rows(fits.MANY, p, 4000, float(many[0].cpu_s)),
        *fits.form_refits(total=4000, sample=100, rounds=3),
        *fits.growth_with_refits(p, [500, 1000, 2000, 4000, 8000], rounds=3),
        *fits.growth_with_points([1_000, 10_000, 100_000, 1_000_000], rounds=5),
        *fits.memory(p, 4000),
        *sampling.measure(),
    ]


def main() -> None:
    """Measure, and write the results and their page."""
    write(measure())
    text = page.text(read(CSV))
    page.PAGE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
