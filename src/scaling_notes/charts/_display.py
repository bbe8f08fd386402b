"""Charts that carry their look with them, and leave Altair's settings alone.

Altair has one theme, one renderer and one limit of rows for all charts of a
process. Ours are set while a chart of ours is written, and reset after: charts that
users draw with Altair look and show as they do without us.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import altair as alt

from ._theme import LIGHT, bundle

__all__ = ["Chart", "ours"]

_NAME = "scaling_notes"
_ROWS = 20_000


@alt.theme.register(_NAME, enable=False)
def _theme() -> alt.theme.ThemeConfig:
    return {"config": LIGHT}  # type: ignore[typeddict-item]


alt.renderers.register(_NAME, bundle)


@contextmanager
def _settings() -> Iterator[None]:
    with (
        alt.theme.enable(_NAME),
        alt.data_transformers.enable(
            "default", consolidate_datasets=False, max_rows=_ROWS
        ),
        alt.renderers.enable(_NAME),
    ):
        yield


class _Ours:
    """What a chart does otherwise than Altair's: write itself in our look."""

    def to_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        if not (kwargs.get("context") or {}).get("top_level", True):
            return super().to_dict(*args, **kwargs)  # type: ignore[misc]
        with _settings():
            return super().to_dict(*args, **kwargs)  # type: ignore[misc]

    def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> Any:
        with _settings():
            return super()._repr_mimebundle_(*args, **kwargs)  # type: ignore[misc]

    def __add__(self, other: Any) -> Any:
        return ours(super().__add__(other))  # type: ignore[misc]

    def __and__(self, other: Any) -> Any:
        return ours(super().__and__(other))  # type: ignore[misc]

    def __or__(self, other: Any) -> Any:
        return ours(super().__or__(other))  # type: ignore[misc]

    def facet(self, *args: Any, **kwargs: Any) -> Any:
        return ours(super().facet(*args, **kwargs))  # type: ignore[misc]

    def repeat(self, *args: Any, **kwargs: Any) -> Any:
        return ours(super().repeat(*args, **kwargs))  # type: ignore[misc]


# The names are Altair's: it makes names of views from them.


class Chart(_Ours, alt.Chart):
    """One mark."""


class LayerChart(_Ours, alt.LayerChart):
    """Marks on the same axes."""


class FacetChart(_Ours, alt.FacetChart):
    """The same marks for every value of a column."""


class RepeatChart(_Ours, alt.RepeatChart):
    """The same marks for every column."""


class ConcatChart(_Ours, alt.ConcatChart):
    """Charts in rows."""


class HConcatChart(_Ours, alt.HConcatChart):
    """Charts side by side."""


class VConcatChart(_Ours, alt.VConcatChart):
    """Charts one below the other."""


_OURS = {
    kind.__bases__[1]: kind
    for kind in (
        Chart,
        LayerChart,
        FacetChart,
        RepeatChart,
        ConcatChart,
        HConcatChart,
        VConcatChart,
    )
}


def ours(chart: Any) -> Any:
    """Return a chart that Altair made as one of ours: the same, in our look."""
    kind = _OURS.get(type(chart))
    if kind is not None:
        # Altair's own assignment would write a property of the chart.
        object.__setattr__(chart, "__class__", kind)
    return chart
