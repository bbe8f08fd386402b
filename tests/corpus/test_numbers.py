"""What the tables must give without a fit: identities, ranges, counts, growth rates."""

from __future__ import annotations

import datetime
import math

import numpy as np
import pandas as pd
import pytest

import scaling_notes as sn
from scaling_notes.corpus import descriptor

RESOURCES = descriptor()["resources"]
NAMES = [r["name"] for r in RESOURCES]
every_table = pytest.mark.parametrize("name", NAMES)


def slope(x: pd.Series, y: pd.Series) -> float:
    return float(np.polyfit(x.to_numpy(float), y.to_numpy(float), 1)[0])


def days(dates: pd.Series) -> pd.Series:
    return dates.map(lambda text: datetime.date.fromisoformat(text).toordinal())


# ---- identities that hold in every table that has the columns ------------------------

# Compute over 6 params tokens. Two tables count it in their authors' own way, which
# is more than 6 N D: non-embedding params, and attention as well.
COMPUTE = {
    "besiroglu2024_chinchilla_points": (1, 1),
    "hoffmann2022_optimal_sizes": (0.95, 1.05),
    "porian2024_isoflop_points": (1, 1),
    "gadre2024_redpajama_points": (1, 1),
    "gadre2024_all_runs": (1, 1),
    "mcleish2025_gemstones": (1, 1),
    "ruan2024_base_llms": (1, 1),
    "czech2026_llama3_isoflop": (1, 1),
    "bhagia2024_ladder_points": (1.31, 1.67),
    "czech2026_delphi_forecasts": (1.06, 1.07),
    "lab_isoflop": (1, 1),
    "lab_languages": (1, 1),
    "lab_kaplan": (1, 1),
    "lab_search": (1, 1),
    "lab_wide": (1, 1),
}


def test_every_table_with_compute_is_in_the_list() -> None:
    has = {"tokens", "flops"}
    names = {
        r["name"]
        for r in RESOURCES
        if has <= {f["name"] for f in r["schema"]["fields"]}
    }
    assert names == COMPUTE.keys()


@pytest.mark.parametrize("name", COMPUTE)
def test_compute_is_six_params_tokens(name: str) -> None:
    frame = sn.load(name)
    params = "params" if "params" in frame else "params_non_embedding"
    ratio = (frame["flops"] / (6 * frame[params] * frame["tokens"])).dropna()
    low, high = COMPUTE[name]
    assert len(ratio) > 5
    assert ratio.min() >= low * (1 - 1e-4)
    assert ratio.max() <= high * (1 + 1e-4)


def test_tokens_per_param() -> None:
    for name in ("gadre2024_redpajama_points", "gadre2024_all_runs"):
        frame = sn.load(name)
        ratio = frame["tokens"] / frame["params"] / frame["tokens_per_param"]
        assert ratio.to_numpy() == pytest.approx(1, rel=1e-6)
    frame = sn.load("model_tokens_per_param")
    printed = frame["tokens_per_param_active"]
    ratio = frame["tokens"] / frame["params_active"] / printed
    assert ratio.to_numpy() == pytest.approx(1, rel=1e-3)
    assert (frame["params_active"] <= frame["params"]).all()
    # MT-NLG and Qwen3-0.6B
    assert printed.min() == pytest.approx(0.51, abs=0.005)
    assert printed.max() == 60_000
    frame = sn.load("bhagia2024_ladder_points").query("role == 'train'")
    rule = 20 * frame["params_non_embedding"] * frame["chinchilla_multiple"]
    assert (frame["tokens"] / rule).to_numpy() == pytest.approx(1, rel=2e-3)


@pytest.mark.parametrize(
    "name", ["muennighoff2023_points", "muennighoff2023_seed_points"]
)
def test_epochs_are_tokens_over_unique_tokens(name: str) -> None:
    frame = sn.load(name)
    ratio = frame["tokens"] / frame["unique_tokens"]
    assert ratio.to_numpy() == pytest.approx(frame["epochs"].to_numpy(), rel=3e-4)
    assert (ratio >= 1).all()


@every_table
def test_shares_are_in_range(name: str) -> None:
    frame = sn.load(name)
    for column in frame.columns:
        if column.endswith("_frac"):
            assert frame[column].dropna().between(0, 1).all(), column
        if column.endswith("_pct"):
            assert frame[column].dropna().between(0, 100).all(), column


