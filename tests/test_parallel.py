"""One result wherever it runs: here, in a pool of processes, on a Dask cluster."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster

import scaling_notes as sn
from scaling_notes import parallel
from scaling_notes.fitting._refit import resample_counts
from scaling_notes.parallel import map_chunks, map_seeded


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    # Workers that start clean: a fork of a process with threads may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        yield executor


@pytest.fixture(scope="module")
def cluster() -> Iterator[Executor]:
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    )
    with cluster, Client(cluster) as client:
        yield client.get_executor()


@pytest.fixture(params=["pool", "cluster"])
def executor(request: pytest.FixtureRequest) -> Executor:
    executor: Executor = request.getfixturevalue(request.param)
    return executor


# Order and streams


def test_results_come_in_the_order_of_the_chunks(executor: Executor) -> None:
    assert map_chunks(abs, range(-20, 0), executor) == list(range(20, 0, -1))
    assert map_chunks(abs, [], executor) == []


class Loses:
    """An executor that loses the last result."""

    def map(self, fn: Callable[..., Any], /, *items: Iterable[Any]) -> Iterator[Any]:
        return iter(list(map(fn, *items))[:-1])


class Futures:
    """A client whose map gives futures."""

    def map(self, fn: Callable[..., Any], /, *items: Iterable[Any]) -> Iterator[Any]:
        for result in map(fn, *items):
            future: Future[Any] = Future()
            future.set_result(result)
            yield future


def test_lost_results_are_no_shorter_bootstrap(chinchilla_240: pd.DataFrame) -> None:
    with pytest.raises(sn.DataError, match="returned 2 results for 3 pieces"):
        map_chunks(abs, [1, 2, 3], Loses())
    fit = sn.fit_chinchilla(chinchilla_240)
    with pytest.raises(sn.DataError, match="some were lost"):
        fit.bootstrap(1200, executor=Loses())
    with pytest.raises(sn.DataError, match=r"returns futures.*get_executor"):
        map_chunks(abs, [1, 2, 3], Futures())


def test_each_chunk_has_a_stream_of_its_own(executor: Executor) -> None:
    counts = partial(resample_counts, 12, None)
    here = map_seeded(counts, [3, 3, 2], seed=5)
    there = map_seeded(counts, [3, 3, 2], seed=5, executor=executor)
    for one, other in zip(here, there, strict=True):
        assert np.array_equal(one, other)
    assert not np.array_equal(here[0], here[1])
    first = map_seeded(counts, [3], seed=5)[0]
    assert np.array_equal(first, here[0])


def test_what_goes_wrong_there_is_told_here(executor: Executor) -> None:
    with pytest.raises(sn.DataError, match="no table 'nowhere'"):
        map_chunks(sn.load, ["claims", "nowhere"], executor)


def test_an_executor_is_what_can_map() -> None:
    with pytest.raises(sn.DataError, match="a int, which has no map method"):
        map_chunks(abs, [1], 2)  # type: ignore[arg-type]


# Every call that takes an executor


def test_bootstrap(fit_240: sn.Fit, executor: Executor) -> None:
    here = fit_240.bootstrap(2100, seed=3)
    there = fit_240.bootstrap(2100, seed=3, executor=executor)
    assert there.n_resamples == 2100
    assert np.array_equal(here.laws.as_array(), there.laws.as_array())
    assert (here.converged, here.restarted) == (there.converged, there.restarted)


def test_bootstrap_of_groups_and_other_laws(executor: Executor) -> None:
    rng = np.random.default_rng(0)
    flops = np.geomspace(1e18, 1e22, 30)
    params = 0.1 * flops**0.5 * np.exp(0.1 * rng.standard_normal(30))
    groups = np.arange(30) % 10
    fit = sn.fit_law(sn.laws.OptimalParams, flops, params, groups=groups)
    here, there = fit.bootstrap(1500), fit.bootstrap(1500, executor=executor)
    assert np.array_equal(here.laws.as_array(), there.laws.as_array())
    assert there.n_units == 10


def test_leverage(
    fit_240: sn.Fit, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fit_240.leverage()
    monkeypatch.setattr("scaling_notes.fitting._fit._CHUNK", 70)
    here, there = fit_240.leverage(), fit_240.leverage(executor=executor)
    pd.testing.assert_frame_equal(here, there, check_exact=True)
    pd.testing.assert_frame_equal(here.sort_index(), whole.sort_index(), rtol=1e-5)


def test_forecast(chinchilla_240: pd.DataFrame, executor: Executor) -> None:
    ask = partial(sn.forecast, chinchilla_240, below=3e20, n_resamples=1200)
    here, there = ask(), ask(executor=executor)
    pd.testing.assert_frame_equal(here.table, there.table, check_exact=True)
    assert here.n_exponent == there.n_exponent


def test_resampled_problems(executor: Executor) -> None:
    rng = np.random.default_rng(2)
    correct = rng.binomial(50, rng.beta(0.5, 2.0, 120))
    fit = sn.fit_beta_binomial(50, correct)
    here, there = fit.bootstrap(600), fit.bootstrap(600, executor=executor)
    assert np.array_equal(here.alpha, there.alpha)
    assert np.array_equal(here.beta, there.beta)
    assert len(there.alpha) == 600


def test_sweep_of_the_laboratory(executor: Executor) -> None:
    lang = sn.lab.language()
    ask = partial(sn.lab.sweep, lang, [1e8], [4, 8], [0, 1])
    pd.testing.assert_frame_equal(ask(), ask(executor=executor), rtol=1e-6)


def test_a_bar_shows_on_stderr_only_if_asked_and_only_after_a_while(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # As the docstring says; here, no run is too slow to be a short one.
    assert parallel._QUIET == 3.0
    monkeypatch.setattr(parallel, "_QUIET", float("inf"))
    map_chunks(abs, [-1, -2], progress=True)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(parallel, "_QUIET", 0.0)
    map_chunks(abs, [-1, -2])
    assert capsys.readouterr() == ("", "")
    assert map_chunks(abs, [-1, -2], progress=True) == [1, 2]
    out, err = capsys.readouterr()
    assert not out
    assert "2/2" in err
