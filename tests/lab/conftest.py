"""A small language: the tests need exactness, not size."""

from __future__ import annotations

import pytest

import scaling_notes as sn


@pytest.fixture(scope="session")
def small() -> sn.lab.Language:
    return sn.lab.language(seed=3, symbols=6, features=32)
