"""Plans beyond the runs: as wide as sizes of other sweeps were off, and no wider."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scaling_notes as sn
from scaling_notes.fitting import FAMILIES, read_calibration, student

FIELDS = ("params", "tokens", "loss", "tokens_per_param")
KNOWN = read_calibration(FAMILIES)
BEYOND = 1e24


def pair(law: object, flops: object, **how: object) -> tuple[sn.Allocation, ...]:
    return tuple(
        sn.allocate(law, flops, calibration=known, **how)  # type: ignore[arg-type]
        for known in (FAMILIES, None)
    )


def test_inside_the_runs_nothing_changes(boot_240: sn.Bootstrap) -> None:
    wide, plain = pair(boot_240, [1e19, 1e21, boot_240.reach])
    pd.testing.assert_frame_equal(wide.table(), plain.table(), check_exact=True)
    assert wide.factor[-1] == pytest.approx(1.0)
    mixed, refits = (plan.table() for plan in pair(boot_240, [1e21, BEYOND]))
    pd.testing.assert_series_equal(mixed.iloc[0], refits.iloc[0], check_exact=True)
    one = sn.allocate(boot_240, 1e21).interval("params")
    assert "wider" not in one.how


@pytest.mark.parametrize("quantity", FIELDS)
def test_beyond_them_intervals_are_wider(boot_240: sn.Bootstrap, quantity: str) -> None:
    wide, plain = (plan.interval(quantity) for plan in pair(boot_240, BEYOND))
    assert wide.value == plain.value
    assert wide.low < plain.low
    assert wide.high > plain.high
    assert wide.how.startswith(plain.how + ", wider at 77 times the compute, calibr")


@settings(max_examples=10)
@given(st.floats(0.01, 2.0), st.floats(0.05, 2.0))
def test_width_grows_with_compute(
    boot_240: sn.Bootstrap, decades: float, more: float
) -> None:
    budgets = boot_240.reach * 10.0 ** np.array([decades, decades + more])
    plan = sn.allocate(boot_240, budgets)
    for name in FIELDS:
        low, high = (plan.table()[f"{name}_{end}"] for end in ("low", "high"))
        width = np.log(high / low)
        assert width[0] < width[1], name


def added(wide: sn.Interval, plain: sn.Interval) -> tuple[float, float]:
    """Return what was added to each side of an interval, in logs."""

    def beside(end: str) -> float:
        a, b = (np.log(getattr(i, end) / i.value) for i in (wide, plain))
        return float(np.sqrt(a**2 - b**2))

    return beside("low"), beside("high")


def test_the_width_is_that_of_the_calibration(boot_240: sn.Bootstrap) -> None:
    assert KNOWN is not None
    by = []
    for flops in (1e23, BEYOND):
        wide, plain = pair(boot_240, flops)
        moves = {
            name: added(wide.interval(name, 0.8), plain.interval(name, 0.8))
            for name in FIELDS
        }
        by.append(moves["params"][0])
        for name, times in (("params", 1), ("tokens", 1), ("tokens_per_param", 2)):
            assert moves[name] == pytest.approx([times * by[-1]] * 2)
        fall = np.log(sn.allocate(boot_240, boot_240.reach).loss[0] / wide.loss[0])
        share = student(0.8) * KNOWN.change_share
        assert moves["loss"] == pytest.approx([share * fall] * 2, rel=1e-6)
    spread = KNOWN.size_spread(np.array([1e23, BEYOND]) / boot_240.reach)
    assert by[1] / by[0] == pytest.approx(spread[1] / spread[0])
    assert 1.2 < by[0] / spread[0] < 1.6


def test_use_is_no_compute_of_training(boot_240: sn.Bootstrap) -> None:
    """A budget mostly for use trains within the compute of the runs."""
    wide, plain = pair(boot_240, 1e23, inference_tokens=1e15)
    trained = 6 * wide.params[0] * wide.tokens[0]
    assert wide.factor[0] == pytest.approx(trained / boot_240.reach)
    assert wide.factor[0] < 1 < 1e23 / boot_240.reach
    pd.testing.assert_frame_equal(wide.table(), plain.table(), check_exact=True)


@pytest.mark.parametrize("inference_tokens", [1e14, 4e14])
def test_a_served_plan_spends_its_budget_at_either_end(
    boot_240: sn.Bootstrap, inference_tokens: float
) -> None:
    plan = sn.allocate(boot_240, 1e25, inference_tokens=inference_tokens)
    ends = {name: plan.interval(name) for name in FIELDS}
    # Where the size takes all for use, no token is left.
    assert ends["tokens"].low == ends["tokens_per_param"].low == 0.0
    size = ends["params"].low
    assert ends["params"].high <= 1e25 / 2 / inference_tokens * (1 + 1e-9)
    left = plan.budget.tokens(plan.flops, np.array([size]))[0]
    assert ends["tokens"].high == pytest.approx(left, rel=0.05)
    assert ends["loss"].high / ends["loss"].low < 1.5


@pytest.mark.parametrize("inference_tokens", [1e12, 1e13, 1e14])
def test_the_loss_of_a_served_plan_is_as_unsure_as_that_of_its_training(
    boot_240: sn.Bootstrap, inference_tokens: float
) -> None:
    wide, plain = pair(boot_240, BEYOND, inference_tokens=inference_tokens)
    trained = pair(boot_240, wide.factor[0] * wide.reach)
    one, other = (
        added(*(plan.interval("loss") for plan in plans))
        for plans in ((wide, plain), trained)
    )
    assert one == pytest.approx(other, rel=1e-6)
    assert min(one) > 0.01


@pytest.mark.parametrize("unique_tokens", [1e10, 3e11, 2e12, 1e14])
def test_no_end_has_more_tokens_than_there_are(
    boot_240: sn.Bootstrap, unique_tokens: float
) -> None:
    plan = sn.allocate(boot_240, BEYOND, unique_tokens=unique_tokens)
    ends = {name: plan.interval(name) for name in FIELDS}
    assert ends["tokens"].high <= unique_tokens * (1 + 1e-9)
    assert ends["params"].low >= BEYOND / 6 / unique_tokens * (1 - 1e-9)
    for one in ends.values():
        assert one.low <= one.value * (1 + 1e-12)
        assert one.value <= one.high * (1 + 1e-12)
    plain = sn.allocate(boot_240, BEYOND, unique_tokens=unique_tokens, calibration=None)
    for name, one in ends.items():
        assert one.low <= plain.interval(name).low * (1 + 1e-9)
        assert one.high >= plain.interval(name).high * (1 - 1e-9)
    if unique_tokens == 1e14:
        free = sn.allocate(boot_240, BEYOND)
        for name in FIELDS:
            assert ends[name].high == pytest.approx(free.interval(name).high)


def test_an_active_share_of_params_counts_on_both_sides(
    boot_240: sn.Bootstrap,
) -> None:
    """A quarter of the compute a token makes a quarter of the largest run, too."""
    dense = sn.allocate(boot_240, BEYOND)
    sparse = sn.allocate(boot_240, BEYOND / 4, flops_per_param_token=1.5)
    assert sparse.params == pytest.approx(dense.params)
    assert sparse.factor == pytest.approx(dense.factor)
    assert sparse.interval("params").low == pytest.approx(dense.interval("params").low)


def test_a_profile_knows_its_largest_budget(chinchilla_240: pd.DataFrame) -> None:
    profile = sn.isoflop(chinchilla_240, budgets=[1e19, 1e20, 1e21], n_resamples=100)
    assert profile.boot.reach == pytest.approx(1e21, rel=0.2)
    wide, plain = pair(profile, 1e23)
    for name in ("params", "tokens", "tokens_per_param"):
        assert wide.interval(name).low < plain.interval(name).low
    assert np.isnan(wide.table()["loss_low"]).all()


def test_a_law_or_fit_has_no_interval(fit_240: sn.Fit) -> None:
    for law, reach in ((fit_240.law, np.nan), (fit_240, fit_240.reach)):
        plan = sn.allocate(law, BEYOND)
        assert plan.reach == pytest.approx(reach, nan_ok=True)
        assert not any(name.endswith("_low") for name in plan.table())
        with pytest.raises(sn.DataError, match="No interval"):
            plan.interval("params")


def test_a_law_of_compute_alone_has_no_reach() -> None:
    flops = np.geomspace(1e18, 1e21, 8)
    loss = 1.2 + 0.8 * (flops / 1e21) ** -0.15
    fit = sn.fit_law(sn.laws.PowerLaw, flops, loss)
    assert np.isnan(fit.reach)


# Which runs to buy


@pytest.mark.parametrize("quantity", ["loss", "params"])
def test_the_form_is_less_far_off_with_larger_runs(
    fit_240: sn.Fit, quantity: str
) -> None:
    pool = {"params": [3e8, 3e10], "tokens": [6e9, 5e11]}
    how = {"flops": 1e23, "quantity": quantity, "candidates": pool}
    far = sn.next_runs(fit_240, target_flops=1e25, **how)  # type: ignore[arg-type]
    assert 0 < far.form_after < far.form_before
    assert "The form itself may be off by" in repr(far)
    small = sn.next_runs(fit_240, target_flops=1e25, **how | {"flops": 1e21})  # type: ignore[arg-type]
    assert small.form_after == small.form_before == pytest.approx(far.form_before)
    inside = sn.next_runs(fit_240, target_flops=1e21, **how)  # type: ignore[arg-type]
    assert inside.form_before == inside.form_after == 0.0


def test_the_form_is_as_far_off_as_other_sweeps_were(fit_240: sn.Fit) -> None:
    assert KNOWN is not None
    found = sn.next_runs(fit_240, flops=1e21, target_flops=1e25, quantity="params")
    spread = KNOWN.size_spread(np.array([1e25 / fit_240.reach]))
    assert found.form_before == pytest.approx(spread[0])


def test_without_calibration_nothing_is_said_of_the_form(fit_240: sn.Fit) -> None:
    one, other = (
        sn.next_runs(fit_240, flops=1e23, target_flops=1e25, calibration=known)
        for known in (None, FAMILIES)
    )
    assert np.isnan([one.form_before, one.form_after]).all()
    assert "form" not in repr(one)
    pd.testing.assert_frame_equal(one.runs, other.runs)
    assert (one.before, one.after) == (other.before, other.after)
