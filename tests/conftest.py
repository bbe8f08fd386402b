"""What several test files need."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, settings

import scaling_notes as sn

# The same examples everywhere, and as much time for each as a busy machine takes.
settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def chinchilla_240() -> pd.DataFrame:
    """The 240 runs of the replication's main fit."""
    runs = sn.load("besiroglu2024_chinchilla_points")
    return runs[runs["dropped_in_refit"] == 0]


@pytest.fixture(scope="session")
def fit_240(chinchilla_240: pd.DataFrame) -> sn.Fit:
    """The fit to them with the threshold of Hoffmann et al."""
    return sn.fit_chinchilla(chinchilla_240, delta=1e-3)


@pytest.fixture(scope="session")
def boot_240(fit_240: sn.Fit) -> sn.Bootstrap:
    """Its bootstrap."""
    return fit_240.bootstrap(1000, seed=0)