@every_table
def test_dates_are_iso_and_not_in_the_future(name: str) -> None:
    frame = sn.load(name)
    for column in {"date"} & set(frame.columns):
        for text in frame[column].dropna():
            assert "1990-01-01" < text <= "2026-12-31"
            datetime.date.fromisoformat(text)


# Printed outside their own interval in the paper; a caveat of the table says so.
OUTSIDE = {"compute_optimal_exponents": 3, "published": 3}
MIDDLE = {
    ("published", "low"): "value",
    ("compute_optimal_exponents", "low"): "value",
    ("results", "low"): "value",
    ("porian2024_steps", "low"): "exponent",
    ("villalobos2024_data_stock", "low"): "median",
    ("cottier2025_price_decline", "low"): "price_fall_factor_per_year",
    ("epoch2026_ttft_fits", "curvature_low"): "curvature_s_per_1e12_tokens2",
    ("train_inference_tradeoffs", "train_oom_low"): "train_oom_low",
    ("train_inference_tradeoffs", "inference_oom_low"): "inference_oom_low",
}


@every_table
def test_intervals_are_in_order(name: str) -> None:
    frame = sn.load(name)
    for low in [c for c in frame.columns if "low" in c.split("_")]:
        high = low.replace("low", "high")
        if high not in frame or not pd.api.types.is_numeric_dtype(frame[low]):
            continue
        both = frame[frame[low].notna() & frame[high].notna()]
        assert (both[low] <= both[high]).all()
        value = MIDDLE.get((name, low), low.replace("_low", "_horizon"))
        assert value in frame, (name, low)
        if pd.api.types.is_numeric_dtype(frame[value]):
            known = both[both[value].notna()]
            inside = known[value].between(known[low], known[high])
            assert (~inside).sum() == OUTSIDE.get(name, 0), known[~inside]


def test_pass_at_k_rises_with_k() -> None:
    curves = sn.load("passk_curves").groupby(["source", "model", "benchmark"])
    for key, rows in curves:
        assert (rows.sort_values("k")["pass_at_k_frac"].diff().dropna() >= 0).all(), key


def test_prices_and_sizes_make_sense() -> None:
    prices = sn.load("api_prices")
    dearer = prices["output_usd_per_1e6_tokens"] >= prices["input_usd_per_1e6_tokens"]
    assert dearer.all()
    shapes = sn.load("model_architectures")
    heads = shapes["n_kv_heads"].notna()
    assert (shapes["n_kv_heads"] <= shapes["n_heads"])[heads].all()
    known = shapes["params_active"].notna()
    assert (shapes["params_active"] <= shapes["params"])[known].all()


# ---- numbers that papers print and the tables give without a fit ----------------------


def test_training_compute_grows_fourfold_a_year() -> None:
    # Epoch AI prints 4.1 a year for all and 5.0 for language models.
    frame = sn.load("landmark_training_compute")
    language = frame[frame["domain"].isin(["Language", "Multimodal"])]
    for rows, printed, here in ((frame, 4.1, 4.16), (language, 5.0, 4.84)):
        rate = 10 ** slope(days(rows["date"]) / 365.25, np.log10(rows["flops"]))
        assert rate == pytest.approx(printed, abs=0.5)
        assert rate == pytest.approx(here, abs=0.05)


def test_time_horizons_double_in_seven_months() -> None:
    frame = sn.load("kwa2025_time_horizon").sort_values("date")
    frame = frame[frame["date"] < "2025-04"]
    best = frame["p50_horizon_min"].cummax().shift(fill_value=0.0)
    frontier = frame[frame["p50_horizon_min"] > best]
    assert len(frontier) == 11
    doubling = 1 / slope(days(frontier["date"]), np.log2(frontier["p50_horizon_min"]))
    assert doubling == pytest.approx(213, abs=0.5)


