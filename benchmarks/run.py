"""Our fits beside what is commonly run in their place: ``make bench``.

Every tool gets the same data in one process on one thread. Rounds interleave
the tools, after one round to warm up that is not counted; a time is the median
over rounds of CPU seconds. Slow recipes run on part of their starts or refits,
drawn at random, and are scaled up: the table says so. A peer is one function and
one line in ``full_fits`` or ``refits``.
"""

from __future__ import annotations

import csv
import datetime
import importlib
import importlib.util
import itertools
import platform
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import scipy
from scipy.optimize import least_squares, minimize

import scaling_notes as sn
from scaling_notes import engine
from scaling_notes.intervals import resample_counts

HERE = Path(__file__).resolve().parent
CSV = HERE / "results.csv"
PAGE = HERE.parent / "book" / "reference" / "benchmarks.md"
BEGIN, END = "<!-- benchmarks -->", "<!-- /benchmarks -->"
DELTA = 1e-3
OURS = "scaling_notes"


@dataclass(frozen=True)
class Row:
    """One tool at one task; ``result`` is its quality, memory or remark."""

    work: str
    tool: str
    cpu_s: str
    times_ours: str
    result: str


@dataclass(frozen=True)
class Peer:
    """A tool: what it runs, by how much its time is scaled up, and a remark."""

    tool: str
    run: Callable[[], Any]
    scale: float = 1.0
    note: str = ""


class Problem:
    """The Chinchilla objective of some points, for tools that want a function."""

    def __init__(self, runs: Any) -> None:
        self.runs = runs
        self.n, self.d = np.log(runs["params"]), np.log(runs["tokens"])
        self.n, self.d = np.asarray(self.n), np.asarray(self.d)
        self.y = np.log(np.asarray(runs["loss"]))

    def residuals(self, x: np.ndarray) -> np.ndarray:
        """Return log L minus the law at (a, b, e, alpha, beta)."""
        terms = [x[0] - x[3] * self.n, x[1] - x[4] * self.d, x[2] + 0 * self.n]
        return self.y - np.logaddexp(np.logaddexp(terms[0], terms[1]), terms[2])

    def value(self, x: np.ndarray, w: np.ndarray | float = 1.0) -> float:
        """Return the sum of Huber losses."""
        r = self.residuals(x)
        psi = np.clip(r, -DELTA, DELTA)
        return float(np.sum(w * psi * (r - psi / 2)))

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """Return the derivative of the residuals."""
        s = self.y - self.residuals(x)
        p = np.exp(x[0] - x[3] * self.n - s)
        q = np.exp(x[1] - x[4] * self.d - s)
        return -np.stack([p, q, np.exp(x[2] - s), -self.n * p, -self.d * q], axis=1)

    def gradient(self, x: np.ndarray, w: np.ndarray | float = 1.0) -> np.ndarray:
        """Return the derivative of the value."""
        psi = np.clip(self.residuals(x), -DELTA, DELTA)
        return (w * psi) @ self.jacobian(x)


def points() -> Any:
    """Return the 240 points of Besiroglu et al."""
    runs = sn.load("besiroglu2024_chinchilla_points")
    return runs[runs["dropped_in_refit"] == 0]


def to_logs(constants: np.ndarray) -> np.ndarray:
    """Return (a, b, e, alpha, beta) of rows of E, A, B, alpha, beta."""
    e, a, b, alpha, beta = np.moveaxis(np.asarray(constants), -1, 0)
    return np.stack([np.log(a), np.log(b), np.log(e), alpha, beta], axis=-1)


def lbfgs(p: Problem, x: np.ndarray, w: Any = 1.0, exact: bool = False) -> Any:
    """L-BFGS-B; finite differences unless exact."""
    jac = p.gradient if exact else None
    return minimize(p.value, x, (w,), method="L-BFGS-B", jac=jac).x


def bfgs(p: Problem, x: np.ndarray, w: Any = 1.0) -> np.ndarray:
    """BFGS at its best: centered logs, unit scale, value and gradient in one pass."""
    n, d = p.n - p.n.mean(), p.d - p.d.mean()
    to = np.eye(5)
    to[0, 3], to[1, 4] = p.n.mean(), p.d.mean()  # a = a_centered + alpha n
    scale = 1 / (DELTA * len(p.y))
    w = w * np.ones(len(p.y))

    def both(z: np.ndarray) -> tuple[float, np.ndarray]:
        u, v, e = np.exp(z[0] - z[3] * n), np.exp(z[1] - z[4] * d), np.exp(z[2])
        s = u + v + e
        r = p.y - np.log(s)
        psi = np.clip(r, -DELTA, DELTA)
        wp = w * psi
        c = -wp / s
        cu, cv = c * u, c * v
        g = np.array([cu.sum(), cv.sum(), e * c.sum(), -(cu @ n), -(cv @ d)])
        return (wp @ (r - 0.5 * psi)) * scale, g * scale

    z = np.linalg.solve(to, x)
    return to @ minimize(both, z, method="BFGS", jac=True, options={"gtol": 1e-7}).x


