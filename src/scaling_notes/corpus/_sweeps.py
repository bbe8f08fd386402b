"""Sweeps of size and tokens in the corpus, by family: what forecasts are judged on."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ..accounting import training_flops
from ..errors import DataError
from ._tables import load

__all__ = ["sweeps"]

_COLUMNS = ["params", "tokens", "flops", "loss"]
_SETTING = ["dataset", "hparams", "warmup", "decay", "params_counted", "loss_kind"]


def sweeps(family: str) -> dict[str, pd.DataFrame]:
    """Return the sweeps of a family by name.

    Sweeps of one family share a laboratory, a data pipeline or runs, so that they
    count as one wherever forecasts are judged.

    Parameters
    ----------
    family : str
        One of those that calibrations are of: ``"hoffmann"``, ``"llama3"``,
        ``"gemstones"`` (constant learning rate, and cooled down), ``"gadre"`` (three
        training sets, loss on C4) and ``"porian"`` (fifteen settings); or one that
        they have not seen: ``"step_law"`` (dense and mixture of experts, the best
        learning rate and batch), ``"openeurollm"``, ``"laboratory"`` (means over
        seeds), ``"sparse_t5"`` and ``"sparse_vit"`` (params that are not zero).

    Returns
    -------
    dict of str to DataFrame
        ``params``, ``tokens``, ``flops`` and ``loss``, one row a run.

    Raises
    ------
    DataError
        If there is no such family.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> list(sn.corpus.sweeps("gadre"))
    ['c4', 'rpj', 'rw']
    """
    known = {
        "hoffmann": _hoffmann,
        "llama3": lambda: {"llama3": load("czech2026_llama3_isoflop")},
        "gemstones": _gemstones,
        "gadre": _gadre,
        "porian": _porian,
        "step_law": _step_law,
        "openeurollm": _openeurollm,
        "laboratory": _laboratory,
        "sparse_t5": _sparse_t5,
        "sparse_vit": _sparse_vit,
    }
    if family not in list(known):
        raise DataError(f"There is no family {family!r}; there are {', '.join(known)}.")
    return {name: _plain(runs) for name, runs in known[family]().items()}


def _plain(runs: pd.DataFrame) -> pd.DataFrame:
    if "flops" not in runs:
        runs = runs.assign(flops=training_flops(runs["params"], runs["tokens"]))
    return runs[_COLUMNS].reset_index(drop=True)


def _by(runs: pd.DataFrame, columns: list[str]) -> dict[str, pd.DataFrame]:
    return {" ".join(map(str, key)): some for key, some in runs.groupby(columns)}


def _hoffmann() -> Mapping[str, pd.DataFrame]:
    runs = load("besiroglu2024_chinchilla_points")
    return {"hoffmann": runs[runs["dropped_in_refit"] == 0]}


def _gemstones() -> Mapping[str, pd.DataFrame]:
    runs = load("mcleish2025_gemstones")
    main = runs[runs["schedule"].isin(["constant", "cooldown_end"])]
    return _by(main, ["schedule"])


def _gadre() -> Mapping[str, pd.DataFrame]:
    runs = load("gadre2024_all_runs")
    return _by(runs.assign(loss=runs["loss_c4_val"]), ["dataset"])


def _porian() -> Mapping[str, pd.DataFrame]:
    return _by(load("porian2024_isoflop_points"), _SETTING)


def _step_law() -> Mapping[str, pd.DataFrame]:
    dense = load("li2025_steplaw_dense_runs")
    dense = dense.assign(params=dense["params_non_embedding"])
    experts = load("li2025_steplaw_moe_runs")
    experts = experts.assign(params=experts["params_active"])
    found = {"dense": dense, "mixture of experts": experts}
    return {name: _best_setting(runs) for name, runs in found.items()}


def _best_setting(runs: pd.DataFrame) -> pd.DataFrame:
    return runs.groupby(["params", "tokens"])[["loss"]].min().reset_index()


def _openeurollm() -> Mapping[str, pd.DataFrame]:
    runs = load("openeurollm2025_optimal_hparams")
    return {"openeurollm": runs.assign(params=runs["params_non_embedding"])}


def _laboratory() -> Mapping[str, pd.DataFrame]:
    found = {"isoflop": load("lab_isoflop"), "wide": load("lab_wide")}
    found |= _by(load("lab_languages"), ["language_seed", "exponent"])
    return {name: _over_seeds(runs) for name, runs in found.items()}


def _over_seeds(runs: pd.DataFrame) -> pd.DataFrame:
    means = runs.groupby(["budget", "params"])[["tokens", "flops", "loss"]].mean()
    return means.reset_index()


def _sparse_t5() -> Mapping[str, pd.DataFrame]:
    runs = load("frantar2023_t5_points")
    return {"sparse_t5": runs.assign(params=runs["params_nonzero"])}


def _sparse_vit() -> Mapping[str, pd.DataFrame]:
    runs = load("frantar2023_vit_points")
    names = {"params_nonzero": "params", "train_examples": "tokens"}
    return {"sparse_vit": runs.rename(columns=names)}
