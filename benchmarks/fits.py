"""Rows on fits: one fit, thousands of refits, other forms, growth, memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import peers
from peers import DELTA, Form, Problem, to_logs
from rows import OURS, Peer, Row, installed, race, timed

import scaling_notes as sn
from scaling_notes.fitting._refit import resample_counts

ONE, MANY, FORMS = "One fit", "Refits", "Refits of other forms"
GROWTH, MEMORY = "Growth", "Memory"
# A fresh process, so that its peak is that of the refits. Linux can forget the peak
# of what came before; elsewhere the peak of loading the package may hide the rest.
_PEAK = """
import json, resource, sys
from pathlib import Path
import scaling_notes as sn
runs = sn.load("besiroglu2024_chinchilla_points")
fit = sn.fit_chinchilla(runs[runs["dropped_in_refit"] == 0], delta=1e-3)
fit.bootstrap(2)
status, forget = Path("/proc/self/status"), Path("/proc/self/clear_refs")
def peak():
    if not status.exists():
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    lines = status.read_text().splitlines()
    return 1024 * int(next(s for s in lines if s.startswith("VmHWM")).split()[1])
if forget.exists():
    forget.write_text("5")
before = peak()
fit.bootstrap(int(sys.argv[1]))
print(json.dumps([before / 1e6, (peak() - before) / 1e6]))
"""


def full_fits(p: Problem, sample: int, rounds: int) -> list[Row]:
    """Fit all points once with each tool."""
    frame = p.runs
    warm = to_logs(sn.fit_chinchilla(frame, delta=DELTA).law.as_array())
    x = {name: np.asarray(frame[name]) for name in ("params", "tokens")}
    seeds = sn.laws.Chinchilla.starts(x, np.asarray(frame["loss"]))[:24]
    good = to_logs(np.maximum(seeds, 1e-8))

    def multi(fit: Callable[..., Any], starts: np.ndarray) -> Callable[[], Any]:
        return lambda: min((fit(p, s) for s in starts), key=p.value)

    def part(tool: str, fit: Callable[..., Any], starts: np.ndarray) -> Peer:
        # Drawn at random: a stride would keep some axes of the grid fixed.
        size = min(sample, len(starts))
        some = np.random.default_rng(0).choice(starts, size, replace=False)
        note = f"scaled up from {size} of {len(starts)} starts"
        return Peer(
            f"{tool}, {len(starts)} starts", multi(fit, some), len(starts) / size, note
        )

    def ours() -> np.ndarray:
        return to_logs(sn.fit_chinchilla(frame, delta=DELTA).law.as_array())

    many, ladder = peers.replication_starts(), peers.ladder_starts(p)
    field = [
        Peer(OURS, ours),
        part(
            "replication's recipe: L-BFGS-B, finite differences",
            peers.replication_fit,
            many,
        ),
        part("model ladder's recipe: L-BFGS-B", peers.ladder_fit, ladder),
        Peer("24 good starts, BFGS, analytic gradient", multi(peers.bfgs, good)),
        Peer(
            "least_squares(loss='huber'), warm",
            lambda: peers.huber_least_squares(p, warm),
        ),
    ]
    extra = {"iminuit": peers.iminuit, "lmfit": peers.lmfit}
    field += [
        Peer(f"{t}, warm", lambda t=t: extra[t](p, warm)) for t in installed(*extra)
    ]
    times, found = race(field, rounds)
    values = [p.value(z) for z in found]
    results = [f"objective {v / min(values) - 1:+.0e}" for v in values]
    return timed(ONE, f"full fit, {len(p.y)} points", field, times, results)


def first_resamples(n_points: int, sample: int) -> np.ndarray:
    """Return the counts of the first resamples that ``bootstrap()`` draws."""
    rng = np.random.default_rng(np.random.SeedSequence(0, spawn_key=(0,)))
    return resample_counts(n_points, None, sample, rng)


def compare_refits(
    section: str,
    work: str,
    fit: Any,
    total: int,
    counts: np.ndarray,
    others: Sequence[Peer],
    unconstrain: Callable[[np.ndarray], np.ndarray],
    value: Callable[..., float],
    rounds: int,
) -> list[Row]:
    """Race our bootstrap with refits one by one, and compare what each found."""
    field = [Peer(OURS, lambda: fit.bootstrap(total)), *others]
    times, found = race(field, rounds)
    boot, sample = found[0], len(counts)
    found[0] = unconstrain(boot.laws.as_array()[:sample])
    values = np.array(
        [[value(z, w) for z, w in zip(f, counts, strict=True)] for f in found]
    )
    worse = (values > values.min(axis=0) * (1 + 1e-9)).mean(axis=1)
    results = [f"{w:.0%} of {sample} worse than the best by over 1e-9" for w in worse]
    results[0] += (
        f"; the certificate improved {boot.restarted} of {total}, "
        f"{boot.converged:.2%} converged"
    )
    return timed(section, work, field, times, results)


def refits(p: Problem, total: int, sample: int, rounds: int) -> list[Row]:
    """Refit resamples from the full fit; quality on the same resamples for all."""
    fit = sn.fit_chinchilla(p.runs, delta=DELTA)
    counts = first_resamples(len(p.y), sample)
    warm = to_logs(fit.law.as_array())
    note = f"scaled up from {sample} refits"
    others = [
        Peer(
            tool,
            lambda way=way: [way(p, warm, w) for w in counts],
            total / sample,
            note,
        )
        for tool, way in peers.warm_refits().items()
    ]
    work = f"{total} refits, {len(p.y)} points"
    return compare_refits(
        MANY, work, fit, total, counts, others, to_logs, p.value, rounds
    )


def other_forms() -> dict[str, Any]:
    """Return fits of three forms: two of simulated points, one of published ones."""
    rng = np.random.default_rng(0)
    laws = sn.laws
    climb = laws.Sigmoid(R_0=0.2, A=0.62, B=1.9, C_mid=2500.0)
    bend = laws.BrokenPowerLaw(a=0.3, b=9.0, c_0=0.15, c_1=0.5, d_1=5e3, f_1=0.5)
    x, wide = np.geomspace(100, 1e5, 60), np.geomspace(30, 3e7, 60)
    score = climb(x=x) + 0.01 * rng.normal(size=60)
    loss = bend(x=wide) * np.exp(0.003 * rng.normal(size=60))
    t5 = sn.load("frantar2023_t5_points")
    return {
        "Sigmoid, 60 simulated points": sn.fit_law(laws.Sigmoid, x, score),
        "BrokenPowerLaw, 60 simulated points": sn.fit_law(
            laws.BrokenPowerLaw, wide, loss
        ),
        f"SparsityLaw, {len(t5)} points of Frantar et al.": sn.fit_law(
            laws.SparsityLaw,
            {
                "params_nonzero": t5["params_nonzero"],
                "tokens": t5["tokens"],
                "sparsity": t5["sparsity_frac"],
            },
            t5["loss"],
        ),
    }


def form_refits(total: int, sample: int, rounds: int) -> list[Row]:
    """Refit resamples of other forms; the peer is SciPy's robust least squares."""
    rows = []
    for name, fit in other_forms().items():
        form = Form(fit)
        counts = first_resamples(len(form.y), sample)
        warm = form.unconstrain(fit.law.as_array())
        peer = Peer(
            "least_squares(loss='huber'), warm",
            lambda form=form, warm=warm, counts=counts: [
                form.refit(warm, w) for w in counts
            ],
            total / sample,
            f"scaled up from {sample} refits",
        )
        work = f"{total} refits, {name}"
        rows += compare_refits(
            FORMS,
            work,
            fit,
            total,
            counts,
            [peer],
            form.unconstrain,
            form.value,
            rounds,
        )
    return rows