def huber_least_squares(p: Problem, x: np.ndarray, w: Any = 1.0) -> np.ndarray:
    """SciPy's robust least squares; a resample repeats its rows."""
    rows = np.repeat(np.arange(len(p.y)), np.asarray(w * np.ones(len(p.y)), int))
    return least_squares(
        lambda z: p.residuals(z)[rows],
        x,
        lambda z: p.jacobian(z)[rows],
        loss="huber",
        f_scale=DELTA,
        x_scale="jac",
        ftol=1e-15,
        xtol=1e-12,
        gtol=1e-15,
    ).x


def iminuit(p: Problem, x: np.ndarray, w: Any = 1.0) -> np.ndarray:
    """Migrad with the analytic gradient."""
    module = importlib.import_module("iminuit")
    m = module.Minuit(
        lambda z: p.value(z, w) * 1e6, x, grad=lambda z: p.gradient(z, w) * 1e6
    )
    m.errordef = 0.5
    m.migrad()
    return np.array(m.values)


def lmfit(p: Problem, x: np.ndarray, w: Any = 1.0) -> np.ndarray:
    """Levenberg-Marquardt on the root of each Huber loss, the usual way."""
    module = importlib.import_module("lmfit")
    names = ["a", "b", "e", "alpha", "beta"]
    start = module.Parameters()
    for name, number in zip(names, x, strict=True):
        start.add(name, value=number)

    def root(q: Any) -> np.ndarray:
        r = p.residuals(np.array([q[name].value for name in names]))
        psi = np.clip(r, -DELTA, DELTA)
        return np.sign(r) * np.sqrt(w * 2 * psi * (r - psi / 2))

    found = module.minimize(root, start)
    return np.array([found.params[name].value for name in names])


def installed(*tools: str) -> set[str]:
    """Return the tools that this environment has."""
    return {t for t in tools if importlib.util.find_spec(t) is not None}


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


def grid(*axes: Any) -> np.ndarray:
    """Return every combination of starts."""
    return np.array(list(itertools.product(*axes)), float)


def full_fits(p: Problem, sample: int, rounds: int) -> list[Row]:
    """Fit all points once with each tool."""
    a, e, power = np.arange(0, 26, 5), np.arange(-1, 1.1, 0.5), np.arange(0, 2.1, 0.5)
    many = grid(a, a, e, power, power)
    four = np.linspace(0, 20, 4), np.linspace(-1, 1, 4), np.linspace(0.1, 1, 4)
    ladder = grid(four[0], four[0], four[1], four[2], four[2])
    frame = p.runs
    best = sn.fit_chinchilla(frame, delta=DELTA)
    warm = to_logs(best.law.as_array())
    x = {name: np.asarray(frame[name]) for name in ("params", "tokens")}
    seeds = sn.laws.Chinchilla.starts(x, np.asarray(frame["loss"]))[:24]
    good = to_logs(np.maximum(seeds, 1e-8))

    def fewer(starts: np.ndarray) -> np.ndarray:
        # Drawn at random: a stride would keep some axes of the grid fixed.
        size = min(sample, len(starts))
        return np.random.default_rng(0).choice(starts, size, replace=False)

    def multi(fit: Callable[..., Any], starts: np.ndarray, **how: Any) -> Any:
        return lambda: min((fit(p, s, **how) for s in starts), key=p.value)

    def part(tool: str, starts: np.ndarray, **how: Any) -> Peer:
        some = fewer(starts)
        note = f"scaled up from {len(some)} of {len(starts)} starts"
        scale = len(starts) / len(some)
        return Peer(tool, multi(lbfgs, some, **how), scale, note)

    peers = [
        Peer(
            OURS,
            lambda: to_logs(sn.fit_chinchilla(frame, delta=DELTA).law.as_array()),
        ),
        part("4500 starts, L-BFGS-B, finite differences", many),
        part("1024 starts, L-BFGS-B, analytic gradient", ladder, exact=True),
        Peer("24 good starts, BFGS, analytic gradient", multi(bfgs, good)),
        Peer("least_squares(loss='huber'), warm", lambda: huber_least_squares(p, warm)),
    ]
    extra = {"iminuit": iminuit, "lmfit": lmfit}
    peers += [
        Peer(f"{t}, warm", lambda t=t: extra[t](p, warm))
        for t in sorted(installed(*extra))
    ]
    times, found = race(peers, rounds)
    values = [p.value(z) for z in found]
    low = min(values)
    work = f"full fit, {len(p.y)} points"
    return [
        Row(
            work,
            peer.tool,
            f"{t:.2g}",
            f"{t / times[0]:.3g}",
            f"objective {v / low - 1:+.0e}" + (f"; {peer.note}" if peer.note else ""),
        )
        for peer, t, v in zip(peers, times, values, strict=True)
    ]


