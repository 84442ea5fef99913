"""What users of other tools reported as faults, tried on the real default checkpoint (see also the tests of each file).

Each case takes the clean example and changes one thing about it.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from sqllm.judge.hearing import Hearing
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.model.encoders.base import pad_batch
from sqllm.model.encoders.compact import CompactEncoder
from sqllm.scores import DIMENSIONS
from sqllm.signal.audio import SAMPLE_RATE, Clip, load_clip, set_level

CLEAN = Path(__file__).resolve().parents[2] / "assets" / "examples" / "clean.flac"

pytestmark = pytest.mark.checkpoint


@pytest.fixture(scope="module")
def clean() -> np.ndarray:
    return load_clip(CLEAN).samples


def mos(judge: SpeechQualityLLM, samples: np.ndarray) -> float:
    return listen(judge, samples).scores()["mos"].mean


def listen(judge: SpeechQualityLLM, samples: np.ndarray) -> Hearing:
    return judge.listen(Clip(samples.astype(np.float32), "clip"))


def noisy(samples: np.ndarray, snr: float) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal(len(samples))
    return samples + noise * np.sqrt(np.mean(samples**2)) * 10 ** (-snr / 20)


def test_sampling_rate_of_the_file_does_not_move_scores(
    default_judge: SpeechQualityLLM, clean: np.ndarray, tmp_path: Path
) -> None:
    at_48k = tmp_path / "48k.wav"
    soundfile.write(at_48k, soxr.resample(clean, SAMPLE_RATE, 48_000), 48_000, subtype="FLOAT")
    both = [default_judge.listen(path).scores() for path in (CLEAN, at_48k)]
    assert all(abs(both[0][name].mean - both[1][name].mean) < 0.1 for name in both[0])


def test_a_ladder_of_noise_spreads_the_scores_in_order(default_judge: SpeechQualityLLM, clean: np.ndarray) -> None:
    scores = [mos(default_judge, clean)] + [mos(default_judge, noisy(clean, snr)) for snr in (40, 30, 20, 10, 0)]
    assert all(better > worse - 0.05 for better, worse in pairwise(scores))
    assert scores[0] - scores[-1] > 2


def test_loudness_falls_on_both_sides_of_the_usual_level(default_judge: SpeechQualityLLM, clean: np.ndarray) -> None:
    loudness = {
        level: listen(default_judge, np.clip(set_level(clean, level), -1, 1)).scores()["loudness"].mean
        for level in (-50, -26, -6)
    }
    assert loudness[-26] > loudness[-50] + 0.5
    assert loudness[-26] > loudness[-6] + 0.3


def test_the_encoder_itself_knows_how_loud_a_clip_is(default_judge: SpeechQualityLLM, clean: np.ndarray) -> None:
    encoder = default_judge.model.encoder
    assert isinstance(encoder, CompactEncoder)
    opinions = []
    for level in (-26, -50):
        assessed = encoder.assess(encoder(*pad_batch([set_level(clean, level)]))[0])
        assert assessed is not None
        opinions.append(float(assessed[..., DIMENSIONS.index("loudness")].mean()))
    assert opinions[0] > opinions[1] + 1.5


def test_a_clip_against_itself_is_at_the_top(default_judge: SpeechQualityLLM) -> None:
    assert default_judge.listen(CLEAN, CLEAN).scores()["mos"].mean > 4.2


def test_what_is_no_speech_gets_no_score_and_a_warning(default_judge: SpeechQualityLLM) -> None:
    rng = np.random.default_rng(0)
    for samples in (np.zeros(16_000), np.sign(rng.standard_normal(16_000)), 1e-4 * rng.standard_normal(48_000)):
        judgement = listen(default_judge, samples).rate()
        assert any("speech" in warning or "nothing to rate" in warning for warning in judgement.warnings)
        assert (judgement.scores, judgement.rationale, judgement.artifacts) == (None, None, ())


@pytest.mark.parametrize("silence", ["digital", "faint noise"])
@pytest.mark.parametrize("place", ["behind", "before"])
def test_a_minute_of_silence_beside_speech_changes_no_score(
    default_judge: SpeechQualityLLM, place: str, silence: str
) -> None:
    quiet = np.zeros(60 * SAMPLE_RATE)
    if silence == "faint noise":
        quiet += 1e-4 * np.random.default_rng(0).standard_normal(len(quiet))
    for name in ("clean", "noise"):
        speech = load_clip(CLEAN.with_stem(name)).samples
        together = listen(default_judge, np.concatenate([speech, quiet] if place == "behind" else [quiet, speech]))
        assert together.speech.share < 0.15
        assert together.means()["mos"] == pytest.approx(mos(default_judge, speech), abs=0.1)


@pytest.mark.parametrize("snr", [10, 5, 0])
def test_speech_in_noise_is_rated_without_a_doubt_that_it_is_speech(
    default_judge: SpeechQualityLLM, snr: float
) -> None:
    for name in ("clean", "quiet-reference", "codec-reference"):
        judgement = listen(default_judge, noisy(load_clip(CLEAN.with_stem(name)).samples, snr)).rate(rationale=False)
        assert judgement.scores
        assert judgement.scores["mos"].mean < 3
        assert not any("peech" in warning for warning in judgement.warnings)


def test_a_reason_is_given_for_speech_in_noise(default_judge: SpeechQualityLLM, clean: np.ndarray) -> None:
    rationale = listen(default_judge, noisy(clean, 10)).rate().rationale
    assert rationale
    assert "noise" in rationale
    assert "no speech" not in rationale.lower()


def test_a_long_clip_is_windows_a_timeline_and_one_aggregate(
    default_judge: SpeechQualityLLM, clean: np.ndarray
) -> None:
    hearing = listen(default_judge, np.tile(clean, 1 + 60 * SAMPLE_RATE // len(clean)))
    timeline = hearing.timeline()
    assert len(timeline) == len(hearing.spans) >= 6
    ends = np.array([0.0, *(point.end for point in timeline)])
    expected = np.average([point.scores["mos"].mean for point in timeline], weights=np.diff(ends))
    assert hearing.scores()["mos"].mean == pytest.approx(expected)
    assert abs(expected - mos(default_judge, clean)) < 0.5  # the same speech over and over