def growth_with_refits(p: Problem, sizes: Sequence[int], rounds: int) -> list[Row]:
    """Time ever more refits of the same points."""
    fit = sn.fit_chinchilla(p.runs, delta=DELTA)
    field = [Peer(OURS, lambda n=n: fit.bootstrap(n)) for n in sizes]
    times, _ = race(field, rounds)
    return [
        Row(
            GROWTH,
            f"{n} refits, {len(p.y)} points",
            OURS,
            f"{t:.2g}",
            "1",
            f"{1e6 * t / n:.0f} microseconds a refit",
        )
        for n, t in zip(sizes, times, strict=True)
    ]


def growth_with_points(sizes: Sequence[int], rounds: int) -> list[Row]:
    """Fit ever more simulated points; the peer is one pass of the model."""
    law = sn.laws.Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
    rows = []
    for size in sizes:
        rng = np.random.default_rng(size)
        n, d = 10 ** rng.uniform(7, 10, size), 10 ** rng.uniform(9, 12, size)
        loss = law.value(n, d) * np.exp(0.01 * rng.normal(size=size))
        runs = {"params": n, "tokens": d, "loss": loss}
        field = [
            Peer(OURS, lambda r=runs: sn.fit_chinchilla(r, delta=DELTA)),
            Peer(f"{OURS}, adaptive threshold", lambda r=runs: sn.fit_chinchilla(r)),
            Peer("one numpy pass of the model", lambda n=n, d=d: law.value(n, d)),
        ]
        times, _ = race(field, rounds)
        results = [f"as long as {t / times[2]:.0f} passes" for t in times[:2]]
        work = f"full fit, {size:,} simulated points"
        rows += timed(GROWTH, work, field, times, [*results, ""])
    return rows


def memory(p: Problem, total: int) -> list[Row]:
    """Measure what refits need beyond the data, in two ways."""
    fit = sn.fit_chinchilla(p.runs, delta=DELTA)
    fit.bootstrap(2)
    tracemalloc.start()
    fit.bootstrap(total)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    call = [sys.executable, "-c", _PEAK, str(total)]
    out = subprocess.run(call, check=True, capture_output=True, text=True).stdout
    before, more = json.loads(out)
    work = f"{total} refits, {len(p.y)} points"
    return [
        Row(MEMORY, work, OURS, result=f"{peak:.1f} MB at most by tracemalloc"),
        Row(
            MEMORY,
            work,
            OURS,
            result=f"peak of a fresh process up by {more:.1f} MB, from {before:.0f} MB "
            "with the package loaded and the points fitted",
        ),
    ]