def refits(p: Problem, total: int, sample: int, rounds: int) -> list[Row]:
    """Refit resamples from the full fit; quality on the same resamples for all."""
    fit = sn.fit_chinchilla(p.runs, delta=DELTA)
    counts = resample_counts(len(p.y), None, sample, np.random.default_rng(1))
    warm = to_logs(fit.law.as_array())
    ways: dict[str, Callable[..., Any]] = {
        "L-BFGS-B, finite differences": lbfgs,
        "BFGS, analytic gradient": bfgs,
        "least_squares(loss='huber')": huber_least_squares,
    }
    extra = {"iminuit": iminuit, "lmfit": lmfit}
    ways |= {t: extra[t] for t in sorted(installed(*extra))}
    scale = total / sample
    peers = [Peer(OURS, lambda: fit.bootstrap(total))] + [
        Peer(tool, lambda way=way: [way(p, warm, w) for w in counts], scale)
        for tool, way in ways.items()
    ]
    times, found = race(peers, rounds)
    x = {name: np.asarray(p.runs[name]) for name in ("params", "tokens")}
    target = engine.objective(sn.laws.Chinchilla, x, np.asarray(p.runs["loss"]), DELTA)
    start = np.tile(fit.law.as_array(), (sample, 1))
    found[0] = to_logs(engine.solve(target, start, counts).constants)
    values = np.array(
        [[p.value(z, w) for z, w in zip(f, counts, strict=True)] for f in found]
    )
    worse = (values > values.min(axis=0) * (1 + 1e-9)).mean(axis=1)
    tracemalloc.start()
    fit.bootstrap(total)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    notes = [f"peak {peak:.1f} MB"] + [f"scaled up from {sample} refits"] * len(ways)
    return [
        Row(
            f"{total} refits, {len(p.y)} points",
            peer.tool,
            f"{t:.2g}",
            f"{t / times[0]:.3g}",
            f"{w:.0%} of {sample} worse than the best by over 1e-9; {note}",
        )
        for peer, t, w, note in zip(peers, times, worse, notes, strict=True)
    ]


def growth(sizes: Sequence[int], rounds: int) -> list[Row]:
    """Fit ever more simulated points; the peer is one pass of the model."""
    law = sn.laws.Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
    rows = []
    for size in sizes:
        rng = np.random.default_rng(size)
        n, d = 10 ** rng.uniform(7, 10, size), 10 ** rng.uniform(9, 12, size)
        loss = law.value(n, d) * np.exp(0.01 * rng.normal(size=size))
        runs = {"params": n, "tokens": d, "loss": loss}
        peers = [
            Peer(OURS, lambda r=runs: sn.fit_chinchilla(r)),
            Peer("one numpy pass of the model", lambda n=n, d=d: law.value(n, d)),
        ]
        times, _ = race(peers, rounds)
        rows += [
            Row(
                f"full fit, {size:.0e} simulated points",
                peer.tool,
                f"{t:.2g}",
                f"{t / times[0]:.3g}",
                f"ours takes {times[0] / times[1]:.0f} passes" if i else "",
            )
            for i, (peer, t) in enumerate(zip(peers, times, strict=True))
        ]
    return rows


def sampling_rows() -> list[Row]:
    """Return the rows of ``sampling.py``."""
    rows = []
    for r in importlib.import_module("sampling").measure():
        rows.append(Row(r.work, OURS, f"{r.ours_s:.2g}", "1", ""))
        rows.append(Row(r.work, r.peer, f"{r.peer_s:.2g}", f"{r.ratio:.3g}", r.check))
    return rows


def environment() -> Row:
    """Say what the numbers were measured with."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [s for s in info.read_text().splitlines() if s.startswith("model name")]
        cpu = names[0].split(":")[1].strip() if names else cpu
    versions = [f"Python {platform.python_version()}", f"numpy {np.__version__}"]
    versions.append(f"scipy {scipy.__version__}")
    versions += [
        f"{t} {importlib.import_module(t).__version__}"
        for t in sorted(installed("iminuit", "lmfit"))
    ]
    today = datetime.datetime.now(datetime.UTC).date()
    return Row("environment", cpu, "", "", f"{today}; {', '.join(versions)}")


def table(rows: Sequence[Row]) -> str:
    """Return the rows as Markdown."""
    names = ["work", "tool", "CPU s", "times ours", "result"]
    lines = [names, ["---", "---", "--:", "--:", "---"], *(astuple(r) for r in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def read(path: Path = CSV) -> list[Row]:
    """Return the rows of a results file."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Row(**row) for row in csv.DictReader(file)]


def write(rows: Sequence[Row], path: Path = CSV, page: Path = PAGE) -> None:
    """Write the results file and the table of the page."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow([f.name for f in fields(Row)])
        out.writerows(astuple(r) for r in rows)
    before, rest = page.read_text("utf-8").split(BEGIN)
    after = rest.split(END)[1]
    text = f"{before}{BEGIN}\n\n{table(read(path))}\n\n{END}{after}"
    page.write_text(text, encoding="utf-8")


def measure() -> list[Row]:
    """Return every row."""
    p = Problem(points())
    return [
        environment(),
        *full_fits(p, sample=45, rounds=3),
        *refits(p, total=4000, sample=100, rounds=3),
        *growth([1_000, 10_000, 100_000, 1_000_000], rounds=1),
        *sampling_rows(),
    ]


if __name__ == "__main__":
    rows = measure()
    write(rows)
    print(table(rows))
