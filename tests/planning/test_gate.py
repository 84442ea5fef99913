"""The gate: the same table passes, a worse condition doesn't, and noise alone rarely trips it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sqllm.planning.gate import TOLERANCE, gate
from tests.planning.made import scores


def noisy(seed: int, drop: float = 0.0, noise: float = 0.2) -> pd.DataFrame:
    table = scores()
    table["mos"] += np.random.default_rng(seed).normal(0, noise, len(table))
    table.loc[table.condition == "c3", "mos"] -= drop
    return table


def test_the_same_table_passes() -> None:
    found = gate(scores(), scores())
    assert found.passed
    assert all(change.difference == 0 for change in found.changes)


def test_a_condition_that_is_worse_fails_and_is_named() -> None:
    found = gate(noisy(1, drop=0.5), noisy(2))
    assert [change.condition for change in found.changes if change.worse] == ["c3"]
    assert "**Failed: c3.**" in found.markdown()
    assert found.markdown().count("\n| c") == 1 + 6
    worse = found.changes[3]
    assert worse.low < worse.difference < worse.high < 0


def test_noise_alone_passes_in_95_percent_of_200_resamplings() -> None:
    passed = [gate(noisy(2 * seed), noisy(2 * seed + 1), TOLERANCE).passed for seed in range(200)]
    assert np.mean(passed) >= 0.95


def test_a_real_drop_is_found_in_most_resamplings() -> None:
    base = noisy(0, noise=0.1)
    assert np.mean([not gate(noisy(1 + seed, 0.3, 0.1), base).passed for seed in range(50)]) >= 0.95


def test_a_drop_within_the_tolerance_passes_however_sure_it_is() -> None:
    table = scores()
    assert gate(table.assign(mos=table.mos - 0.09), table).passed
    assert not gate(table.assign(mos=table.mos - 0.11), table).passed
    assert gate(table.assign(mos=table.mos - 0.4), table, 0.5).passed


def test_clips_are_matched_by_name_wherever_they_lie_and_in_any_order() -> None:
    table = scores()
    moved = table.assign(file="C:\\new\\" + table.file).sample(frac=1, random_state=1)
    assert gate(moved, table).passed
    assert gate(moved.drop(columns="condition"), table).changes[0].condition == "c0"


def test_parts_of_one_file_are_matched_by_their_times() -> None:
    table = scores().assign(file="call.wav")
    parts = table.assign(start=[str(number) for number in range(len(table))], end="")
    again = parts.assign(start=parts.start.astype(float), end=np.nan)
    assert gate(parts, again).passed
    assert not gate(again.assign(mos=table.mos - 0.5), parts).passed
    with pytest.raises(ValueError, match=r"has c0/call\.wav twice|has call\.wav twice"):
        gate(table, table)


def test_a_clip_that_lost_its_score_fails_and_a_missing_one_is_noted() -> None:
    table = scores()
    lost = table.copy()
    lost.loc[0, "mos"] = np.nan
    assert not gate(lost, table).passed
    assert "1 without a score" in gate(lost, table).markdown()
    fewer = gate(table.iloc[1:], table)
    assert fewer.passed
    assert fewer.notes == ("1 clip is only in the baseline: c0_s0.wav.",)
    assert not gate(table[table.condition != "c2"], table).passed


def test_single_clips_are_judged_by_the_tolerance_alone() -> None:
    table = scores(clips=1)
    assert gate(table.assign(mos=table.mos - 0.05), table).passed
    assert not gate(table.assign(mos=table.mos - 0.2), table).passed


def test_tables_that_cannot_be_compared_are_one_sentence() -> None:
    table = scores()
    with pytest.raises(ValueError, match="no clip in common"):
        gate(table.assign(file="other" + table.file), table)
    with pytest.raises(ValueError, match="no column mos"):
        gate(table.drop(columns="mos"), table)
    with pytest.raises(ValueError, match="twice"):
        gate(pd.concat([table, table]), table)
    with pytest.raises(ValueError, match="zero or above"):
        gate(table, table, -0.1)


def test_tables_of_different_models_are_told() -> None:
    table = scores()
    assert "different models (1, 2)" in gate(table.assign(revision="1"), table.assign(revision="2")).notes[-1]
