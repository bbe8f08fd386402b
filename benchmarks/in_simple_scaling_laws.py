"""Time the package ``simple-scaling-laws`` on points; run by ``elsewhere.py``."""

from __future__ import annotations

import csv
import json
import sys
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

import polars as pl
from simple_scaling_laws import fit

ROUNDS = 3


def main() -> None:
    """Print the time of a fit with as many refits as asked, as JSON."""
    with Path(sys.argv[1]).open(encoding="utf-8", newline="") as file:
        points = list(csv.DictReader(file))
    total = int(sys.argv[2])
    runs = pl.DataFrame(
        {
            "training_run_id": [str(i) for i in range(len(points))],
            "model_size__n_params": [float(r["params"]) for r in points],
            "dataset_size__n_tokens": [float(r["tokens"]) for r in points],
            "test_loss__cross_entropy": [float(r["loss"]) for r in points],
        }
    )
    fit(runs, law="separable-power", n_draws=50, seed=0)
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        model = fit(runs, law="separable-power", n_draws=total, seed=0)
        times.append(time.process_time() - start)
    kept = len(model.draws["test_loss__cross_entropy"].params)
    note = f"least squares: another objective; {kept} draws kept; fit and refits"
    name = f"simple-scaling-laws {version('simple-scaling-laws')}"
    print(json.dumps([{"tool": name, "cpu_s": median(times), "note": note}]))


if __name__ == "__main__":
    main()
