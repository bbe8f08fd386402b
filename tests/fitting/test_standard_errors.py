"""Points that are known better than others weigh more."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import curve_fit

import scaling_notes as sn


def accuracies() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x, shares of problems unsolved, and their binomial standard errors."""
    rng = np.random.default_rng(0)
    x = np.geomspace(1, 1000, 40)
    share = sn.laws.PowerLaw(E=0.1, A=0.8, alpha=0.3).value(x)
    problems = rng.integers(50, 5000, 40)
    return (
        x,
        rng.binomial(problems, share) / problems,
        np.sqrt(share * (1 - share) / problems),
    )


def test_standard_errors_weigh_points_as_curve_fit_does() -> None:
    x, y, error = accuracies()
    fit = sn.fit_law(sn.laws.PowerLaw, x, y, standard_error=error, delta=np.inf)
    known, _ = curve_fit(
        lambda x, E, A, alpha: np.log(E + A * x**-alpha),
        x,
        np.log(y),
        p0=[0.1, 0.8, 0.3],
        sigma=error / y,
    )
    assert list(fit.estimates.values()) == pytest.approx(list(known), rel=1e-5)
    # Residuals are on the law's scale still; in standard errors they have unit size.
    scaled = fit.residuals * y / error
    assert 0.7 < scaled.std() < 1.3
    plain = sn.fit_law(sn.laws.PowerLaw, x, y)
    assert abs(fit["E"] - 0.1) < abs(plain["E"] - 0.1)


def test_intervals_follow_standard_errors() -> None:
    law = sn.laws.Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
    n, d = np.meshgrid(np.geomspace(5e7, 1e10, 6), np.geomspace(1e9, 3e11, 6))
    frame = pd.DataFrame({"params": n.ravel(), "tokens": d.ravel()})
    rng = np.random.default_rng(1)
    frame["se"] = np.where(rng.random(36) < 0.5, 0.002, 0.1)
    frame["loss"] = law.value(frame["params"], frame["tokens"])
    frame["loss"] += frame["se"] * rng.standard_normal(36)
    weighed = sn.fit_chinchilla(frame, standard_error="se")
    assert weighed.delta == pytest.approx(1.345, rel=0.4)
    one = weighed.bootstrap(300).interval("alpha")
    two = sn.fit_chinchilla(frame).bootstrap(300).interval("alpha")
    assert law.alpha in one
    assert one.high - one.low < 0.5 * (two.high - two.low)
    check = weighed.profile("alpha")
    assert 0.4 < (check.high - check.low) / (one.high - one.low) < 1.5
    with pytest.raises(sn.DataError, match=r"'se' must be finite and positive.*row 3"):
        sn.fit_chinchilla(
            frame.assign(se=frame["se"].where(frame.index != 3, 0.0)),
            standard_error="se",
        )
