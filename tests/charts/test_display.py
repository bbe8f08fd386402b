"""Our charts keep their look, and the user's own keep theirs."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pytest

from scaling_notes import charts
from scaling_notes.charts._display import HConcatChart, LayerChart, ours
from scaling_notes.charts._theme import LIGHT, MIME

FRAME = pd.DataFrame({"params": [1e8, 1e9, 1e10], "loss": [3.0, 2.5, 2.2]})
SAYS = "Loss falls with params."


def dots() -> Any:
    return charts.points(FRAME, "params", "loss")


def chart() -> Any:
    return charts.layer(dots(), description=SAYS)


def shown(drawn: Any) -> dict[str, Any]:
    data = drawn._repr_mimebundle_(None, None)
    return data[0] if isinstance(data, tuple) else data  # type: ignore[no-any-return]


def test_importing_the_room_changes_nothing_of_altair() -> None:
    code = (
        "import altair as alt\n"
        "def state():\n"
        "    return (alt.renderers.active, alt.theme.active,\n"
        "            alt.data_transformers.active, alt.data_transformers.options)\n"
        "before = state()\n"
        "from scaling_notes import charts\n"
        "assert state() == before, state()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_charts_of_the_user_show_as_without_us() -> None:
    """They failed for want of a description, and wore our theme."""
    shown(chart())
    own = alt.Chart(FRAME).mark_point().encode(x="params", y="loss")
    data = shown(own)
    assert MIME not in data
    assert own.to_dict()["config"] != LIGHT
    large = pd.DataFrame({"x": np.arange(6000.0)})
    with pytest.raises(alt.MaxRowsError):
        alt.Chart(large).mark_point().encode(x="x").to_dict()


def test_settings_of_the_user_are_left_and_do_not_reach_ours() -> None:
    plain = shown(chart())
    with (
        alt.theme.enable("dark"),
        alt.renderers.enable("mimetype"),
        alt.data_transformers.enable("default", max_rows=2),
    ):
        assert shown(chart()) == plain
        assert chart().to_dict() == chart().to_dict()
        assert alt.theme.active == "dark"
        assert alt.renderers.active == "mimetype"
        assert alt.data_transformers.options == {"max_rows": 2}
    assert set(plain) == {MIME, "text/plain"}
    assert plain[MIME]["config"] == LIGHT


def test_a_chart_that_cannot_be_written_leaves_the_settings() -> None:
    before = alt.theme.active
    size = np.geomspace(1, 2, 20_001)
    crowd = charts.points(
        pd.DataFrame({"params": size, "loss": size}), "params", "loss"
    )
    with pytest.raises(alt.MaxRowsError, match="20000"):
        crowd.to_dict()
    assert alt.theme.active == before


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.properties(height=100),
        lambda c: c.copy(),
        copy.deepcopy,
        lambda c: pickle.loads(pickle.dumps(c)),
        lambda c: c.add_params(alt.param(name="cut", value=1)),
        lambda c: c.resolve_scale(y="independent"),
        lambda c: c.facet("loss:N", data=FRAME).properties(description=SAYS),
        lambda c: (dots() + dots()).properties(description=SAYS),
        lambda c: (c | c).properties(description=SAYS),
        lambda c: (c & c).properties(description=SAYS),
        lambda c: ours(alt.concat(c, c)).properties(description=SAYS),
        lambda c: dots().repeat(["loss"]).properties(description=SAYS),
    ],
)
def test_what_is_made_of_ours_is_ours(change: Callable[[Any], Any]) -> None:
    found = shown(change(chart()))
    assert found[MIME]["config"] == LIGHT
    assert found["text/plain"] == SAYS


def test_charts_are_of_altairs_kinds() -> None:
    assert isinstance(chart(), alt.LayerChart)
    assert type(chart()) is LayerChart
    pair = charts.beside(chart(), chart(), description=SAYS)
    assert isinstance(pair, alt.HConcatChart)
    assert type(pair) is HConcatChart
    assert ours(3) == 3