@pytest.mark.parametrize(
    ("version", "since", "printed"),
    [
        ("earlier", "2023", 122.6),
        ("earlier", "2000", 182.7),
        ("later", "2023", 128.7),
        ("later", "2000", 187.8),
    ],
)
def test_revised_time_horizons(version: str, since: str, printed: float) -> None:
    frame = sn.load("metr2026_time_horizon")
    rows = frame[(frame["estimate_version"] == version) & (frame["sota_p50"] == 1)]
    rows = rows[rows["date"] >= since]
    doubling = 1 / slope(days(rows["date"]), np.log2(rows["p50_horizon_min"]))
    assert doubling == pytest.approx(printed, abs=0.06)


def test_prices_fall_as_printed() -> None:
    prices = sn.load("cottier2025_price_frontier")
    for row in sn.load("cottier2025_price_decline").itertuples():
        rows = prices[
            (prices["benchmark"] == row.benchmark)
            & (prices["threshold_model"] == row.threshold_model)
        ]
        assert len(rows) == row.n_points
        years = days(rows["date"]) / 365
        fall = 10 ** -slope(years, np.log10(rows["price_usd_per_1e6_tokens"]))
        assert fall == pytest.approx(row.price_fall_factor_per_year, rel=1e-4)
    gpt3 = prices[prices["threshold_model"] == "GPT-3"].sort_values("date")
    assert gpt3["price_usd_per_1e6_tokens"].iloc[0] == 60


def test_cache_bytes_are_exact() -> None:
    shapes = sn.load("model_architectures").set_index("model")
    numbers = 2 * shapes["n_layers"] * shapes["n_kv_heads"] * shapes["head_dim"]
    assert 2 * numbers["Llama-2-7B"] == 524_288
    assert 2 * numbers["Llama-3-8B"] == 131_072
    latent = shapes.loc["DeepSeek-V3"]
    assert latent["extra"].startswith("kv_lora_rank 512 rope_dim 64 ")
    assert 2 * latent["n_layers"] * (512 + 64) == 70_272


def test_machine_balance() -> None:
    chips = sn.load("accelerator_specs").set_index("accelerator")
    balance = (
        chips["peak_dense_bf16_flop_per_s"] / chips["memory_bandwidth_bytes_per_s"]
    )
    for name, printed in {
        "A100 SXM 80GB": 153,
        "H100 SXM": 295,
        "MI300X": 247,
        "TPU v6e": 560,
    }.items():
        assert balance[name] == pytest.approx(printed, abs=0.5)


def test_shares_of_compute_by_stage() -> None:
    frame = sn.load("compute_share_by_stage")
    amount = frame.set_index(["model", "stage"])["amount"].to_dict()
    v3 = amount["DeepSeek-V3", "pretraining"]
    olmo = amount["Olmo-3-32B", "pretraining"]
    assert amount["DeepSeek-R1-Zero", "rl"] / v3 == pytest.approx(0.038, abs=5e-4)
    whole = amount["DeepSeek-R1", "total_above_v3_base"]
    assert whole / v3 == pytest.approx(0.055, abs=5e-4)
    assert amount["DeepSeek-V3", "post_training"] / v3 == pytest.approx(0.002, abs=5e-4)
    extension = amount["Olmo-3.1-32B-Think", "rl_extension"]
    assert extension / olmo == pytest.approx(0.108, abs=5e-4)
    parts = ["pretraining", "context_extension", "post_training"]
    total = sum(amount["DeepSeek-V3", part] for part in parts)
    assert total == pytest.approx(amount["DeepSeek-V3", "total"], rel=1e-9)
    parts = [("DeepSeek-R1-Zero", "rl"), ("DeepSeek-R1", "sft_data_creation")]
    total = sum(amount[p] for p in [*parts, ("DeepSeek-R1", "rl_and_sft")])
    assert total == whole


def test_capability_against_compute() -> None:
    frame = sn.load("eci_vs_compute")
    decades = np.log10(frame["flops"])
    years = days(frame["date"]) / 365.25
    assert slope(decades, frame["eci_score"]) == pytest.approx(12.0, abs=0.1)
    design = np.column_stack([np.ones(len(frame)), decades, years])
    both = np.linalg.lstsq(design, frame["eci_score"], rcond=None)[0]
    assert both[1:] == pytest.approx([7.7, 9.8], abs=0.1)
    assert 1 - both[1] / 12.0 == pytest.approx(0.36, abs=0.01)


