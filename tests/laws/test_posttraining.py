"""Laws of post-training: values by hand, derivatives, recovery, printed constants."""

from __future__ import annotations

import numpy as np
import pytest

import scaling_notes as sn
from scaling_notes.laws import Law, Precision, QuantizationCost

SIZES = np.geomspace(1e8, 1e11, 7)
BITS = np.array([3.0, 4.0, 5.0, 6.0, 8.0, 12.0, 16.0])
KUMAR = ("kumar2024", "integer quantization")


@pytest.fixture(scope="module")
def printed() -> Precision:
    law = sn.published_law(Precision, *KUMAR)
    assert isinstance(law, Precision)
    return law


def test_values_by_hand() -> None:
    cost = QuantizationCost(coefficient=100.0, gamma_N=0.25, gamma_post=0.5)
    assert cost(params=1e8, bits=2) == pytest.approx(np.exp(-4.0), rel=1e-13)


def test_precision_by_hand() -> None:
    # Offsets of zero and a width of 1 / ln 2 leave 1 - 2**-P of the size.
    width = 1 / np.log(2)
    law = Precision(1.0, 1.0, 1.0, 0.5, 0.5, width, 0.0, width, 0.0, width, 0.0)
    assert law.share(1) == pytest.approx(1 / 8)
    assert law.share(1, 2, 3) == pytest.approx(1 / 2 * 3 / 4 * 7 / 8)
    loss = law(
        params=8e4, tokens=1e4, weight_bits=1, activation_bits=1, cache_bits=[1, 1]
    )
    assert loss == pytest.approx([1.0 + 0.01 + 0.01] * 2)


def test_precision_leaves_nothing_below_its_offset(printed: Precision) -> None:
    # 3 bits of cache: 2.4185 - 3 / 0.9578 < 0; 2 bits: above 0, nothing is left.
    assert printed.share(16, 16, 2) == 0.0
    assert printed.share(16, 16, 3) > 0.0
    inputs = {"params": 1e9, "tokens": 1e10, "weight_bits": 16}
    assert printed(**inputs, activation_bits=16, cache_bits=2) == np.inf


def test_many_bits_are_chinchilla(printed: Precision) -> None:
    with pytest.warns(sn.FitWarning, match="gamma_w.*has no place"):
        plain = sn.published_law(sn.laws.Chinchilla, *KUMAR)
    n, d = SIZES, 20 * SIZES
    assert printed(n, d, 200.0, 200.0, 200.0) == pytest.approx(plain(n, d), rel=1e-12)


def test_loss_falls_with_bits(printed: Precision) -> None:
    loss = printed(1e9, 1e11, BITS, BITS, BITS)
    assert (np.diff(loss[np.isfinite(loss)]) < 0).all()


@pytest.mark.parametrize(
    ("law", "inputs"),
    [
        (QuantizationCost(1e5, 0.36, 0.58), (SIZES, BITS)),
        (
            Precision(2.8, 4e3, 2e4, 0.5, 0.45, 2.7, 0.3, 2.2, 1.4, 0.96, 2.3),
            (SIZES, 20 * SIZES, BITS + 1, BITS + 2, BITS),
        ),
    ],
)
def test_jacobian_against_finite_differences(
    law: Law, inputs: tuple[np.ndarray, ...]
) -> None:
    constants = law.as_array()
    exact = law.jacobian(*inputs)
    assert len(exact) == len(constants)
    for j, derivative in enumerate(exact):
        step = 1e-6 * constants[j]
        up, down = constants.copy(), constants.copy()
        up[j] += step
        down[j] -= step
        make = type(law).from_array
        slope = (make(up).value(*inputs) - make(down).value(*inputs)) / (2 * step)
        assert np.shape(derivative) == SIZES.shape
        noise = 4 * np.finfo(float).eps * np.abs(law.value(*inputs)).max() / step
        assert derivative == pytest.approx(slope, rel=1e-6, abs=noise)


def test_the_cost_is_recovered() -> None:
    truth = QuantizationCost(coefficient=1e5, gamma_N=0.36, gamma_post=0.58)
    n, bits = (g.ravel() for g in np.meshgrid(SIZES, [3.0, 4.0]))
    fit = sn.fit_law(QuantizationCost, {"params": n, "bits": bits}, truth(n, bits))
    assert fit["gamma_N"] == pytest.approx(0.36, rel=1e-6)
    assert fit["gamma_post"] == pytest.approx(0.58, rel=1e-6)


def test_precision_is_recovered_where_weights_alone_vary(printed: Precision) -> None:
    n, r, w = (
        g.ravel() for g in np.meshgrid(SIZES, [5, 20, 80, 320], [3.0, 4.0, 6.0, 16.0])
    )
    x = {
        "params": n,
        "tokens": r * n,
        "weight_bits": w,
        # Almost exact, but varied: what does not vary is refused.
        "activation_bits": np.where(w == 16, 32.0, 31.0),
        "cache_bits": np.where(w == 16, 32.0, 31.0),
    }
    held = {k: getattr(printed, k) for k in ("gamma_a", "n_a", "gamma_kv", "n_kv")}
    fit = sn.fit_law(Precision, x, printed(**x), fixed=held)
    for name in ("E", "alpha", "beta", "gamma_w", "n_w"):
        assert fit[name] == pytest.approx(getattr(printed, name), rel=1e-4)


def test_optimal_bits_are_those_of_a_search_over_everything(printed: Precision) -> None:
    # Least loss over size and bits at two budgets C = N D P, tokens from the budget.
    bits = np.arange(4.0, 16.0, 0.05)
    for flops in (1e21, 1e24):
        size = np.geomspace(1e6, 1e12, 1201)[:, None]
        loss = printed(size, flops * 16 / 6 / size / bits, bits, bits, bits)
        best = bits[np.unravel_index(loss.argmin(), loss.shape)[1]]
        assert printed.optimal_bits() == pytest.approx(best, abs=0.11)
