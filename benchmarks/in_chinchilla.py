"""Time the package ``chinchilla`` on points; run by ``elsewhere.py``."""

from __future__ import annotations

import json
import math
import shutil
import sys
import tempfile
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from chinchilla import Chinchilla
from chinchilla._metrics import log_huber

# The 4500 starts of Hoffmann et al. (their logarithms of A, B and E).
AXES = {
    "e": np.arange(-1, 1.1, 0.5),
    "a": np.arange(0.0, 26, 5),
    "b": np.arange(0.0, 26, 5),
    "alpha": np.arange(0, 2.1, 0.5),
    "beta": np.arange(0, 2.1, 0.5),
}
SOME = {"e": 2, "a": 3, "b": 3, "alpha": 2, "beta": 2}


def fit(points: pd.DataFrame, axes: dict[str, np.ndarray]) -> tuple[float, list[float]]:
    """Return CPU seconds and the constants that were found."""
    folder = tempfile.mkdtemp()
    points.to_csv(Path(folder, "df.csv"), index=False)
    loss = partial(log_huber, delta=1e-3)
    model = Chinchilla(folder, param_grid=axes, loss_fn=loss, log_level=50)
    start = time.process_time()
    model.fit(parallel=False)
    spent = time.process_time() - start
    shutil.rmtree(folder)
    return spent, [float(model.params[n]) for n in ("E", "A", "B", "alpha", "beta")]


def main() -> None:
    """Print one result a grid of starts, as JSON."""
    points = pd.read_csv(sys.argv[1])
    points = points.rename(columns={"params": "N", "tokens": "D"})
    points["C"] = 6 * points["N"] * points["D"]
    rng = np.random.default_rng(0)
    some = {
        n: np.sort(rng.choice(axis, SOME[n], replace=False)) for n, axis in AXES.items()
    }
    middle = {n: axis[(len(axis) - 1) // 2 :][:2] for n, axis in AXES.items()}
    fit(points, {n: axis[:1] for n, axis in middle.items()})
    name = f"chinchilla {version('chinchilla')}"
    found = []
    whole = math.prod(map(len, AXES.values()))
    for tool, axes, total in (
        (f"{name}, {whole} starts", some, whole),
        (f"{name}, 32 starts", middle, 32),
    ):
        size = math.prod(map(len, axes.values()))
        spent, constants = fit(points, axes)
        note = "two middle values of each axis"
        if size < total:
            note = f"scaled up from a grid of {size} starts, values drawn at random"
        found.append(
            {
                "tool": tool,
                "cpu_s": spent * total / size,
                "constants": constants,
                "note": note,
            }
        )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
