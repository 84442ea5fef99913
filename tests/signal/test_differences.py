"""What is lost and added against a reference, with known truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from sqllm.signal.audio import SAMPLE_RATE, active_level, frame_energies, load_clip
from sqllm.signal.differences import Differences, find_differences
from sqllm.signal.spans import overlap
from sqllm.ui.examples import EXAMPLES

CLEAN = load_clip(EXAMPLES / "clean-reference.flac").samples


def without(start: float, stop: float, samples: np.ndarray = CLEAN) -> np.ndarray:
    gone = samples.copy()
    gone[round(start * SAMPLE_RATE) : round(stop * SAMPLE_RATE)] = 0
    return gone


def hiss(level: float) -> np.ndarray:
    return (np.random.default_rng(0).standard_normal(len(CLEAN)) * 10 ** (level / 20)).astype(np.float32)


def narrow(samples: np.ndarray) -> np.ndarray:
    return sosfiltfilt(butter(6, (300, 3400), btype="bandpass", fs=SAMPLE_RATE, output="sos"), samples).astype(
        np.float32
    )


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "nothing": lambda samples: samples,
    "another level": lambda samples: samples * np.float32(0.1),
    "a narrow band": narrow,
    "noise": lambda samples: samples + hiss(-50),
    "clipping": lambda samples: np.clip(samples, -0.05, 0.05),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seconds", [0.12, 0.4, 1.0])
def test_lost_speech_is_found_where_it_was(change: str, seconds: float) -> None:
    start = LOUDEST - seconds / 2
    found = find_differences(CHANGES[change](without(start, start + seconds)), CLEAN)
    assert len(found.lost) == 1
    assert overlap(found.lost[0], (start, start + seconds)) > 0.6
    assert 0 < found.share_lost < 0.6
    assert found.added == ()


@pytest.mark.parametrize("change", CHANGES)
def test_where_nothing_is_lost_nothing_is_told(change: str) -> None:
    found = find_differences(CHANGES[change](CLEAN), CLEAN)
    assert (found.lost, found.share_lost) == ((), 0.0)


@pytest.mark.parametrize("change", CHANGES)
def test_speech_that_the_clip_skips_is_lost_too(change: str) -> None:
    half = len(CLEAN) // 2
    kept, skipped = CLEAN[:half], CLEAN[half:]
    spoken = [frame_energies(part) >= active_level(CLEAN) - 18 for part in (kept, skipped)]
    found = find_differences(CHANGES[change](CLEAN)[:half], kept, skipped=skipped)
    assert found.lost == ()
    assert found.share_lost == pytest.approx(spoken[1].sum() / (spoken[0].sum() + spoken[1].sum()), abs=0.12)


def test_sound_in_a_pause_of_the_reference_is_added() -> None:
    paused = without(1.0, 1.6)
    beep = paused.copy()
    beep[round(1.2 * SAMPLE_RATE) : round(1.4 * SAMPLE_RATE)] += 0.05 * np.sin(np.arange(3200) * 0.4).astype(np.float32)
    (span,) = find_differences(beep, paused).added
    assert span == pytest.approx((1.2, 1.4), abs=0.03)
    assert find_differences(beep, paused, covered=[(0.0, 1.1)]).added == ()


@pytest.mark.parametrize("samples", [0, 100, 1600])
def test_silence_and_the_shortest_clips_differ_in_nothing(samples: int) -> None:
    silence = np.zeros(samples, np.float32)
    assert find_differences(silence, silence) == Differences()
    assert find_differences(silence, CLEAN[:samples]) == Differences()


def _loudest() -> float:
    power = np.convolve(np.square(CLEAN), np.ones(SAMPLE_RATE // 10), mode="same")
    return float(np.argmax(power)) / SAMPLE_RATE


LOUDEST = _loudest()
