"""Labels of listeners on their own scale, and the hearing-aid quality behind those of a hearing loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sqllm.corpus import listener_labels
from sqllm.corpus.listener_labels import label_listeners, mos_of_hasqi, on_own_scale
from sqllm.listeners.profiles import PROFILES
from sqllm.scores import DIMENSIONS
from sqllm.signal.audio import SAMPLE_RATE, set_level
from tests.tiny import speech_like


def test_an_intact_clip_is_as_good_as_it_gets_and_the_floor_stays() -> None:
    for intact, top in ((2.7, 4.6), (3.3, 4.5), (4.7, 4.6), (4.6, 4.0)):
        assert on_own_scale(intact, intact, top) == pytest.approx(top)
        assert on_own_scale(1.0, intact, top) == pytest.approx(1.0, abs=0.36)
        labels = [on_own_scale(float(heard), intact, top) for heard in np.arange(0.5, 5.2, 0.1)]
        assert (np.diff(labels) >= 0).all()
        assert min(labels) >= 1
        assert max(labels) <= 5


def test_chance_is_not_stretched_without_end() -> None:
    assert on_own_scale(1.4, 1.5, 4.5) == pytest.approx(4.25)
    assert on_own_scale(2.8, 2.7, 4.5) == pytest.approx(4.55)


def test_hasqi_becomes_a_mos_between_one_and_the_clean_recordings() -> None:
    mos = [mos_of_hasqi(quality, 4.6) for quality in (0, 0.2, 0.6, 1)]
    assert (mos[0], mos[-1]) == (1.0, pytest.approx(4.6))
    assert mos == sorted(mos)


class FakeTeachers:
    """NISQA v2 as how much of the wave is there, all others silent."""

    def __call__(self, name: str, weights: Path | None = None):
        return self.nisqa if name == "NISQA v2" else lambda *clip: {}

    @staticmethod
    def nisqa(samples: np.ndarray, reference: np.ndarray | None = None) -> dict[str, float]:
        loud = float(np.mean(np.abs(samples[:16_000]) > 1e-3))
        return dict.fromkeys([f"nisqa_{name}" for name in DIMENSIONS], 1 + 3 * loud)


def test_every_listener_who_hears_otherwise_is_labelled_and_only_those_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    teachers = FakeTeachers()
    monkeypatch.setattr(listener_labels, "load_teacher", teachers)
    monkeypatch.setattr(listener_labels, "load_teachers", lambda names, weights: [teachers(name) for name in names])
    monkeypatch.setattr(listener_labels, "hasqi", lambda clean, degraded, audiogram: 0.25)
    clean = set_level(speech_like(3.0), -26)
    degraded = clean.copy()
    degraded[: SAMPLE_RATE // 2] = 0
    labels = label_listeners(degraded, clean, {})
    assert set(labels) == {p.name for p in PROFILES.values() if p.hears_otherwise}
    assert all(set(scores) == set(DIMENSIONS) for scores in labels.values())
    assert all(1 <= score <= 5 for scores in labels.values() for score in scores.values())
    assert (
        labels["phone-speaker"]["mos"]
        < label_listeners(clean, clean, {}, None, ["phone-speaker"])["phone-speaker"]["mos"]
    )
    assert label_listeners(degraded, clean, {}, None, []) == {}


@pytest.fixture(scope="module")
def pair() -> tuple[np.ndarray, np.ndarray]:
    """Speech-like sound and the same with noise, 1.5 s."""
    pytest.importorskip("clarity")
    clean = set_level(speech_like(1.5), -26)
    noise = np.random.default_rng(0).standard_normal(len(clean)).astype(np.float32)
    return clean, clean + 10 ** (-36 / 20) * noise


def test_a_clip_that_is_its_reference_has_full_quality_for_every_ear(pair: tuple[np.ndarray, np.ndarray]) -> None:
    from sqllm.corpus.hearing_aid_quality import hasqi

    clean, noisy = pair
    assert hasqi(clean, clean, "S3") == pytest.approx(1)
    assert 0 < hasqi(clean, noisy) < 0.9
    assert hasqi(clean, noisy) == hasqi(clean, noisy)


def test_quality_is_that_of_the_published_code(pair: tuple[np.ndarray, np.ndarray]) -> None:
    from clarity.evaluator.hasqi.hasqi import hasqi_v2
    from clarity.utils.audiogram import Audiogram

    from sqllm.corpus.hearing_aid_quality import AID_HERTZ, hasqi
    from sqllm.signal.audio import active_level

    clean, noisy = pair
    gain = 10 ** (-active_level(clean) / 20)
    normal = Audiogram(levels=np.zeros(len(AID_HERTZ)), frequencies=np.array(AID_HERTZ))
    published, *_ = hasqi_v2(gain * clean, SAMPLE_RATE, gain * noisy, SAMPLE_RATE, normal, equalisation=2)
    assert hasqi(clean, noisy) == pytest.approx(published, abs=0.02)
