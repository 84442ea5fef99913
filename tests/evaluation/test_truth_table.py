"""The truth table: what its clips are damaged with, and what is counted of the readings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sqllm.corpus.sources import SourceFile
from sqllm.evaluation.truth_damages import DAMAGES, INTACT, STRENGTHS, Damage, clean_neighbours
from sqllm.evaluation.truth_table import (
    MODES,
    CleanSpeech,
    Reading,
    ReadingStore,
    TruthFigures,
    choose_clean,
    group_key,
    read_truth,
    truth_report,
)
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.scores import ARTIFACT_KINDS
from sqllm.signal.audio import NOMINAL_DBOV, SAMPLE_RATE, active_level, load_clip, set_level
from tests.tiny import speech_like

CLEAN = load_clip(Path(__file__).parents[2] / "assets" / "examples" / "clean.flac").samples[8_000:56_000]
OTHER = speech_like(3.0, 1)
HUM, LOSS = (next(one for one in DAMAGES if one.name == name) for name in ("hum", "lost packets, silent"))


@pytest.mark.parametrize("damage", DAMAGES, ids=[damage.name for damage in DAMAGES])
def test_a_damage_is_the_same_every_time_and_larger_with_every_strength(damage: Damage) -> None:
    made, again = (damage.strengths(CLEAN, OTHER, 3) for _ in range(2))
    np.testing.assert_array_equal(made, again)
    level = set_level(CLEAN, NOMINAL_DBOV)
    changed = [float(np.sqrt(np.mean(np.square(wave - level)))) for wave in made]
    assert changed[0] > 1e-4
    assert changed[0] < changed[2]


def test_the_table_has_24_damages_of_every_kind() -> None:
    assert len(DAMAGES) == len({damage.name for damage in DAMAGES}) == 24
    assert {kind for damage in DAMAGES for kind in damage.kinds} == set(ARTIFACT_KINDS)
    assert not any(set(damage.kinds) & set(damage.beside) for damage in DAMAGES)


def test_the_neighbours_of_a_clean_clip_are_hardly_changed() -> None:
    levels = {name: active_level(wave) for name, wave in clean_neighbours(CLEAN, 0).items()}
    assert levels["at -20 dBov"] == pytest.approx(-20, abs=0.1)
    assert levels["at -32 dBov"] == pytest.approx(-32, abs=0.1)
    assert levels["good room"] == pytest.approx(levels["as recorded"], abs=0.5)


def readings(mos: list[float], kinds: list[tuple[str, ...]], damage: str = HUM.name) -> list[Reading]:
    """Of an intact clip and of one damaged in three strengths, single-ended."""
    names = [("as recorded", ""), *((damage, strength) for strength in STRENGTHS)]
    return [Reading("a", *name, MODES[0], *one) for name, one in zip(names, zip(mos, kinds, strict=True), strict=True)]


@pytest.mark.parametrize(
    ("mos", "falls"), [([4.5, 4, 3, 2], 1), ([4.5, 4, 4.04, 2], 1), ([4.5, 4, 4.2, 2], 0), ([4.5, 4.7, 3, 2], 0)]
)
def test_scores_that_rise_with_the_damage_are_counted(mos: list[float], falls: int) -> None:
    figures = TruthFigures.of(readings(mos, [()] * 4), MODES[0], ARTIFACT_KINDS)
    assert (figures.falling.right, figures.falling.count) == (falls, 1)


def test_names_are_right_false_or_a_clean_clips_blame() -> None:
    told = readings([4, 3, 2, 1], [("hum",), ("hum", "background-noise"), (), ("hum", "echo")])
    figures = TruthFigures.of(told, MODES[0], ARTIFACT_KINDS)
    assert (figures.named.right, figures.named.count) == (2, 3)
    assert (figures.falsely.right, figures.falsely.count) == (1, 3)
    assert (figures.blamed.right, figures.blamed.count) == (1, 1)
    other = TruthFigures.of([replace(one, mode=MODES[1]) for one in told], MODES[0], ARTIFACT_KINDS)
    assert other.named.count == 0


def test_kinds_that_a_model_was_not_taught_count_apart() -> None:
    told = readings([4, 3, 2, 1], [(), ("codec",), ("codec",), ("packet-loss",)], LOSS.name)
    figures = TruthFigures.of(told, MODES[0], ["hum"])
    assert (figures.named.count, figures.falsely.count) == (0, 0)
    assert (figures.untaught.right, figures.untaught.count) == (1, 3)


def test_talkers_with_noisy_recordings_are_left_out(tmp_path: Path) -> None:
    noise = 10 ** (-46 / 20) * np.random.default_rng(0).standard_normal(len(CLEAN)).astype(np.float32)
    for talker, wave in {"a": CLEAN, "b": CLEAN + noise, "c": CLEAN[::-1]}.items():
        soundfile.write(tmp_path / f"{talker}.wav", wave, SAMPLE_RATE)
    talkers = {name: [SourceFile(tmp_path / f"{name}.wav", name, "")] for name in "abc"}
    assert {one.talker for one in choose_clean(talkers, 2, 0)} == {"a", "c"}
    with pytest.raises(ValueError, match="only 2"):
        choose_clean(talkers, 3, 0)


def test_readings_are_kept_a_group_a_line_for_their_own_model(tmp_path: Path) -> None:
    store, group = ReadingStore(tmp_path / "t.jsonl", "a"), readings([4, 3, 2, 1], [(), ("hum",), (), ("hum", "echo")])
    store.append(group)
    ReadingStore(store.path, "b").append(group)
    store.path.write_text(store.path.read_text()[:-9])
    store.append(group[1:])
    assert list(store.groups()) == [group, group[1:]]
    assert list(ReadingStore(store.path, "b").groups()) == []


def test_a_tiny_table_reads_every_clip_in_both_modes(tiny: SpeechQualityLLM) -> None:
    damages = (HUM,)
    clean = [CleanSpeech("a", speech_like(1.5), OTHER)]
    groups = list(read_truth(tiny, clean, damages))
    read = [one for group in groups for one in group]
    assert len(groups) == 2
    assert len(read) == len(MODES) * (5 + 3)
    assert len({(one.mode, one.damage, one.strength) for one in read}) == len(read)
    table = "\n".join(truth_report(read, tiny.model.config.artifact_kinds, damages))
    assert "| hum |" in table
    assert table.count("of 3 ") == 4
    assert [group_key(group) for group in groups] == [("a", INTACT), ("a", HUM.name)]
    assert not list(read_truth(tiny, clean, damages, {group_key(one) for one in groups}))
