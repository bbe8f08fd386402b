"""Published architectures, with what the table leaves out said in its words."""

from __future__ import annotations

from typing import Any

import pytest

import scaling_notes as sn

TIED = [
    *("Gemma-2B", "Gemma-7B", "Gemma-2-2B", "Gemma-2-9B", "Gemma-2-27B"),
    *("Qwen2.5-0.5B", "Qwen2.5-1.5B", "Qwen2.5-3B"),
    *("Qwen3-0.6B", "Qwen3-1.7B", "Qwen3-4B"),
    *("SmolLM2-135M", "SmolLM2-360M", "SmolLM2-1.7B"),
    *("Mamba-130M", "Mamba-370M", "Mamba-790M", "Mamba-1.4B", "Mamba-2.8B"),
]
# The models' own configurations say so; the table may leave it out.
SAID = dict.fromkeys(TIED, "tied embeddings") | {
    "DeepSeek-V3": "q_lora_rank 1536 expert_d_ff 2048 first 3 dense",
    "DeepSeek-V2": "q_lora_rank 1536 expert_d_ff 1536 first 1 dense",
    "Jamba-v0.1": "every 2 layers",
}


def complete(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the table with nothing left out."""
    extra = row["extra"] if isinstance(row["extra"], str) else ""
    said = SAID.get(row["model"], "")
    if said not in extra:
        extra = f"{extra}; {said}"
    row = row | {"extra": extra}
    return row | {"d_ff": 12288} if row["model"] == "DeepSeek-V2" else row


@pytest.fixture(scope="session")
def rows() -> dict[str, dict[str, Any]]:
    """The rows of the table by model, complete."""
    records = sn.load("model_architectures").to_dict("records")
    return {str(row["model"]): complete(row) for row in records}


@pytest.fixture(scope="session")
def shapes(rows: dict[str, dict[str, Any]]) -> dict[str, sn.accounting.Shape]:
    """The shape of every published model."""
    return {name: sn.accounting.Shape.from_row(row) for name, row in rows.items()}