@pytest.mark.parametrize(
    ("name", "column", "scale", "chance", "printed"),
    [
        ("mmlu_vs_compute", "mmlu_pct", 100, 0.25, 2.4),
        ("ruan2024_base_llms", "mmlu_frac", 1, 0.25, 4.2),
        ("ruan2024_base_llms", "hellaswag_frac", 1, 0.25, 2.4),
        ("ruan2024_base_llms", "gsm8k_frac", 1, 0.0, 3.9),
    ],
)
def test_odds_multiply_with_compute(
    name: str, column: str, scale: float, chance: float, printed: float
) -> None:
    frame = sn.load(name)
    above = (frame[column] / scale - chance) / (1 - chance)
    frame = frame.assign(above=above)[above.between(0.02, 0.98)].dropna(
        subset=["flops", "above"]
    )
    logit = np.log(frame["above"] / (1 - frame["above"]))
    factor = math.exp(slope(np.log10(frame["flops"]), logit))
    assert factor == pytest.approx(printed, abs=0.15)


def test_learning_rate_and_batch_follow_powers() -> None:
    frame = sn.load("porian2024_tuned_hparams")
    size = np.log(frame["params"])
    rate = slope(size, np.log(frame["learning_rate"]))
    batch = slope(size, np.log(frame["batch_size_sequences"]))
    assert (rate, batch) == pytest.approx((-0.33, 0.67), abs=0.005)
    frame = sn.load("openeurollm2025_optimal_hparams")
    assert (frame["quality"] != "ok").sum() == 2
    frame = frame[frame["quality"] == "ok"]
    design = np.column_stack(
        [
            np.ones(len(frame)),
            np.log(frame["params_non_embedding"]),
            np.log(frame["tokens"]),
        ]
    )
    for column, printed in {
        "learning_rate": (-0.43, 0.08),
        "batch_sequences": (0.14, 0.46),
    }.items():
        powers = np.linalg.lstsq(design, np.log(frame[column]), rcond=None)[0][1:]
        assert powers == pytest.approx(printed, abs=0.006)


@pytest.mark.parametrize(
    ("size", "printed"), [("2b8", (0.83, 4.8, 33)), ("4b2", (0.72, 5.5, 26))]
)
def test_repeated_data_costs(size: str, printed: tuple[float, ...]) -> None:
    frame = sn.load("muennighoff2023_seed_points")
    mean = frame[frame["size_label"] == size].groupby("epochs")["loss"].mean()
    at = [mean[abs(mean.index - e) < 0.3].iloc[0] for e in (4, 14, 44)]
    rise = [100 * (loss / mean[1.0] - 1) for loss in at]
    assert rise == pytest.approx(printed, rel=0.02)


def test_forecasts_of_delphi() -> None:
    frame = sn.load("czech2026_delphi_forecasts")
    frame["error"] = frame["forecast_loss"] / frame["loss"] - 1
    last = frame[frame["flops"] == 1e23]
    assert (last["loss"] == 2.3546).all()
    full = last[last["dropped_budget_flops"].isna()].set_index("method")
    parabola, surface = "approach_2_minima_power_law", "approach_3_no_asymptote"
    assert full.loc[parabola, "error"] == pytest.approx(0.0093, abs=5e-5)
    assert full.loc[surface, "error"] == pytest.approx(0.0010, abs=5e-5)
    dropped = last[last["method"] == parabola]["forecast_loss"].max()
    moved = dropped / full.loc[parabola, "forecast_loss"] - 1
    assert moved == pytest.approx(0.34, abs=0.005)


def test_chosen_runs_beat_all_runs() -> None:
    # At the largest budget of the choice: 10 % of all runs, 50 % in two tasks.
    frame = sn.load("li2026_design_r2")
    everything = frame[frame["method"] == "all_data"].set_index("task")["r2_target"]
    chosen = frame[frame["method"] == "proposed"].sort_values("budget_pct")
    last = chosen.groupby("task")[["budget_pct", "r2_target"]].last()
    assert last["budget_pct"].value_counts().to_dict() == {10: 6, 50: 2}
    gain = (last["r2_target"] - everything).round(6)
    assert ((gain > 0).sum(), (gain == 0).sum()) == (7, 1)


