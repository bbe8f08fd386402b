"""Map a function over chunks on any executor, with reproducible random streams.

An executor is any object with the ``map`` method of ``concurrent.futures``: a
process pool here, ``dask.distributed.Client.get_executor()`` on a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np
from tqdm import tqdm

from .errors import DataError

__all__ = ["Executor", "map_chunks", "map_seeded", "require_resamples", "require_seed"]

_QUIET = 3.0  # seconds before a bar shows, so that a short run stays silent

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


class Executor(Protocol):
    """What is asked of an executor: the ``map`` of ``concurrent.futures``."""

    def map(
        self, fn: Callable[..., Any], /, *iterables: Iterable[Any]
    ) -> Iterator[Any]:
        """Apply ``fn`` to the items; yield the results in the order of the items."""
        ...


def map_chunks(
    function: Callable[[Chunk], Result],
    chunks: Iterable[Chunk],
    executor: Executor | None = None,
    progress: bool = False,
) -> list[Result]:
    """Apply a function to every chunk, here or on an executor.

    Parameters
    ----------
    function : callable
        Takes one chunk. An executor of processes must be able to pickle it.
    chunks : iterable
        The work, in pieces.
    executor : Executor, optional
        Anything with the ``map`` of ``concurrent.futures``. None runs the chunks
        one after the other in this process.
    progress : bool
        Show a bar on stderr once three seconds have passed.

    Returns
    -------
    list
        One result a chunk, in the order of the chunks.

    Raises
    ------
    DataError
        If the executor has no ``map`` method, or does not return one result a chunk.

    Examples
    --------
    >>> from scaling_notes.parallel import map_chunks
    >>> map_chunks(abs, [-1, 2, -3])
    [1, 2, 3]
    """
    chunks = list(chunks)
    if executor is not None and not callable(getattr(executor, "map", None)):
        raise DataError(
            f"executor is a {type(executor).__name__}, which has no map method; pass "
            "a concurrent.futures executor or None."
        )
    done = (map if executor is None else executor.map)(function, chunks)
    bar = tqdm(done, total=len(chunks), disable=not progress, delay=_QUIET)
    results = list(bar)
    if len(results) != len(chunks):
        raise DataError(
            f"The executor returned {len(results)} results for {len(chunks)} pieces of "
            "work: some were lost. Run again, or without an executor."
        )
    if executor is not None and any(_is_future(r) for r in results):
        raise DataError(
            f"The map of {type(executor).__name__} returns futures, not results: pass "
            "an executor, on Dask client.get_executor()."
        )
    return results


def _is_future(result: object) -> bool:
    return all(callable(getattr(result, name, None)) for name in ("result", "done"))


def require_seed(seed: object) -> None:
    """Refuse a seed that does not name one stream of draws."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise DataError(f"seed is {seed!r}; pass an integer that is not negative.")


def require_resamples(n_resamples: object) -> None:
    """Refuse a number of resamples that is not whole, or below two."""
    n = n_resamples
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 2:
        raise DataError(
            f"n_resamples is {n_resamples!r}; give a whole number, 2 or more."
        )


def _call_seeded(
    function: Callable[[Chunk, np.random.Generator], Result],
    seed: int,
    numbered: tuple[int, Chunk],
) -> Result:
    j, chunk = numbered
    stream = np.random.SeedSequence(seed, spawn_key=(j,))
    return function(chunk, np.random.default_rng(stream))


def map_seeded(
    function: Callable[[Chunk, np.random.Generator], Result],
    chunks: Iterable[Chunk],
    seed: int,
    executor: Executor | None = None,
) -> list[Result]:
    """Apply a function to every chunk, each with a random stream of its own.

    Chunk ``j`` draws from ``SeedSequence(seed, spawn_key=(j,))``, so the results
    are the same whatever runs them, and in whatever order.

    Parameters
    ----------
    function : callable
        Takes a chunk and a ``numpy.random.Generator``.
    chunks : iterable
        The work, in pieces.
    seed : int
        Not negative.
    executor : Executor, optional
        As in :func:`map_chunks`.

    Returns
    -------
    list
        One result a chunk, in the order of the chunks.

    Raises
    ------
    DataError
        If the seed is negative or no integer, or the executor has no ``map``.

    Examples
    --------
    >>> from scaling_notes.parallel import map_seeded
    >>> draws = map_seeded(lambda n, rng: rng.random(n).sum(), [3, 3], seed=0)
    >>> draws[0] == draws[1]
    np.False_
    >>> draws == map_seeded(lambda n, rng: rng.random(n).sum(), [3, 3], seed=0)
    True
    """
    require_seed(seed)
    call = partial(_call_seeded, function, int(seed))
    return map_chunks(call, enumerate(chunks), executor)
