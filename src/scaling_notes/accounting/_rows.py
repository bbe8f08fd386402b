"""Read a row of the table of published architectures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import DataError
from ._checks import whole
from ._feed_forward import Experts, FeedForward
from ._layer import Layer
from ._mixers import Attention, LatentAttention, StateSpace

__all__ = ["read_row"]

# What the column extra may say. Named groups become whole numbers or flags.
_PHRASES = (
    r"(?P<tied>tied embeddings)",
    r"(?P<alternating>alternating )?window (?P<window>\d+)",
    r"(?P<n_experts>\d+) experts top (?P<experts_per_token>\d+)"
    r"(?: \+(?P<n_shared>\d+) shared)?",
    r"expert_d_ff (?P<expert_d_ff>\d+)",
    r"first (?P<first>\d+) dense",
    r"every (?P<every>\d+) layers",
    r"kv_lora_rank (?P<kv_lora_rank>\d+)",
    r"q_lora_rank (?P<q_lora_rank>\d+)",
    r"rope_dim (?P<rope_dim>\d+)",
    r"(?P<n_attention>\d+) attention \+ (?P<n_state>\d+) Mamba layers",
    r"d_state (?P<d_state>\d+)",
    r"d_conv (?P<d_conv>\d+)",
    r"expand (?P<expand>\d+)",
)
# What it may say of each kind of attention, and of experts.
_WINDOWS = {"window", "alternating"}
_STATE = {"d_state", "d_conv", "expand"}
_KINDS = {
    "MHA": _WINDOWS,
    "GQA": _WINDOWS,
    "MQA": _WINDOWS,
    "MLA": {"kv_lora_rank", "q_lora_rank", "rope_dim"},
    "SSM": _STATE,
    "hybrid": {"n_attention", "n_state", *_STATE},
}
_EXPERTS = {
    *("n_experts", "experts_per_token", "n_shared"),
    *("expert_d_ff", "first", "every"),
}


def read_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a shape."""
    extra = _read_extra(row.get("extra"))
    kind = row.get("attention")
    if kind not in _KINDS:
        raise DataError(f"attention is {kind!r}; give one of {', '.join(_KINDS)}.")
    sparse = "n_experts" in extra and kind != "SSM"
    idle = extra.keys() - _KINDS[kind] - (_EXPERTS if sparse else set()) - {"tied"}
    if idle:
        raise DataError(
            f"extra gives {', '.join(sorted(idle))}, of which {kind}"
            f"{' with experts' if sparse else ''} makes no use; correct one of them, "
            "or build a Shape from its layers."
        )
    n_layers = _number(row, "n_layers")
    mixers = _mixers(row, extra, n_layers)
    networks = _networks(row, extra, n_layers)
    return {
        "d_model": _number(row, "d_model"),
        "vocab_size": _number(row, "vocab_size"),
        "layers": [Layer(m, f) for m, f in zip(mixers, networks, strict=True)],
        "tied": "tied" in extra,
    }


def _read_extra(text: Any) -> dict[str, int]:
    """Return what is said, each name with its number; an empty cell says nothing."""
    left = text if isinstance(text, str) else ""
    found: dict[str, int] = {}
    for phrase in _PHRASES:
        match = re.search(rf"\b{phrase}(?!\w)", left)
        if match:
            given = {n: x for n, x in match.groupdict().items() if x is not None}
            found |= {n: int(x) if x.isdigit() else 1 for n, x in given.items()}
            left = left[: match.start()] + ";" + left[match.end() :]
    unread = [part.strip() for part in re.split("[,;]", left) if part.strip()]
    if unread:
        raise DataError(
            f"extra says {text!r}; a shape cannot express {' / '.join(unread)!r}. "
            "Build a Shape from its layers."
        )
    return found


def _number(row: Mapping[str, Any], name: str, least: int = 1) -> int:
    return whole(row.get(name), name, least)


def _mixers(
    row: Mapping[str, Any], extra: Mapping[str, int], n_layers: int
) -> Sequence[Attention | LatentAttention | StateSpace]:
    kind = row.get("attention")
    state = StateSpace(**{n: extra[n] for n in _STATE if n in extra})
    if kind == "SSM":
        return [state] * n_layers
    n_heads, head_dim = _number(row, "n_heads"), _number(row, "head_dim")
    if kind == "MLA":
        for name in ("kv_lora_rank", "rope_dim"):
            if name not in extra:
                raise DataError(
                    f"extra does not give {name}; latent attention needs it."
                )
        latent = LatentAttention(
            n_heads,
            kv_lora_rank=extra["kv_lora_rank"],
            rope_dim=extra["rope_dim"],
            nope_dim=head_dim,
            value_dim=head_dim,
            q_lora_rank=extra.get("q_lora_rank"),
        )
        return [latent] * n_layers
    n_kv_heads = _number(row, "n_kv_heads")
    whole_context = Attention(n_heads, n_kv_heads, head_dim)
    if kind == "hybrid":
        n_attention, n_state = extra.get("n_attention", 0), extra.get("n_state", 0)
        if n_attention + n_state != n_layers:
            raise DataError(
                f"n_layers is {n_layers}, and extra gives {n_attention} attention and "
                f"{n_state} Mamba layers; give as many of each as there are."
            )
        # Sums over layers do not ask for their order.
        return [whole_context] * n_attention + [state] * n_state
    if "window" not in extra:
        return [whole_context] * n_layers
    local = Attention(n_heads, n_kv_heads, head_dim, extra["window"])
    turns = [local, whole_context] if "alternating" in extra else [local]
    return [turns[i % len(turns)] for i in range(n_layers)]


def _networks(
    row: Mapping[str, Any], extra: Mapping[str, int], n_layers: int
) -> Sequence[FeedForward | Experts | None]:
    if row.get("attention") == "SSM":
        return [None] * n_layers
    if "n_experts" not in extra:
        return [FeedForward(_number(row, "d_ff"))] * n_layers
    first, every = extra.get("first", 0), whole(extra.get("every", 1), "every")
    width = extra.get("expert_d_ff")
    experts = Experts(
        n_experts=extra["n_experts"],
        experts_per_token=extra["experts_per_token"],
        d_ff=_number(row, "d_ff") if width is None else width,
        n_shared=extra.get("n_shared", 0),
    )
    routed = [i >= first and (i + 1) % every == 0 for i in range(n_layers)]
    if all(routed):
        return [experts] * n_layers
    dense = FeedForward(_number(row, "d_ff"))
    return [experts if there else dense for there in routed]