def test_post_training_tables() -> None:
    coarse = sn.load("gaessler2024_llama2_vs_llama3").query("quant_type == 'q2_K'")
    cost = coarse.set_index("model")["perplexity_ratio_to_fp16"] - 1
    assert cost["Llama-2-7B"] == pytest.approx(0.108, abs=5e-4)
    assert cost["Llama-3-8B"] == pytest.approx(0.565, abs=5e-4)
    flan = sn.load("chung2022_flan_tasks").query("metric == 'normalized_average'")
    score = flan.set_index(["model", "finetuning_tasks"])["score_pct"]
    gain = [score[f"Flan-PaLM {s}", 1836] - score[f"Flan-PaLM {s}", 0] for s in SIZES]
    assert gain == pytest.approx([15.5, 10.4, 9.4])
    shares = sn.load("chung2022_flan_compute")["printed_finetune_share_pct"]
    assert (shares.min(), shares.max()) == (0.2, 1.6)
    dense = sn.load("pruning_wikitext2_perplexity").query("source == 'frantar2023b'")
    perplexity = dense.set_index(["model", "method", "pattern"])["wikitext2_perplexity"]
    for model, printed in {"OPT-125M": 0.29, "OPT-175B": -0.017}.items():
        ratio = (
            perplexity[model, "sparsegpt", "unstructured"]
            / perplexity[model, "dense", "none"]
        )
        assert math.log(ratio) == pytest.approx(printed, abs=0.005)
    tuned = sn.load("yuan2023_rejection_sampling").query("metric == 'maj1@1'")
    accuracy = tuned.set_index(["model", "method"])["gsm8k_accuracy_pct"].unstack()
    rise = (accuracy["rft_u13b"] - accuracy["sft"]).dropna()
    assert (rise.max(), rise.min()) == pytest.approx((13.4, -0.9))


SIZES = ("8B", "62B", "540B")


def test_reinforcement_tables() -> None:
    ant = sn.load("kostrikov2021_sac_ant_curves")
    final = ant.groupby("seed")["eval_return"].apply(lambda r: r.tail(10).mean())
    assert len(final) == 10
    assert final.mean() == pytest.approx(4310, abs=0.5)
    assert final.std() == pytest.approx(924, abs=0.5)
    ends = sn.load("qwen3_grpo_curves").groupby("model")["gsm8k_accuracy_frac"].last()
    assert sorted(ends) == pytest.approx([0.818, 0.910, 0.917, 0.938], abs=5e-4)
    curves = sn.load("mohr2022_learning_curves")
    assert curves.groupby(["openml_id", "learner"]).ngroups == 226
    assert curves["dataset"].nunique() == 12


def test_test_time_tables() -> None:
    tokens = sn.load("zhang2024b_o1_mini_aime_tokens")
    gain = slope(np.log10(tokens["mean_tokens_per_problem"]), tokens["accuracy_frac"])
    assert gain == pytest.approx(0.20, abs=0.005)
    arc = sn.load("arc_agi_score_vs_cost").query("kind == 'cot'")
    arc = arc[arc["cost_usd_per_task"] > 0].dropna(subset=["arc_agi_1_pct"])
    assert len(arc) == 74
    points = slope(np.log10(arc["cost_usd_per_task"]), arc["arc_agi_1_pct"])
    assert points == pytest.approx(20.0, abs=0.05)
    preview = sn.load("arcprize2024_o3_preview").query("eval_set == 'semi_private'")
    assert list(preview["score_pct"]) == [75.7, 87.5]
    assert list(preview["compute_multiple_of_low"]) == [1, 172]
    suite = sn.load("reasoning_tokens_per_suite")
    total = (suite["reasoning_tokens"] + suite["answer_tokens"]).groupby(suite["model"])
    ratio = (total.max() / total.min())[total.count() > 1]
    assert (len(ratio), (ratio > 95).sum()) == (23, 1)
    assert ratio.median() == pytest.approx(10, abs=0.5)
    vote = sn.load("aime_pass1_cons64")
    gains = (vote["aime2024_cons64_pct"] - vote["aime2024_pass1_pct"]).dropna()
    assert gains.mean() == pytest.approx(15.9, abs=0.05)


