"""Refits that do not identify a constant are counted, not passed off as answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import scaling_notes as sn
from scaling_notes import laws


def test_a_second_size_that_one_point_shows() -> None:
    # A third of the resamples hold one size only: any exponent of size fits them.
    law = laws.QuantizationCost(coefficient=1e3, gamma_N=0.3, gamma_post=0.6)
    params = np.array([1e8] * 7 + [1e9])
    bits = np.array([2.0, 3, 4, 5, 6, 7, 8, 3])
    noise = np.random.default_rng(0).standard_normal(8)
    cost = law.value(params, bits) * np.exp(0.05 * noise)
    fit = sn.fit_law(laws.QuantizationCost, {"params": params, "bits": bits}, cost)
    with pytest.warns(sn.FitWarning, match="of the resamples do not identify every"):
        boot = fit.bootstrap(2000)
    assert boot.unidentified == pytest.approx((7 / 8) ** 8, abs=0.04)
    assert boot.converged > 0.99
    how = boot.interval("gamma_N").how
    assert f"{boot.unidentified:.1%} of them do not identify all constants" in how


def test_a_standard_error_is_not_that_of_the_worst_refit() -> None:
    law = laws.PurePowerLaw(A=3.0, alpha=0.3)
    alpha = np.random.default_rng(0).normal(0.3, 0.02, 1000)
    wild = alpha.copy()
    wild[:3] = 1e126

    def of(values: np.ndarray) -> sn.Bootstrap:
        return sn.Bootstrap(
            law=law,
            laws=laws.PurePowerLaw(A=np.full(1000, 3.0), alpha=values),
            residuals=np.zeros(20),
            n_units=20,
            seed=0,
            converged=1.0,
            params_kind="",
            loss_unit="",
        )

    assert of(alpha).standard_error("alpha") == pytest.approx(0.02, rel=0.1)
    assert of(wild).standard_error("alpha") == pytest.approx(0.02, rel=0.1)


def test_runs_that_identify_every_constant() -> None:
    runs = sn.load("besiroglu2024_chinchilla_points")
    boot = sn.fit_chinchilla(runs[runs["dropped_in_refit"] == 0]).bootstrap(300)
    assert boot.unidentified == 0.0
    assert boot.interval("alpha").how == "case bootstrap, 300 resamples"


def test_chunks_side_by_side_see_the_same() -> None:
    runs = sn.load("besiroglu2024_chinchilla_points")
    fit = sn.fit_chinchilla(runs[runs["dropped_in_refit"] == 0])
    with ThreadPoolExecutor(4) as pool:
        boot = fit.bootstrap(4000, executor=pool)
    assert boot.unidentified == 0.0
