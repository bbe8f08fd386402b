"""The summary over papers: by hand, by symmetry, and by coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scaling_notes as sn

SEEDS = st.integers(0, 10_000)


def draw(seed: int, papers: int, between: float, within: float) -> tuple:
    """Return estimates around zero, their errors, their papers, and a new paper."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(papers), rng.integers(1, 4, papers))
    error = rng.uniform(0.5, 2.0, len(group))
    estimate = (between * rng.normal(size=papers))[group]
    estimate = estimate + np.hypot(within, error) * rng.normal(size=len(group))
    return estimate, error, group, np.hypot(between, within) * rng.normal()


def test_one_setting_a_paper_and_equal_errors_by_hand() -> None:
    y = np.array([1.0, 2.0, 4.0, 5.0, 8.0])
    found = sn.random_effects(y, np.full(5, 0.5), list("abcde"))
    assert found.mean == pytest.approx(4.0)
    assert found.within == 0.0
    # REML: the variance of the estimates less that of their errors.
    assert found.between**2 == pytest.approx(y.var(ddof=1) - 0.25, rel=1e-4)
    assert found.standard_error == pytest.approx(np.sqrt(y.var(ddof=1) / 5), rel=1e-4)
    # Student's t with four degrees of freedom is 2.776 at 97.5 %.
    assert found.interval().high - 4.0 == pytest.approx(
        2.7764 * found.standard_error, rel=1e-3
    )


def test_balanced_settings_by_hand() -> None:
    rng = np.random.default_rng(3)
    y = 3 * rng.normal(size=(6, 1)) + rng.normal(size=(6, 4))
    error = np.full(24, 0.1)
    found = sn.random_effects(y.ravel(), error, np.repeat(list("abcdef"), 4))
    # The analysis of variance: settings within papers, then the means of papers.
    inside = y.var(axis=1, ddof=1).mean()
    assert found.within**2 == pytest.approx(inside - 0.01, rel=1e-3)
    assert found.between**2 == pytest.approx(
        y.mean(axis=1).var(ddof=1) - inside / 4, rel=1e-3
    )


def test_without_spread_it_is_the_weighted_mean() -> None:
    y, error = np.array([1.0, 1.1, 0.9, 1.0]), np.array([1.0, 2.0, 1.0, 0.5])
    found = sn.random_effects(y, error, list("abcd"))
    assert found.between == 0.0
    assert found.mean == pytest.approx(np.average(y, weights=error**-2.0))
    # Nothing is learned from a scatter below that of the errors.
    assert found.standard_error == pytest.approx((error**-2.0).sum() ** -0.5)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, shift=st.floats(-50, 50), scale=st.floats(0.01, 100))
def test_it_moves_and_stretches_with_the_estimates(
    seed: int, shift: float, scale: float
) -> None:
    y, error, group, _ = draw(seed, 6, 1.0, 0.5)
    one = sn.random_effects(y, error, group)
    two = sn.random_effects(shift + scale * y, scale * error, group)
    assert two.mean == pytest.approx(shift + scale * one.mean, abs=1e-3 * scale)
    assert two.between == pytest.approx(scale * one.between, abs=1e-3 * scale)
    ends = [one.prediction().low, one.prediction().high]
    assert [two.prediction().low, two.prediction().high] == pytest.approx(
        shift + scale * np.array(ends), abs=1e-2 * scale
    )


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    y, error, group, _ = draw(seed, 5, 1.0, 1.0)
    order = np.random.default_rng(seed).permutation(len(y))
    one = sn.random_effects(y, error, group)
    two = sn.random_effects(y[order], error[order], group[order])
    assert two.mean == pytest.approx(one.mean, abs=1e-6)
    assert two.between == pytest.approx(one.between, abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_the_next_paper_is_less_certain_than_the_mean(seed: int) -> None:
    y, error, group, _ = draw(seed, 6, 1.0, 0.5)
    found = sn.random_effects(y, error, group)
    inner, outer = found.interval(), found.prediction()
    wider = found.prediction(standard_error=1.0)
    assert wider.low < outer.low <= inner.low <= inner.high <= outer.high < wider.high
    assert found.prediction(0.8).low >= outer.low


@pytest.mark.parametrize("papers", [5, 8, 12])
def test_coverage(papers: int) -> None:
    held = np.zeros(3)
    for seed in range(150):
        y, error, group, new = draw(1000 * papers + seed, papers, 2.0, 1.0)
        found = sn.random_effects(y, error, group)
        held += [
            0 in found.interval(),
            new in found.prediction(),
            new in found.prediction(0.8),
        ]
    mean, next_paper, inner = held / 150
    # Three standard errors of 150 draws are 0.05 and 0.1.
    assert mean > 0.9
    assert next_paper > 0.9
    assert 0.7 < inner < 0.9


def test_each_paper_is_predicted_from_the_others() -> None:
    y, error, group, _ = draw(5, 6, 1.0, 0.5)
    scored = sn.random_effects(y, error, group).leave_one_out(0.8)
    assert scored["estimate"].tolist() == y.tolist()
    rest = group != 0
    others = sn.random_effects(y[rest], error[rest], group[rest])
    first = others.prediction(0.8, standard_error=error[0])
    assert scored["low"][0] == pytest.approx(first.low)
    assert scored["held"][0] == (first.low <= y[0] <= first.high)


def test_few_papers_are_flagged_or_refused() -> None:
    four = sn.random_effects([1.0, 2.0, 3.0, 4.0], [1.0] * 4, list("abcd"))
    assert "unverified below 6 groups" in four.interval().how
    assert "unverified below 6 groups" in four.prediction().how
    assert "4 groups" in repr(four)
    with pytest.raises(sn.DataError, match="3 groups are too few"):
        sn.random_effects([1.0, 2.0, 3.0, 4.0], [1.0] * 4, list("abcc"))
    with pytest.raises(sn.DataError, match="3 groups are too few"):
        four.leave_one_out()
    six = sn.random_effects(np.arange(6.0), np.ones(6), list("abcdef"))
    assert "unverified" not in six.prediction().how


@pytest.mark.parametrize(
    ("estimates", "errors", "groups", "words"),
    [
        ([1, 2, 3, np.nan], [1, 1, 1, 1], "abcd", "place 3"),
        ([1, 2, 3, 4], [1, 0, 1, 1], "abcd", "place 1"),
        ([1, 2, 3, 4], [1, 1, 1], "abcd", "shapes"),
        ([1, 2, 3, 4, 5], [1] * 5, ["a", "b", "c", "d", None], "place 4 is missing"),
        ([1, 2, 3, 4], [1] * 4, 7, "shapes"),
    ],
)
def test_what_cannot_be_used_is_refused(
    estimates: list, errors: list, groups: object, words: str
) -> None:
    named = list(groups) if isinstance(groups, str) else groups
    with pytest.raises(sn.DataError, match=words):
        sn.random_effects(estimates, errors, named)
