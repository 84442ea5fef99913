"""The store of convolution maps, and the tuning of the encoder above them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from sqllm.corpus.nisqa_layout import CorpusClip
from sqllm.features.feature_cache import MapStore, Sound, sounds_of
from sqllm.features.token_set import cached_tokens, listen_to
from sqllm.features.wave_cache import WaveStore, disguised
from sqllm.listeners.profiles import PROFILES
from sqllm.model.config import EncoderParts, ModelConfig
from sqllm.model.encoders.base import BESIDE, pad_batch
from sqllm.model.encoders.compact import CompactEncoder
from sqllm.model.encoders.load import load_encoder
from sqllm.scores import ARTIFACT_KINDS, DIMENSIONS, LOCATED_KINDS, HeardArtifact
from sqllm.signal.audio import SAMPLE_RATE
from sqllm.training.encoder_tuning import (
    Lessons,
    Tuner,
    TuningSettings,
    _told,
    located_faults,
    opinion_names,
    opinions_of,
)
from tests.tiny import save_tiny_encoder, speech_like, tiny_model


@pytest.fixture
def clips(tmp_path: Path) -> list[CorpusClip]:
    made = []
    for number in range(6):
        path = tmp_path / f"clip{number}.wav"
        soundfile.write(path, speech_like(1.0 + 0.1 * number, number), SAMPLE_RATE, subtype="FLOAT")
        scores = {name: 1.5 + number / 2 for name in DIMENSIONS}
        faults = (HeardArtifact("packet-loss", "strong", ((0.5, 0.6),)),) if number % 2 else ()
        reference = tmp_path / "clip0.wav" if number == 5 else None
        made.append(CorpusClip(path, reference, "X_TRAIN_SIM", "", "en", 1, scores, {}, {}, faults))
    return made


def untrained() -> CompactEncoder:
    torch.manual_seed(0)
    return CompactEncoder().eval()


def test_stored_maps_give_the_frames_that_listening_gives(clips: list[CorpusClip], tmp_path: Path) -> None:
    encoder = untrained()
    store = MapStore(encoder, tmp_path / "cache")
    sounds = sounds_of(clips)
    assert len(sounds) == 7
    assert not (tmp_path / "cache").exists()  # before there is anything to keep
    store.fill(sounds, batch=3)
    with torch.inference_mode():
        frames, counts = encoder.upper(*store.batch(sounds[:2]))
        expected, expected_counts = encoder(*pad_batch([sound.wave() for sound in sounds[:2]]))
    assert counts.tolist() == expected_counts.tolist()
    for row, count in enumerate(counts.tolist()):
        gap = (frames[row, :count] - expected[row, :count]).abs().mean()
        assert gap < 0.02 * expected[row, :count].abs().mean()


def test_a_clip_can_begin_later(clips: list[CorpusClip], tmp_path: Path) -> None:
    store = MapStore(untrained(), tmp_path / "cache")
    sounds = sounds_of(clips[:2])
    store.fill(sounds)
    whole, lengths = store.batch(sounds)
    later, shorter = store.batch(sounds, [5, 0])
    torch.testing.assert_close(later[0, :-5], whole[0, 5:])
    torch.testing.assert_close(later[1], whole[1])
    assert (lengths - shorter).tolist() == [5 * 320, 0]


def test_a_store_goes_on_after_a_kill(clips: list[CorpusClip], tmp_path: Path) -> None:
    sounds = sounds_of(clips)
    store = MapStore(untrained(), tmp_path / "cache")
    store.fill(sounds[:3])
    whole = store.batch(sounds[:3])[0]
    with store.data.open("ab") as data:
        data.write(b"half a map")
    with store.index.open("a") as index:
        index.write('\n["half a li')
    again = MapStore(untrained(), tmp_path / "cache")
    assert len(again.places) == 3
    again.fill(sounds)
    assert len(again.places) == 7
    torch.testing.assert_close(again.batch(sounds[:3])[0], whole)
    assert len(MapStore(untrained(), tmp_path / "cache").places) == 7


@pytest.mark.parametrize("kind", ["compact", "whisper"])
def test_tokens_to_train_on_are_those_of_listening(kind: str, clips: list[CorpusClip], tmp_path: Path) -> None:
    source = save_tiny_encoder(kind, tmp_path / kind)
    model = tiny_model(encoder=load_encoder(kind, source))
    exact = listen_to(model, clips)
    half = cached_tokens(model, clips, tmp_path / "cache", half_precision=True)
    assert half.with_reference().tolist() == exact.with_reference().tolist() == [False] * 5 + [True]
    torch.testing.assert_close(half.degraded[..., -BESIDE:], exact.degraded[..., -BESIDE:])
    assert float((half.degraded - exact.degraded).abs().mean()) < 0.03


def test_lessons_say_what_is_known(clips: list[CorpusClip]) -> None:
    silent = dataclasses.replace(clips[0], speech=False)
    lessons = Lessons.of([clips[1], silent])
    assert lessons.scores[0, :5].tolist() == [2.0] * 5
    assert lessons.scores[0, 5:].isnan().all()
    assert lessons.scores[1].isnan().all()
    assert lessons.faults[0].nonzero().flatten().tolist() == [ARTIFACT_KINDS.index("packet-loss")]


def test_frames_that_touch_a_span_are_marked(clips: list[CorpusClip]) -> None:
    silent = dataclasses.replace(clips[0], speech=False)
    marked = located_faults([clips[1], clips[0], silent], [12, 10, 10], 12, 10, [0, 0, 0])
    assert marked[0, :, 0].tolist() == [0] * 5 + [1] + [0] * 6
    assert marked[0, :, 1].tolist() == [0] * 12
    later = located_faults([clips[1]], [9], 12, 10, [3])
    assert later[0, :9, 0].tolist() == [0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert marked[1, :10].eq(0).all()
    assert marked[1, 10:].isnan().all()
    assert marked[2].isnan().all()


def test_a_level_that_changes_all_along_has_no_moments(clips: list[CorpusClip]) -> None:
    pumped = dataclasses.replace(clips[0], artifacts=(HeardArtifact("level-change", "slight"),))
    marked = located_faults([pumped], [10], 10, 10, [0])
    assert marked[0, :, LOCATED_KINDS.index("level-change")].isnan().all()
    assert marked[0, :, LOCATED_KINDS.index("packet-loss")].eq(0).all()


def test_faults_are_told_by_the_assessor_and_their_moments_by_the_locator() -> None:
    encoder = untrained()
    locator = encoder.add_locator()
    torch.nn.init.zeros_(locator.get_parameter("3.weight"))
    torch.nn.init.constant_(locator.get_parameter("3.bias"), 4.0)
    logits = torch.tensor([[1.0 if kind in ("packet-loss", "hum") else -1.0 for kind in ARTIFACT_KINDS]] * 2)
    logits[1] = -1
    with torch.inference_mode():
        hum_and_loss, nothing = _told(encoder, logits, torch.zeros(2, 100, encoder.width), torch.tensor([100, 50]))
    assert {artifact.kind: artifact.spans for artifact in hum_and_loss} == {"packet-loss": ((0.0, 2.0),), "hum": ()}
    assert nothing == ()


def test_measuring_an_encoder_before_tuning_leaves_it_as_it_is(clips: list[CorpusClip], tmp_path: Path) -> None:
    MapStore(untrained(), tmp_path / "cache").fill(sounds_of(clips))
    torch.manual_seed(0)
    fresh = CompactEncoder()  # as new modules are: in training mode
    Tuner(fresh, clips, clips, TuningSettings(out=tmp_path, cache=tmp_path / "cache", epochs=0)).run()
    after = fresh.state_dict()
    for name, value in untrained().state_dict().items():
        assert torch.equal(after[name], value), name


def tuned_in_halves(
    clips: list[CorpusClip], settings: TuningSettings, monkeypatch: pytest.MonkeyPatch
) -> CompactEncoder:
    """An untrained encoder whose tuning was killed after three of its four steps, and begun again."""
    settings, save = dataclasses.replace(settings, checkpoint_minutes=0), Tuner._save

    def killed_amid_an_epoch(tuner: Tuner, steps: int, best: float) -> None:
        save(tuner, steps, best)
        if steps == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Tuner, "_save", killed_amid_an_epoch)
        with pytest.raises(KeyboardInterrupt):
            Tuner(untrained(), clips, clips, settings).run()
    encoder = untrained()
    Tuner(encoder, clips, clips, settings).run()
    return encoder


def test_tuning_changes_the_transformer_alone_and_goes_on_as_if_never_stopped(
    clips: list[CorpusClip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = TuningSettings(out=tmp_path / "whole", cache=tmp_path / "cache", epochs=2, batch=3)
    whole = untrained()
    Tuner(whole, clips, clips, settings).run()
    before, after = untrained().state_dict(), whole.state_dict()
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"transformer", "project", "level"}
    assert whole.ear is not None
    assert whole.ear.project.weight.any()
    assert whole.locator is not None
    assert whole.assessor is not None

    resumed = tuned_in_halves(clips, dataclasses.replace(settings, out=tmp_path / "halves"), monkeypatch)
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], value)
    loaded = load_encoder("compact", str(settings.out / "encoder.safetensors"))
    assert isinstance(loaded, CompactEncoder)
    assert loaded.locate(torch.zeros(1, 7, loaded.width)).shape == (1, 7, len(LOCATED_KINDS))  # type: ignore[union-attr]
    listeners = 1 + sum(profile.hears_otherwise for profile in PROFILES.values())
    assert loaded.opinions == whole.opinions == listeners * len(DIMENSIONS) + len(ARTIFACT_KINDS)
    assert np.isfinite(loaded.project.weight.detach().numpy()).all()
    assert Sound(clips[0].degraded).wave().shape == (16000,)


def test_waves_are_kept_and_begin_later(clips: list[CorpusClip]) -> None:
    store = WaveStore()
    sounds = sounds_of(clips[:2])
    store.fill(sounds)
    whole, lengths = store.batch(sounds)
    assert lengths.tolist() == [store.samples(sound) for sound in sounds] == [len(sound.wave()) for sound in sounds]
    torch.testing.assert_close(whole[1], torch.from_numpy(sounds[1].wave()), atol=1e-3, rtol=1e-3)
    later, shorter = store.batch(sounds, [5, 0])
    torch.testing.assert_close(later[0, : int(shorter[0])], whole[0, 5 * 320 : int(lengths[0])])
    assert (lengths - shorter).tolist() == [5 * 320, 0]


def test_a_disguised_tone_is_lower_by_the_stretch_and_as_loud() -> None:
    seconds, hertz, stretch = 1.0, 1000.0, 1.04
    times = torch.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tone = 0.5 * torch.sin(2 * torch.pi * hertz * times)
    heard, lengths = disguised(tone.repeat(2, 1), torch.tensor([16000, 8000]), stretch, torch.tensor([0.0, torch.pi]))
    assert lengths.tolist() == [16640, 8320]
    torch.testing.assert_close(heard[1], -heard[0], atol=1e-4, rtol=0)  # half a turn
    middle = heard[0, 2000:14000]
    expected = 0.5 * torch.sin(2 * torch.pi * hertz / stretch * torch.arange(2000, 14000) / SAMPLE_RATE)
    torch.testing.assert_close(middle, expected, atol=0.02, rtol=0)


def test_convolutions_can_be_tuned_too_and_go_on_as_if_never_stopped(
    clips: list[CorpusClip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = TuningSettings(
        out=tmp_path / "whole", cache=tmp_path / "cache", epochs=2, batch=3, convolution_learning_rate=1e-3, average=0.5
    )
    whole, before = untrained(), untrained().state_dict()
    Tuner(whole, clips, clips, settings).run()
    assert not torch.equal(whole.state_dict()["convolutions.0.weight"], before["convolutions.0.weight"])
    assert not (tmp_path / "cache").exists()
    kept = load_encoder("compact", str(tmp_path / "whole" / "encoder.safetensors")).state_dict()
    assert not torch.equal(kept["convolutions.0.weight"], whole.state_dict()["convolutions.0.weight"])  # an average
    assert torch.equal(kept["norm_input.running_mean"], before["norm_input.running_mean"])
    resumed = tuned_in_halves(clips, dataclasses.replace(settings, out=tmp_path / "halves"), monkeypatch)
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], value)


def test_half_of_what_is_learnt_is_the_mean_of_the_weights_before_and_after(
    clips: list[CorpusClip], tmp_path: Path
) -> None:
    settings = TuningSettings(out=tmp_path / "all", cache=tmp_path / "cache", epochs=1, batch=3)
    half = dataclasses.replace(settings, out=tmp_path / "half", learnt_share=0.5)
    for one in (settings, half):
        Tuner(untrained(), clips, clips, one).run()
    name = "transformer.layers.0.linear1.weight"
    before = untrained().state_dict()[name]
    learnt, kept = (
        load_encoder("compact", str(one.out / "encoder.safetensors")).state_dict()[name] for one in (settings, half)
    )
    assert not torch.equal(before, learnt)
    torch.testing.assert_close(kept, (before + learnt) / 2)


def test_tuning_goes_on_with_the_head_that_tells_the_moments(clips: list[CorpusClip], tmp_path: Path) -> None:
    encoder = untrained()
    locator = encoder.add_locator()
    before = {name: value.clone() for name, value in locator.state_dict().items()}
    encoder.requires_grad_(False)
    Tuner(
        encoder, clips, clips, TuningSettings(out=tmp_path / "out", cache=tmp_path / "cache", epochs=1, batch=3)
    ).run()
    assert encoder.locator is locator
    assert all(not torch.equal(before[name], value) for name, value in locator.state_dict().items())


def test_a_locator_that_learns_more_kinds_locates_those_it_knew_as_before() -> None:
    encoder, frames = CompactEncoder(EncoderParts(locator=("hum", "clicks"))), torch.randn(1, 9, 200)
    before = encoder.locate(frames)
    encoder.add_locator(("packet-loss", "clicks", "echo", "hum"))
    after = encoder.locate(frames)
    assert before is not None
    assert after is not None
    torch.testing.assert_close(after[..., [3, 1]], before)
    assert encoder.parts.locator == encoder.located_kinds == ("packet-loss", "clicks", "echo", "hum")


def test_an_assessor_of_more_listeners_and_kinds_begins_with_the_opinions_it_had() -> None:
    profiles = ("typical", "noise-sensitive", "phone-speaker")
    known = opinions_of(ModelConfig(profiles=profiles, artifact_kinds=("hum", "echo")))
    assert known[5:] == [*(f"phone-speaker {dimension}" for dimension in DIMENSIONS), "hum", "echo"]
    encoder, frames = CompactEncoder(EncoderParts(opinions=len(known))).eval(), torch.randn(1, 9, 200)
    tuner = Tuner(encoder, [], [], TuningSettings(), known)
    wanted = opinion_names(["typical", "street-noise", "phone-speaker"], ["echo", "clicks", "hum"])
    old = encoder.assessor
    assert old is not None
    begun = encoder.add_assessor(len(wanted), tuner.opinions_before(wanted))
    with torch.inference_mode():
        before, after = old(frames), begun(frames)
    torch.testing.assert_close(after[..., :5], before[..., :5])
    torch.testing.assert_close(after[..., 5:10], before[..., :5])  # one who is new to it begins as the typical listener
    torch.testing.assert_close(after[..., 10:16], before[..., [5, 6, 7, 8, 9, 11]])
    assert (after[..., 16] < 0).all()  # a fault that is new to it is unlikely
    torch.testing.assert_close(after[..., 17], before[..., 10])
