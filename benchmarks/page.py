"""The page of results, written whole from ``results.csv``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from rows import OURS, Row

PAGE = Path(__file__).resolve().parent.parent / "book" / "reference" / "benchmarks.md"

INTRODUCTION = """\
# Benchmarks

`make bench` measures the fits and estimators of the package beside what is
commonly run in their place, and writes this page. Times are CPU seconds on one
thread: medians of rounds in which the tools take turns, after one round to warm up
that is not counted. Tools get the same data. Where a recipe is too slow to run
whole, part of it is run and its time scaled up, as the table says; its objective
is then that of the part. Recipes are our own code, written after their
descriptions; published packages run in environments of their own and time
themselves, once or in three rounds."""

SECTIONS = {
    "One fit": """\
"Objective" is the relative distance from the lowest that any tool reached. "Warm"
starts at the optimum, which a tool must first find: it is not a fit, but a bound on
one.""",
    "Refits": """\
Each refit is of a resample of the points. Quality is judged on the same resamples
for all tools: those with which `bootstrap()` begins. The certificate holds every
refit against the optima of the others in its chunk, and starts it again where one
of those is better: it says how many were improved. The replication's recipe starts
each refit once, at the constants of Hoffmann et al. 2022, and runs BFGS with
default tolerances and a gradient by automatic differentiation (from its published
notebook, read; the code here is ours).""",
    "Refits of other forms": """\
The same for other laws, with the robust threshold that the fit to all points
chose. The peer has the analytic derivatives, in the same coordinates.""",
    "Growth": """\
With more refits, and with more points.""",
    "Memory": """\
What the refits need beyond the data and the package.""",
    "Sampling": """\
Estimators of repeated sampling. They are exact; the Monte Carlo peers have the
error that is shown.""",
}


@dataclass(frozen=True)
class Floor:
    """How many times faster than a tool the package is meant to be, at least."""

    work: str
    tool: str
    times: float


# Each names the start of a work and of a tool.
FLOORS = (
    Floor("full fit, 240", "24 good starts", 5),
    Floor("full fit, 240", "1024 starts", 1500),
    Floor("full fit, 240", "replication's recipe", 5000),
    Floor("4000 refits, 240", "BFGS, analytic", 25),
    Floor("4000 refits, 240", "replication's recipe", 400),
    Floor("4000 refits, 240", "simple-scaling-laws", 20),
    Floor("4000 refits, Sigmoid", "least_squares", 10),
    Floor("4000 refits, BrokenPowerLaw", "least_squares", 10),
    Floor("4000 refits, SparsityLaw", "least_squares", 10),
    Floor("pass@k", "product formula", 10_000),
    Floor("majority of 40", "Monte Carlo", 5),
    Floor("majority of 100,", "Monte Carlo", 5),
    Floor("majority of 1000", "Monte Carlo", 5),
    Floor("best-of-n, all n <= 1000, 1 ", "Monte Carlo", 30),
    Floor("best-of-n, all n <= 1000, 100 ", "Monte Carlo", 30),
    Floor("beta-binomial fit, 164", "scipy", 7),
    Floor("beta-binomial fit, 1000 ", "scipy", 7),
    Floor("beta-binomial fit, 10000", "scipy", 7),
)


def environment(rows: Sequence[Row]) -> str:
    """Return the sentence on the machine."""
    (row,) = (r for r in rows if r.section == "Environment")
    return f"Measured on {row.tool}; {row.result}."


def table(rows: Sequence[Row]) -> str:
    """Return rows as Markdown."""
    names = ("work", "tool", "CPU s", "times ours", "result")
    lines = [names, ("---", "---", "--:", "--:", "---")]
    lines += [(r.work, r.tool, r.cpu_s, r.times_ours, r.result) for r in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def floors(rows: Sequence[Row]) -> str:
    """Return what the package is meant to reach beside what it did."""
    lines = [
        ("work", "tool", "at least", "measured", "reached"),
        ("---", "---", "--:", "--:", "---"),
    ]
    for floor in FLOORS:
        for r in rows:
            if r.work.startswith(floor.work) and r.tool.startswith(floor.tool):
                got = r.times_ours and f"{float(r.times_ours):,.3g}"
                met = "not run" if not got else "no"
                if got and float(r.times_ours) >= floor.times:
                    met = "yes"
                lines.append((r.work, r.tool, f"{floor.times:,}", got, met))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def text(rows: Sequence[Row]) -> str:
    """Return the page."""
    parts = [INTRODUCTION, environment(rows)]
    if any(r.times_ours for r in rows if r.tool != OURS):
        parts += [
            "## Floors",
            "How many times faster than a tool the package is meant to be, and is.",
            floors(rows),
        ]
    for section, part in groupby(rows, key=lambda r: r.section):
        if section in SECTIONS:
            parts += [f"## {section}", SECTIONS[section], table(list(part))]
    return "\n\n".join(parts) + "\n"