def test_speculative_decoding_formula() -> None:
    t = sn.load("leviathan2022_speculative_decoding")
    alpha, gamma, cost = t["alpha"], t["gamma"], t["cost_ratio_c"]
    speedup = (1 - alpha ** (gamma + 1)) / ((1 - alpha) * (gamma * cost + 1))
    assert (speedup - t["predicted_speedup"]).abs().max() <= 0.075


def test_cost_of_samples_in_flop() -> None:
    t = sn.load("wu2024_inference_configs")
    greedy = t[t["method"] == "greedy"].set_index("model")["math_flop_per_question"]
    voted = t[t["method"] == "sampling_majority"].set_index("model")
    ratio = (voted["math_flop_per_question"] / greedy).round()
    assert sorted(ratio) == [8, 32, 32]
    assert (ratio == voted["n_samples"]).all()


def test_components_of_benchmarks() -> None:
    # The rows with the wider set of benchmarks; missing cells hold the mean.
    frame = sn.load("ruan2024_base_llms")
    wider = ["arc_c", "winogrande", "truthfulqa", "xwinograd", "humaneval"]
    frame = frame[frame[[f"{k}_frac" for k in wider]].notna().any(axis=1)]
    assert len(frame) == 77
    scores = frame.filter(like="_frac")
    assert scores.shape[1] == 8
    scores = (scores.fillna(scores.mean()) - scores.mean()).to_numpy()
    share = np.linalg.svd(scores, compute_uv=False) ** 2
    share /= share.sum()
    assert share[0] == pytest.approx(0.788, abs=0.003)
    assert share[:3].sum() == pytest.approx(0.962, abs=0.003)


def test_steps_from_kaplan_to_hoffmann() -> None:
    frame = sn.load("porian2024_steps")
    exponents = frame.loc[frame["dataset"] == "RefinedWeb", "exponent"]
    assert list(exponents) == [0.835, 0.706, 0.602, 0.571, 0.497]
    # At the compute of Chinchilla the best model shrinks with each correction.
    best = frame["params_optimal_at_5p88e23_flops"].dropna()
    assert best.is_monotonic_decreasing
    assert len(best) == 5


def test_exponents_of_an_optimum_add_up_to_one() -> None:
    # Where a paper prints both, N* D* ~ C.
    frame = sn.load("compute_optimal_exponents")
    pairs = frame.pivot_table("value", ["source", "setting"], "quantity")
    total = (pairs["n_exponent"] + pairs["d_exponent"]).dropna()
    assert len(total) == 9
    # Delphi counts attention as well, and its parabolas fit size and data apart.
    assert total.pop(("czech2026", "Delphi, approach 2")) == pytest.approx(0.9651)
    assert total.to_numpy() == pytest.approx(1.0, abs=1.1e-3)


def test_the_stock_of_text_runs_out() -> None:
    stock = sn.load("villalobos2024_data_stock").set_index("quantity")
    row = stock.loc["quality- and repetition-adjusted stock (Fig 3)"]
    assert list(row[["median", "low", "high"]]) == [3.2e14, 6.5e13, 1.7e15]
    growth = stock.loc["training dataset growth per year", "median"]
    assert growth == 0.38
    year = stock.loc["full utilisation year", "median"]
    assert year == 2028
    # From the 1.5e13 tokens of Llama 3 in 2024, at that rate, in the printed range.
    tokens = sn.load("model_tokens_per_param")["tokens"]
    assert 1.5e13 in set(tokens)
    when = 2024 + math.log10(row["median"] / 1.5e13) / growth
    low, high = stock.loc["full utilisation year", ["low", "high"]]
    assert low <= when <= high


def test_shapes_of_chinchilla_models() -> None:
    shapes = sn.load("hoffmann2022_model_configs")
    assert len(shapes) == 50
    assert (shapes["d_ff"] == 4 * shapes["d_model"]).all()
    heads = shapes["kv_size"] * shapes["n_heads"] * shapes["n_layers"]
    blocks = shapes["d_model"] * (4 * heads + 2 * shapes["d_ff"] * shapes["n_layers"])
    # Printed sizes, in millions, with embeddings of 32,000 tokens.
    counted = blocks + 32_000 * shapes["d_model"]
    assert (counted / shapes["params"]).median() == pytest.approx(1.0, abs=0.08)


