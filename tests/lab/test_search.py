"""Search with a verifier: exact chances against enumeration and simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scaling_notes as sn


@pytest.fixture(scope="module")
def able(small: sn.lab.Language) -> sn.lab.Model:
    return sn.lab.train(sn.lab.model(small, 12), 20_000)


@pytest.fixture(scope="module")
def tasks(small: sn.lab.Language) -> np.ndarray:
    return sn.lab.problems(small, 40, 3, seed=1)


def test_problems_follow_the_language(small: sn.lab.Language) -> None:
    V, n = small.symbols, 200_000
    rows = sn.lab.problems(small, n, 2, seed=0)
    assert rows.shape == (n, 5)
    for at in (0, 1):  # both symbols of the answer, after the three before
        context = (rows[:, at] * V + rows[:, at + 1]) * V + rows[:, at + 2]
        counts = np.zeros(small.P.shape)
        np.add.at(counts, (context, rows[:, at + 3]), 1)
        expected = n * small.joint
        chi2 = ((counts - expected) ** 2 / expected).sum()
        degrees = counts.size - 1
        assert abs(chi2 - degrees) < 4 * np.sqrt(2 * degrees)
    assert np.array_equal(rows, sn.lab.problems(small, n, 2, seed=0))


def test_chances_are_those_of_the_model(able: sn.lab.Model, tasks: np.ndarray) -> None:
    V = able.language.symbols
    P = np.exp(able.log_probabilities).reshape(V, V, V, V)
    for row, chance in zip(tasks, sn.lab.chances(able, tasks), strict=True):
        for i, p in enumerate(chance):
            assert p == pytest.approx(P[tuple(row[i : i + 4])], rel=1e-6)


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=3),
    st.integers(1, 6),
)
def test_search_equals_enumeration(chances: list[float], k: int) -> None:
    whole, checked = 0.0, 0.0
    for tries in itertools.product([True, False], repeat=k):
        found, p_path = 0, 1.0
        for hit in tries:
            p = chances[found] if found < len(chances) else 1.0
            p_path *= p if hit else 1 - p
            found += hit and found < len(chances)
        checked += p_path * (found == len(chances))
        p = float(np.prod(chances))
        weight = np.prod([p if hit else 1 - p for hit in tries])
        whole += weight * any(tries)
    assert sn.lab.search([chances], k)[0] == pytest.approx(whole, abs=1e-9)
    by_symbol = sn.lab.search([chances], k, check="symbol")[0]
    assert by_symbol == pytest.approx(checked, abs=1e-9)


def test_search_is_exact_where_floats_are_short() -> None:
    assert sn.lab.search([[1e-12]], 10**9)[0] == pytest.approx(1e-3, rel=1e-3)
    assert sn.lab.search([[1e-9, 1e-9]], 1)[0] == pytest.approx(1e-18, rel=1e-9)
    assert sn.lab.search([[0.0, 1.0]], 10**6).tolist() == [0.0]
    assert sn.lab.search([[1.0, 1.0]], 1).tolist() == [1.0]


def test_beam_equals_search_by_hand(able: sn.lab.Model, tasks: np.ndarray) -> None:
    V = able.language.symbols
    P = able.log_probabilities.reshape(V, V, V, V)
    for width in (1, 4, V**3):
        by_hand = []
        for row in tasks.tolist():
            kept = [(0.0, tuple(row[:3]))]
            for _ in range(3):
                new = [
                    (score + float(P[(*text[-3:], x)]), (*text, x))
                    for score, text in kept
                    for x in range(V)
                ]
                kept = sorted(new, reverse=True)[:width]
            by_hand.append(tuple(row) in [text for _, text in kept])
        assert sn.lab.beam(able, tasks, width).tolist() == by_hand
    assert all(by_hand)  # the widest beam holds every answer


@pytest.mark.parametrize(
    ("arguments", "word"),
    [({"n": 0}, "n is 0"), ({"length": 0}, "length"), ({"seed": -1}, "seed")],
)
def test_bad_problems_are_refused(
    small: sn.lab.Language, arguments: dict, word: str
) -> None:
    with pytest.raises(sn.DataError, match=word):
        sn.lab.problems(small, **{"n": 3, "length": 2, **arguments})


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        (np.zeros((0, 5), int), "shape"),
        (np.zeros((2, 3), int), "shape"),
        (np.zeros((2, 5)), "whole numbers"),
        (np.full((2, 5), 6), "outside 0 to 5"),
        (np.full((2, 5), -1), "outside 0 to 5"),
    ],
)
def test_foreign_problems_are_refused(
    able: sn.lab.Model, rows: np.ndarray, word: str
) -> None:
    with pytest.raises(sn.DataError, match=word):
        sn.lab.chances(able, rows)
    with pytest.raises(sn.DataError, match=word):
        sn.lab.beam(able, rows, 1)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"chances": []}, "chances"),
        ({"chances": [0.5]}, "chances"),
        ({"chances": [[1.5]]}, "chances"),
        ({"chances": [[float("nan")]]}, "chances"),
        ({"k": 0}, "k is 0"),
        ({"check": "page"}, "check"),
    ],
)
def test_bad_searches_are_refused(arguments: dict, word: str) -> None:
    with pytest.raises(sn.DataError, match=word):
        sn.lab.search(**{"chances": [[0.5]], "k": 1, **arguments})


@pytest.mark.parametrize("width", [0, 4097, 1.5])
def test_bad_beams_are_refused(
    able: sn.lab.Model, tasks: np.ndarray, width: float
) -> None:
    with pytest.raises(sn.DataError, match="width"):
        sn.lab.beam(able, tasks, width)
