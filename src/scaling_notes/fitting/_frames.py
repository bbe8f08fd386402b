"""Whatever holds the runs, as a data frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..errors import DataError

__all__ = ["Runs", "as_frame"]


class _Table(Protocol):
    """A table of another library that turns itself into a pandas frame."""

    def to_pandas(self) -> Any: ...


Runs = pd.DataFrame | Mapping[str, ArrayLike] | Sequence[Mapping[str, Any]] | _Table


def as_frame(runs: Any) -> pd.DataFrame:
    """Return runs as a data frame, columns by position and not by label.

    Parameters
    ----------
    runs : DataFrame, mapping of columns, sequence of mappings, or other table
        A sequence holds one mapping a run. Another table is one that turns itself
        into a pandas frame (polars, pyarrow, cudf), or a structured array.

    Raises
    ------
    DataError
        If it is none of these, or its columns differ in length.
    """
    if isinstance(runs, pd.DataFrame):
        return runs
    if isinstance(runs, Mapping):
        return _framed(runs)
    if isinstance(runs, np.ndarray) and runs.dtype.names:
        return _framed({name: runs[name] for name in runs.dtype.names})
    listed = isinstance(runs, list | tuple) and len(runs) > 0
    if listed and all(isinstance(run, Mapping) for run in runs):
        return pd.DataFrame(list(runs))
    if callable(getattr(runs, "to_pandas", None)) and not isinstance(runs, pd.Index):
        try:
            frame = runs.to_pandas()
        except ImportError:
            # Polars asks for pyarrow; its columns are at hand without.
            frame = pd.DataFrame({str(n): np.asarray(runs[n]) for n in _names(runs)})
        if isinstance(frame, pd.DataFrame):
            return frame
    raise DataError(
        "Runs are a DataFrame or a mapping of columns, or a list of one mapping a "
        f"run; got a {type(runs).__name__}."
    )


def _names(runs: Any) -> Iterable[Any]:
    return getattr(runs, "column_names", None) or runs.columns


def _framed(columns: Mapping[str, ArrayLike]) -> pd.DataFrame:
    flat = {}
    for name, column in columns.items():
        try:
            flat[name] = np.ravel(column)
        except ValueError as error:
            raise DataError(
                f"Column {name!r} is no list of numbers: its entries differ in length."
            ) from error
    lengths = {name: len(column) for name, column in flat.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name!r} {n}" for name, n in lengths.items())
        raise DataError(f"Columns must be of one length; they have {told}.")
    # By position: two series may come with labels of their own. Not a copy, since
    # the columns that are wanted are copied.
    return pd.DataFrame(flat, copy=False)
