"""Where the experiments put their tables, and how they say what they cost."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import pandas as pd
from tqdm import tqdm

DATA = Path(__file__).parents[1] / "src" / "scaling_notes" / "corpus" / "data"

Item = TypeVar("Item")


def progress(runs: Iterable[Item]) -> Iterable[Item]:
    """Go through runs with a bar on stderr."""
    return tqdm(list(runs))


def write(name: str, measure: Callable[[], pd.DataFrame]) -> None:
    """Run an experiment and write its table, to the folder named on the command."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    start = time.process_time()
    table = measure()
    table.to_csv(folder / f"{name}.csv", index=False, float_format="%.7g")
    print(f"{name}: {len(table)} rows, {time.process_time() - start:.0f} CPU seconds")
