"""Rows of the benchmark table, and how a race between tools is timed."""

from __future__ import annotations

import csv
import importlib.util
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from statistics import median
from typing import Any

CSV = Path(__file__).resolve().parent / "results.csv"
OURS = "scaling_notes"


@dataclass(frozen=True)
class Row:
    """One tool at one task; ``result`` is its quality, memory or remark."""

    section: str
    work: str
    tool: str
    cpu_s: str = ""
    times_ours: str = ""
    result: str = ""


@dataclass(frozen=True)
class Peer:
    """A tool: what it runs, by how much its time is scaled up, and a remark."""

    tool: str
    run: Callable[[], Any]
    scale: float = 1.0
    note: str = ""


def race(peers: Sequence[Peer], rounds: int) -> tuple[list[float], list[Any]]:
    """Return median CPU seconds of each peer, interleaved, and what each found."""
    found = [peer.run() for peer in peers]
    times: list[list[float]] = [[] for _ in peers]
    for _ in range(rounds):
        for spent, peer in zip(times, peers, strict=True):
            # A clock tick is coarse: quick runs are repeated until 50 ms are spent.
            start, count = time.process_time(), 0
            while count == 0 or time.process_time() - start < 0.05:
                peer.run()
                count += 1
            spent.append((time.process_time() - start) / count * peer.scale)
    return [median(spent) for spent in times], found


def timed(
    section: str,
    work: str,
    peers: Sequence[Peer],
    times: Sequence[float],
    results: Sequence[str],
) -> list[Row]:
    """Return a row for each peer; the first is ours."""
    rows = []
    for peer, t, result in zip(peers, times, results, strict=True):
        words = "; ".join(w for w in (result, peer.note) if w)
        times_ours = f"{t / times[0]:.3g}"
        rows.append(Row(section, work, peer.tool, f"{t:.2g}", times_ours, words))
    return rows


def installed(*tools: str) -> list[str]:
    """Return the tools that this environment has."""
    return sorted(t for t in tools if importlib.util.find_spec(t) is not None)


def read(path: Path = CSV) -> list[Row]:
    """Return the rows of a results file."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Row(**row) for row in csv.DictReader(file)]


def write(rows: Sequence[Row], path: Path = CSV) -> None:
    """Write the results file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow([f.name for f in fields(Row)])
        out.writerows(astuple(r) for r in rows)
