"""Published architectures, with what the table leaves out said in its words."""

from __future__ import annotations

from typing import Any

import pytest

import scaling_notes as sn

# Published configurations say so; the table may not.
TIED = [
    *("Gemma-2B", "Gemma-7B", "Gemma-2-2B", "Gemma-2-9B", "Gemma-2-27B"),
    *("Qwen2.5-0.5B", "Qwen2.5-1.5B", "Qwen2.5-3B"),
    *("Qwen3-0.6B", "Qwen3-1.7B", "Qwen3-4B"),
    *("SmolLM2-135M", "SmolLM2-360M", "SmolLM2-1.7B"),
    *("Mamba-130M", "Mamba-370M", "Mamba-790M", "Mamba-1.4B", "Mamba-2.8B"),
]
SAID: dict[str, dict[str, Any]] = {
    "DeepSeek-V3": {
        "extra": "kv_lora_rank 512 q_lora_rank 1536 rope_dim 64 "
        "256 experts top 8 +1 shared; expert_d_ff 2048 first 3 dense"
    },
    "DeepSeek-V2": {
        "d_ff": 12288,
        "extra": "kv_lora_rank 512 q_lora_rank 1536 rope_dim 64 "
        "160 experts top 6 +2 shared; expert_d_ff 1536 first 1 dense",
    },
    "Jamba-v0.1": {
        "extra": "4 attention + 28 Mamba layers; d_state 16; "
        "16 experts top 2 every 2 layers"
    },
}


def complete(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the table with nothing left out."""
    said = SAID.get(row["model"], {})
    extra = row["extra"] if isinstance(row["extra"], str) else ""
    if row["model"] in TIED and "tied embeddings" not in extra:
        said = {"extra": f"{extra}, tied embeddings"}
    return row | said


@pytest.fixture(scope="session")
def rows() -> dict[str, dict[str, Any]]:
    """The rows of the table by model, complete."""
    records = sn.load("model_architectures").to_dict("records")
    return {str(row["model"]): complete(row) for row in records}


@pytest.fixture(scope="session")
def shapes(rows: dict[str, dict[str, Any]]) -> dict[str, sn.accounting.Shape]:
    """The shape of every published model."""
    return {name: sn.accounting.Shape.from_row(row) for name, row in rows.items()}
