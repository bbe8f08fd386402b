"""A constant that went to zero comes back where the runs call for it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import scaling_notes as sn
from scaling_notes import engine, laws
from scaling_notes.fitting._bounds import both_sides
from scaling_notes.fitting._refit import resample_counts
from scaling_notes.laws._law import Array

# A floor that the fit does not see and half of its resamples do.
X = 2.0 ** np.arange(8)
Y = np.array([1.286, 1.214, 1.103, 0.969, 0.885, 0.788, 0.715, 0.661])


@pytest.fixture(scope="module")
def eight() -> sn.Fit:
    with pytest.warns(sn.FitWarning, match="E went to zero"):
        return sn.fit_law(laws.PowerLaw, X, Y, delta=np.inf)


@pytest.fixture(scope="module")
def boot(eight: sn.Fit) -> sn.Bootstrap:
    return eight.bootstrap(4000)


def test_refits_leave_the_bound(boot: sn.Bootstrap) -> None:
    # By bounded least squares in plain coordinates, from five starts: 0.43 of 400
    # resamples, alpha [0.138, 0.273], the value at 1e5 [0.239, 0.427].
    assert 0.38 < (boot.samples("E") > 0.01).mean() < 0.50
    alpha = boot.interval("alpha")
    assert alpha.low == pytest.approx(0.138, abs=0.002)
    assert alpha.high == pytest.approx(0.29, abs=0.02)
    band = boot.band(x=[1e5]).iloc[0]
    assert band["low"] == pytest.approx(0.239, abs=0.003)
    assert band["high"] == pytest.approx(0.443, abs=0.02)


def test_profiles_and_tests_leave_the_bound(eight: sn.Fit) -> None:
    assert eight.profile("alpha").high == pytest.approx(0.244, abs=0.005)
    assert eight.profile("E").low == 0.0
    # The F statistic is 6.58 at E = 0.373; the 95 % point of F(1, 5) is 6.61.
    assert eight.profile("E").high == pytest.approx(0.373, abs=0.002)
    assert eight.p_value(alpha=0.2) > 0.05


def test_leverage_leaves_the_bound(eight: sn.Fit) -> None:
    change = eight.leverage()
    # Without the first run there is a floor; the fit to the others says the same.
    rest = sn.fit_law(laws.PowerLaw, X[1:], Y[1:], delta=np.inf)
    assert rest["E"] > 0.2
    assert change.loc[0, "E"] == pytest.approx(rest["E"], rel=1e-3)
    assert change.index[0] == 0


GRID = tuple(
    g.ravel()
    for g in np.meshgrid(np.geomspace(1e8, 1e10, 4), np.geomspace(1e9, 1e11, 4))
)
VANISHED: list[tuple[laws.Law, dict[str, Array]]] = [
    (laws.PowerLaw(E=1e-9, A=3.0, alpha=0.2), {"x": np.geomspace(1, 1e3, 16)}),
    (
        laws.Chinchilla(E=1e-9, A=20.0, B=50.0, alpha=0.1, beta=0.12),
        {"params": GRID[0], "tokens": GRID[1]},
    ),
    (
        laws.SharedExponent(E=1e-9, A=20.0, B=50.0, alpha=0.11),
        {"params": GRID[0], "tokens": GRID[1]},
    ),
]


@pytest.mark.parametrize(
    ("law", "inputs"), VANISHED, ids=[type(law).__name__ for law, _ in VANISHED]
)
def test_refits_are_as_good_as_many_starts(
    law: laws.Law, inputs: dict[str, Array]
) -> None:
    rng = np.random.default_rng(5)
    value = law.value(*inputs.values())
    y = value * np.exp(0.02 * rng.standard_normal(len(value)))
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always", sn.FitWarning)
        fit = sn.fit_law(type(law), inputs, y, delta=np.inf)
        boot = fit.bootstrap(60, seed=2)
    problem, free = fit._problem(), fit._free()
    counts = resample_counts(
        len(y),
        None,
        60,
        np.random.default_rng(np.random.SeedSequence(2, spawn_key=(0,))),
    )
    mine = np.diag(counts @ problem.losses(problem.unconstrain(boot.laws.as_array())).T)
    starts = np.maximum(type(law).starts(inputs, y)[:12], 1e-3)
    for start in starts:
        other = engine.solve(problem, np.tile(start, (60, 1)), counts, free)
        assert (mine <= other.objective * (1 + 1e-5) + 1e-12).all()


def test_inside_there_is_one_start_and_zero_is_looked_at() -> None:
    law = laws.PowerLaw(E=1.0, A=3.0, alpha=0.4)
    x = np.geomspace(1, 1e4, 20)
    noise = np.random.default_rng(0).standard_normal(20)
    fit = sn.fit_law(laws.PowerLaw, x, law.value(x) * np.exp(0.01 * noise))
    starts = both_sides(fit._problem(), fit.law.as_array(), fit._free())
    assert len(starts.interior) == 1
    assert len(starts.at_zero) == 2
    assert (starts.at_zero[:, :2].min(axis=1) < 1e-20).all()


def test_a_ladder_whose_floor_the_runs_hardly_show() -> None:
    """In a fourth of such sets of runs the fit sees no floor."""
    law = laws.PowerLaw(E=0.8, A=2.0, alpha=0.15)
    x = np.geomspace(1, 300, 20)
    at_bound, held = [], []
    for seed in range(40):
        noise = np.random.default_rng(seed).standard_normal(20)
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always", sn.FitWarning)
            fit = sn.fit_law(laws.PowerLaw, x, law.value(x) * np.exp(0.04 * noise))
        boot = fit.bootstrap(200, seed=seed)
        at_bound.append(fit.status is sn.Status.AT_BOUND)
        held.append(law.alpha in boot.interval("alpha"))
    assert sum(at_bound) >= 8
    # 0.93 of 100; with refits that stay at the bound, 2 of 3 miss where there is one.
    assert np.mean(held) >= 0.85
    assert np.mean(np.array(held)[at_bound]) > 0.6


# Constants at zero


def test_a_floor_may_be_held_at_zero() -> None:
    law = laws.PurePowerLaw(A=3.0, alpha=0.2)
    x = np.geomspace(1, 1e3, 20)
    y = law.value(x) * np.exp(0.01 * np.random.default_rng(1).standard_normal(20))
    pure = sn.fit_law(laws.PurePowerLaw, x, y)
    held = sn.fit_law(laws.PowerLaw, x, y, fixed={"E": 0.0})
    assert held.status is sn.Status.CONVERGED
    assert held["E"] == 0.0
    assert held["alpha"] == pytest.approx(pure["alpha"], rel=1e-6)
    one, two = (f.bootstrap(200).interval("alpha") for f in (pure, held))
    assert (one.low, one.high) == pytest.approx((two.low, two.high), rel=1e-6)
    assert held.profile("alpha").high == pytest.approx(
        pure.profile("alpha").high, rel=1e-5
    )
    with pytest.raises(sn.DataError, match="give a zero or positive number"):
        sn.fit_law(laws.PowerLaw, x, y, fixed={"E": -1.0})
