"""What a law says beyond its runs, with an interval that knows how forms miss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..engine import transform
from ..laws._law import Array
from ._bootstrap import Bootstrap, add_residual
from ._calibration import Calibration, student
from ._nearest import nearest

__all__ = ["LawForecast"]

# Where a law has reached a limit of its response to the last digit, the scale of
# residuals would be infinite.
_LIMITS = {
    "log": (np.finfo(float).tiny, np.finfo(float).max),
    "linear": (-np.inf, np.inf),
    "logit": (np.finfo(float).tiny, 1 - np.finfo(float).epsneg),
    "loglog": (np.finfo(float).tiny, 1 - np.finfo(float).epsneg),
}


@dataclass(frozen=True, eq=False)
class LawForecast:
    """A law beyond its runs.

    Attributes
    ----------
    boot : Bootstrap
        Refits of the law.
    fitted : DataFrame
        Inputs of the runs behind it.
    calibration : Calibration or None
        How other forecasts missed; None for plain intervals.
    """

    boot: Bootstrap
    fitted: pd.DataFrame
    calibration: Calibration | None

    @property
    def how(self) -> str:
        """What forecasts and intervals rest on."""
        if self.calibration is None:
            return "plain extrapolation, which knows nothing of a wrong form"
        return f"law extrapolated, {self.calibration.how}"

    @property
    def messages(self) -> tuple[str, ...]:
        """What there is to doubt beside the fit: nothing."""
        return ()

    def at(self, new: pd.DataFrame, confidence_level: float) -> pd.DataFrame:
        """Return ``forecast``, ``low`` and ``high`` of new runs.

        Parameters
        ----------
        new : DataFrame
            The inputs of the law.
        confidence_level : float
        """
        law = self.boot.law
        inputs = {name: new[name] for name in law.inputs}
        band = self.boot.band(confidence_level, "prediction", **inputs)
        values = [band[n].to_numpy() for n in (law.response, "low", "high")]
        if self.calibration is not None:
            by = student(confidence_level) * self.calibration.change_share
            values = self._wider(values, by * self._change(new))
        columns = dict(zip(("forecast", "low", "high"), values, strict=True))
        return pd.DataFrame(columns, index=new.index)

    def _change(self, new: pd.DataFrame) -> Array:
        """Return how far the law goes from the nearest run, on the law's scale."""
        law, names = self.boot.law, list(self.boot.law.inputs)
        near = self.fitted.iloc[nearest(self.fitted[names], new[names])]
        there, here = (
            _on(law.scale, law.value(*(x[n].to_numpy(float) for n in names)))
            for x in (near, new)
        )
        return np.asarray(np.abs(here - there))

    def _wider(self, values: list[Array], by: Array) -> list[Array]:
        """Return value, low and high with an independent error added to each side."""
        scale = self.boot.law.scale
        middle = _on(scale, values[0])
        sides = np.array([_on(scale, end) - middle for end in values[1:]])
        # One scale falls as the response rises.
        down, up = np.minimum(sides.min(axis=0), 0), np.maximum(sides.max(axis=0), 0)
        with np.errstate(over="ignore"):
            ends = [
                add_residual(scale, _inside(scale, values[0]), move)
                for move in (-np.hypot(down, by), np.hypot(up, by))
            ]
        around = np.array([values[0], *ends])
        return [values[0], around.min(axis=0), around.max(axis=0)]


def _inside(scale: str, value: Array) -> Array:
    return np.clip(value, *_LIMITS[scale])


def _on(scale: str, value: Array) -> Array:
    """Return a response on the scale of residuals, finite at its limits."""
    return transform(scale, _inside(scale, value))
