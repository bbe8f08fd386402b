"""The page of results, written whole from ``results.csv``."""

from __future__ import annotations

import math
import re
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

FLOORS_TEXT = """\
What the package is meant to reach at least: so many times faster than a tool, or at
most so much of a measure. All of it is a matter of the machine and of the data; a
"no" stands here until it is mended."""

SECTIONS = {
    "One fit": """\
"Objective" is the relative distance from the lowest that any tool reached. "Warm"
starts at the optimum, which a tool must first find: it is not a fit, but a bound on
one. Both recipes leave the gradient to finite differences.""",
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
    """What the package is meant to reach: so many times faster than a tool, or better.

    A measure with a ``pattern`` is a number in our own result, which is to be at
    most so large.
    """

    work: str
    tool: str
    bound: float
    pattern: str = ""

    def covers(self, row: Row) -> bool:
        """Return whether the row starts as this one says, and has the measure."""
        named = row.work.startswith(self.work) and row.tool.startswith(self.tool)
        return named and re.search(self.pattern, row.result) is not None

    def line(self, row: Row) -> tuple[str, ...]:
        """Return a verdict, what was measured, the bound, and of what."""
        if self.pattern:
            what = re.search(self.pattern, row.result)
            got = float(what[1]) if what else math.nan
            words = self.pattern.replace("([0-9.]+)", "…")
            how = row.tool.removeprefix(OURS).removeprefix(", ")
            work = f"{row.work}, {how}" if how else row.work
            return self._line(work, words, "at most", got, got <= self.bound)
        if not row.times_ours:
            return "not run", "", "", f"{row.work}: {row.tool}"
        got = float(row.times_ours)
        return self._line(row.work, row.tool, "at least", got, got >= self.bound)

    def _line(
        self, work: str, what: str, side: str, got: float, met: bool
    ) -> tuple[str, ...]:
        bound = f"{side} {self.bound:,g}"
        return "yes" if met else "no", _number(got), bound, f"{work}: {what}"


# Each names the start of a work and of a tool.
FLOORS = (
    Floor("full fit, 240", "24 good starts", 5),
    Floor("full fit, 240", "model ladder's recipe", 1500),
    Floor("full fit, 240", "replication's recipe", 5000),
    Floor("full fit, 1,000,000", OURS, 30, "as long as ([0-9.]+) passes"),
    Floor("4000 refits, 240", "BFGS, analytic", 25),
    Floor("4000 refits, 240", "replication's recipe", 400),
    Floor("4000 refits, 240", "simple-scaling-laws", 20),
    Floor("4000 refits, 240", OURS, 0, "([0-9.]+)% of 100 worse"),
    Floor("4000 refits, 240", OURS, 50, "([0-9.]+) MB at most by tracemalloc"),
    Floor("4000 refits, 240", OURS, 50, "fresh process up by ([0-9.]+) MB"),
    Floor("4000 refits, Sigmoid", "least_squares", 10),
    Floor("4000 refits, Sigmoid", OURS, 0, "([0-9.]+)% of 100 worse"),
    Floor("4000 refits, BrokenPowerLaw", "least_squares", 10),
    Floor("4000 refits, BrokenPowerLaw", OURS, 0, "([0-9.]+)% of 100 worse"),
    Floor("4000 refits, SparsityLaw", "least_squares", 10),
    Floor("4000 refits, SparsityLaw", OURS, 0, "([0-9.]+)% of 100 worse"),
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


def tables(rows: Sequence[Row]) -> str:
    """Return rows as Markdown: a table for each work."""
    parts = []
    for work, some in groupby(rows, key=lambda r: r.work):
        lines = [
            ("tool", "CPU s", "times ours", "result"),
            ("---", "--:", "--:", "---"),
        ]
        lines += [
            (r.tool, _number(r.cpu_s), _number(r.times_ours), r.result) for r in some
        ]
        parts += [f"**{work[0].upper()}{work[1:]}**", _lines(lines)]
    return "\n\n".join(parts)


def floors(rows: Sequence[Row], meant: Sequence[Floor] = FLOORS) -> str:
    """Return what the package is meant to reach beside what it did."""
    lines: list[tuple[str, ...]] = [
        ("reached", "measured", "meant", "of what"),
        ("---", "--:", "---", "---"),
    ]
    return _lines(lines + [f.line(r) for f in meant for r in rows if f.covers(r)])


def _lines(lines: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _number(value: str | float) -> str:
    """Return three digits, without a power of ten where there are thousands."""
    if value == "":
        return ""
    short = float(f"{float(value):.3g}")
    return f"{short:,.0f}" if abs(short) >= 1000 else f"{short:g}"


def text(rows: Sequence[Row]) -> str:
    """Return the page."""
    parts = [INTRODUCTION, environment(rows), "## Floors", FLOORS_TEXT, floors(rows)]
    for section, part in groupby(rows, key=lambda r: r.section):
        if section in SECTIONS:
            parts += [f"## {section}", SECTIONS[section], tables(list(part))]
    return "\n\n".join(parts) + "\n"