def test_zero_shot_scores_rise_with_size() -> None:
    frame = sn.load("gu2023_zero_shot").dropna(subset=["pile_perplexity"])
    for family in ("Mamba", "Pythia"):
        rows = frame[frame["model"].str.startswith(family)].sort_values("params")
        assert len(rows) >= 4
        assert rows["pile_perplexity"].is_monotonic_decreasing
        assert rows["average_accuracy_pct"].is_monotonic_increasing


def test_distilled_students() -> None:
    frame = sn.load("distillation_tables")
    gemma = frame[frame["experiment"].str.startswith("gemma2")]
    arm = gemma.pivot(index=["metric", "student"], columns="arm", values="value")
    score = arm.loc["mean_of_3_benchmarks_pct"].iloc[0]
    assert (score["from_scratch"], score["distilled"]) == (60.3, 67.7)
    perplexity = arm.loc["validation_perplexity"].loc[["200M", "400M", "1B"]]
    assert list(perplexity["from_scratch"]) == [23, 19, 17]
    assert list(perplexity["distilled"]) == [21, 17, 15]


def test_noise_from_run_to_run() -> None:
    noise = sn.load("olmo2025_eval_noise").set_index("benchmark")
    spread = noise["run_to_run_sd_pct_points"]
    assert (spread["GPQA"], spread["PopQA"]) == (1.48, 0.16)
    assert (spread.idxmax(), spread.idxmin()) == ("GPQA", "PopQA")


def test_the_start_of_a_reward_curve_does_not_tell_its_end() -> None:
    # A finding: rank correlation with the end over ten seeds, by share of training.
    ant = sn.load("kostrikov2021_sac_ant_curves")
    curves = ant.pivot(index="seed", columns="env_steps", values="eval_return")
    end = curves.iloc[:, -10:].mean(axis=1)
    for at, printed in {10: -0.33, 20: 0.26, 60: 0.94}.items():
        seen = curves.iloc[:, at - 5 : at].mean(axis=1)
        assert seen.corr(end, method="spearman") == pytest.approx(printed, abs=0.01)
    half = curves.iloc[:, 45:50].mean(axis=1)
    assert half.corr(end, method="spearman") == pytest.approx(0.8, abs=0.05)


def test_judges_of_answers() -> None:
    frame = sn.load("voting_and_verifiers")
    mine = frame[(frame["source"] == "lightman2023") & (frame["n_samples"] == 1860)]
    score = mine.set_index("method")["accuracy_pct"]
    methods = ["majority", "orm_best_of_n", "prm_best_of_n"]
    assert list(score[methods]) == [69.6, 72.4, 78.2]


def test_time_to_the_first_token() -> None:
    frame = sn.load("epoch2026_ttft_fits")
    bent = frame[frame["form"] == "quadratic"].set_index("model")
    curvature = bent["curvature_s_per_1e12_tokens2"]
    sure = bent["curvature_low"] > 0
    assert list(curvature[sure].round(1)) == [8.0, 10.4]
    # The other two have an interval that holds zero, and AICc prefers a line.
    assert (~sure).sum() == 2
    assert (bent.loc[sure, "aicc_linear_minus_quadratic"] > 30).all()
    assert (bent.loc[~sure, "aicc_linear_minus_quadratic"] < 0).all()


def test_a_price_a_thousandth_in_three_years() -> None:
    prices = sn.load("cottier2025_price_frontier")
    gpt3 = prices[prices["threshold_model"] == "GPT-3"].sort_values("date")
    least = gpt3["price_usd_per_1e6_tokens"].iloc[-1]
    api = sn.load("api_prices")
    first = api.loc[api["model"] == "GPT-3 davinci", "input_usd_per_1e6_tokens"].max()
    assert first == 60
    cheap = api[api["input_usd_per_1e6_tokens"] == 0.06]
    years = (days(cheap["date"]).min() - days(gpt3["date"]).min()) / 365.25
    assert years == pytest.approx(3, abs=0.6)
    assert least < 0.1


def test_printed_growth_of_training_cost() -> None:
    rows = sn.published("cottier2024").set_index("setting")
    row = rows.loc["frontier training cost, amortized hardware and energy"]
    assert list(row[["value", "low", "high"]]) == [2.4, 2.0, 2.9]


