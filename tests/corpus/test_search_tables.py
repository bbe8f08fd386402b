"""Tables of search in games: what their sources print must come out of them."""

from __future__ import annotations

import numpy as np
import pytest

import scaling_notes as sn

PAIRS = ["pair_ll", "pair_ld", "pair_dd_wl", "pair_wd", "pair_ww"]


def test_elo_of_a_doubling_from_wins_and_draws() -> None:
    games = sn.load("laskos2013_houdini_node_doubling")
    n = games[["wins", "losses", "draws"]].sum(axis=1)
    score = (games["wins"] + games["draws"] / 2) / n
    elo = -400 * np.log10(1 / score - 1)
    assert (elo - games["elo_printed"]).abs().max() == pytest.approx(0.74, abs=0.005)
    assert (games["nodes_strong"] == 2 * games["nodes_weak"]).all()


def test_what_doublings_to_come_add() -> None:
    games = sn.load("laskos2013_houdini_node_doubling")
    x = np.arange(1.0, 13.0)
    form = sn.laws.DoublingGain
    law = sn.fit_law(form, x, games["elo_printed"], delta=np.inf).law
    assert [law.a, law.b, law.c] == pytest.approx([324, 0.060, 1.59], rel=0.01)
    assert law.rest(16) == pytest.approx(1650, abs=1)


def test_normalized_pair_elo_is_the_printed_one() -> None:
    odds = sn.load("stockfish2025_time_odds")
    ll, ld, _, wd, ww = (odds[p] for p in PAIRS)
    found = 100 * np.log10((2 * ww + wd) / (2 * ll + ld))
    assert (found - odds["ngp_elo"]).abs().max() < 0.006
    assert odds.loc[0, "ngp_elo"] == 185.24
    assert (odds[PAIRS].sum(axis=1) == 35_840).all()
    assert (odds["sf14_base_s"] / odds["sf17_base_s"] == odds["time_odds"]).all()


def test_elo_of_single_games_from_pairs() -> None:
    odds = sn.load("stockfish2025_time_odds")
    score = odds[PAIRS].to_numpy() @ [0, 0.25, 0.5, 0.75, 1] / 35_840
    found = -400 * np.log10(1 / score - 1)
    assert np.abs(found - odds["elo_sf17_minus_sf14"]).max() < 0.15


def test_nodes_to_a_depth() -> None:
    nodes = sn.load("stockfish2025_depth_nodes")
    nodes = nodes.pivot(index="depth", columns="engine", values="nodes")
    assert nodes.shape == (41, 13)
    assert nodes.loc[49, "sf_10"] / nodes.loc[49, "sf_17"] == pytest.approx(
        338, abs=0.5
    )


def test_training_raises_katago_at_equal_search() -> None:
    nets = sn.load("wu2020_katago_elo")
    wide = nets.query("blocks == 40 and selfplay_days <= 117")
    gain = np.polyfit(np.log2(wide["selfplay_rows"]), wide["elo"], 1)[0]
    assert len(wide) == 5
    assert gain == pytest.approx(309, abs=1)
    dropped = nets[nets["selfplay_rows"] == 122_953_669]
    assert dropped[["channels", "selfplay_days"]].to_numpy().tolist() == [[320, 157]]