def test_published_relations() -> None:
    kaplan = sn.published("kaplan2020")
    value = kaplan.set_index(["setting", "quantity"])["value"]
    spent = value["compute-efficient, non-embedding"]
    assert spent["n_exponent"] + spent["d_exponent"] == pytest.approx(1)
    steps = spent["batch_exponent"] + spent["step_exponent"]
    assert spent["n_exponent"] + steps == pytest.approx(1)
    # Equation 6.4: the exponent of minimal compute follows from three others.
    both = value["loss against size and steps, non-embedding"]
    batch = value["critical batch size", "alpha_B"]
    follows = 1 / (1 / both["alpha_S"] + 1 / batch + 1 / both["alpha_N"])
    assert follows == pytest.approx(0.054, abs=0.002)
    jones = sn.published("jones2021").set_index("quantity")["value"]
    # The text rounds 10^1.2 to "15 times".
    saved = 10 ** -jones["train_flops_slope"]
    assert saved == pytest.approx(15.8, abs=0.1)
    assert jones["test_compute_saved_per_tenfold_training"] == 15


# ---- runs by size, setting and schedule ----------------------------------------------


def test_porian_has_fifteen_settings_with_an_optimum_a_budget() -> None:
    setting = [
        "dataset",
        "hparams",
        "warmup",
        "decay",
        "params_counted",
        "loss_kind",
    ]
    points = sn.load("porian2024_isoflop_points")
    optima = sn.load("porian2024_optima")
    budgets = points.groupby(setting)["flops"].nunique()
    assert len(budgets) == 15
    assert optima.groupby(setting).ngroups == 15
    assert budgets.max() == 12
    # the optimum of a budget lies among the sizes tried there
    sizes = points.groupby([*setting, "flops"])["params"].agg(["min", "max"])
    joined = optima.dropna().join(sizes, on=[*setting, "flops"], how="inner")
    assert len(joined) > 160
    assert (joined["params_optimal"] >= joined["min"]).all()
    assert (joined["params_optimal"] <= joined["max"]).all()


def test_gadre_has_three_training_sets_of_the_same_sizes() -> None:
    runs = sn.load("gadre2024_all_runs")
    assert runs["dataset"].value_counts().to_dict() == {"rpj": 35, "rw": 35, "c4": 34}
    assert runs["tokens_per_param"].max() == 640
    assert runs["params"].max() == pytest.approx(6.9e9, rel=0.01)


def test_gemstones_are_22_models_whose_steps_are_of_one_size() -> None:
    runs = sn.load("mcleish2025_gemstones")
    constant = runs[runs["schedule"] == "constant"]
    assert constant.groupby(["width", "depth"]).ngroups == 22
    ratio = constant["tokens"] / constant["step"]
    assert ratio.to_numpy() == pytest.approx(4_194_304, rel=1e-3)


def test_schedules_end_where_their_learning_rates_say() -> None:
    curves = sn.load("luo2025_schedule_curves")
    last = curves.groupby(["params_label", "schedule"]).last()
    assert len(last) == 27
    large = last.loc["400M", "loss"]
    assert large["constant_24000"] == pytest.approx(2.8167, abs=1e-4)
    assert large["cosine_24000"] == pytest.approx(2.7396, abs=1e-4)
    assert large["wsd_20000_24000"] == pytest.approx(2.7222, abs=1e-4)
    constant = last.loc[("400M", "constant_24000"), "learning_rate"]
    assert constant == pytest.approx(3e-4)


def test_step_law_runs_fill_their_cells() -> None:
    dense = sn.load("li2025_steplaw_dense_runs")
    cells = dense.groupby(["params_non_embedding", "tokens"]).size()
    assert len(cells) == 17
    assert cells.min() == 47
    experts = sn.load("li2025_steplaw_moe_runs")
    assert experts.groupby(["params", "params_active", "tokens"]).ngroups == 16
    for frame in (dense, experts):
        seen = 2048 * frame["steps"] * frame["batch_sequences"]
        assert (seen / frame["tokens"]).to_numpy() == pytest.approx(1, abs=0.005)
    assert (experts["params_active"] < experts["params"]).all()
