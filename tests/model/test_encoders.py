"""The encoders behind one interface, on tiny seeded configurations."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from sqllm.model.config import EncoderParts
from sqllm.model.encoders.base import BESIDE, AudioEncoder, beside_frames, pool_over_time
from sqllm.model.encoders.compact import PARTS_KEY, CompactEncoder
from sqllm.model.encoders.load import load_encoder
from sqllm.model.encoders.pretrained import WhisperEncoder
from sqllm.signal.audio import SAMPLE_RATE
from sqllm.signal.spectra import BANDS, spectra
from tests.tiny import save_tiny_encoder, speech_like, tone


def make(kind: str, folder: Path) -> AudioEncoder:
    torch.manual_seed(0)
    return load_encoder(kind, save_tiny_encoder(kind, folder))


@pytest.fixture(scope="module", params=["compact", "ast", "whisper"])
def encoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AudioEncoder:
    return make(request.param, tmp_path_factory.mktemp(request.param)).eval()


def batch_of(*clips: np.ndarray) -> tuple[Tensor, Tensor]:
    lengths = torch.tensor([len(clip) for clip in clips])
    padded = [np.pad(clip, (0, int(lengths.max()) - len(clip))) for clip in clips]
    return torch.from_numpy(np.stack(padded)), lengths


@torch.inference_mode()
def frames_of(encoder: AudioEncoder, *clips: np.ndarray) -> list[Tensor]:
    frames, counts = encoder(*batch_of(*clips))
    return [clip[:count] for clip, count in zip(frames, counts.tolist(), strict=True)]


@pytest.mark.parametrize("seconds", [0.1, 1.0, 3.33, 10.0])
def test_frames_have_the_width_and_rate_that_is_said(encoder: AudioEncoder, seconds: float) -> None:
    (frames,) = frames_of(encoder, speech_like(seconds))
    assert frames.shape[1] == encoder.width
    assert abs(len(frames) - seconds * encoder.frame_rate) <= 1
    assert torch.isfinite(frames).all()


def test_an_assessor_has_opinions_of_the_frames_and_leaves_them_as_they_are() -> None:
    encoder = CompactEncoder().eval()
    (before,) = frames_of(encoder, speech_like(1.0))
    assert encoder.assess(before) is None
    assessor = encoder.add_assessor(7)
    (frames,) = frames_of(encoder, speech_like(1.0))
    torch.testing.assert_close(frames, before, atol=0, rtol=0)
    with torch.inference_mode():
        torch.testing.assert_close(encoder.assess(frames), assessor(before))


def test_frames_of_a_clip_do_not_depend_on_its_batch(encoder: AudioEncoder) -> None:
    short, long = speech_like(1.3, seed=1), speech_like(6.0, seed=2)
    alone, beside = frames_of(encoder, short)[0], frames_of(encoder, short, long)[0]
    assert (alone - beside).abs().max() < 1e-4 * alone.abs().max()
    whole = frames_of(encoder, long)[0]
    torch.testing.assert_close(frames_of(encoder, long, short)[0], whole, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("second", [0.5, 2.0, 3.5])
def test_a_burst_changes_the_frames_of_its_own_time_most(encoder: AudioEncoder, second: float) -> None:
    clip = speech_like(4.0)
    burst, start = clip.copy(), round(second * SAMPLE_RATE)
    burst[start : start + 3_200] += np.random.default_rng(0).normal(0, 0.2, 3_200).astype(np.float32)
    burst *= np.abs(clip).max() / np.abs(burst).max() if isinstance(encoder, CompactEncoder) else 1
    before, after = frames_of(encoder, clip)[0], frames_of(encoder, burst)[0]
    change = (after - before).norm(dim=1)
    hot = float(change.argmax()) / encoder.frame_rate
    assert second - 0.2 <= hot <= second + 0.4


def test_the_attention_queries_are_found_for_training(encoder: AudioEncoder) -> None:
    queries = [encoder.get_parameter(name) for name in encoder.queries()]
    assert len(queries) >= 2
    assert sum(parameter.numel() for parameter in queries) < 0.5 * sum(p.numel() for p in encoder.parameters())


def test_frames_have_gradients_to_the_encoders_weights(encoder: AudioEncoder) -> None:
    frames, _ = encoder(*batch_of(speech_like(1.0)))
    frames.square().sum().backward()
    queries = map(encoder.get_parameter, encoder.queries())
    assert all(q.grad is not None and q.grad.abs().sum() > 0 for q in queries if q.ndim > 1)
    encoder.zero_grad()


def test_whisper_positions_are_cut_to_a_window(tmp_path: Path) -> None:
    whisper = make("whisper", tmp_path)
    assert isinstance(whisper, WhisperEncoder)
    assert whisper.get_parameter("model.embed_positions.weight").shape == (510, 32)
    with torch.inference_mode():
        frames, counts = whisper(*batch_of(speech_like(10.0), speech_like(1.0)))
    assert frames.shape == (2, 510, 32)
    assert counts.tolist() == [500, 50]


def test_compact_hears_the_level_once_taught_and_it_stands_beside_always() -> None:
    clip = speech_like(1.0)

    def change(encoder: CompactEncoder) -> float:
        loud, quiet = (frames_of(encoder, clip * np.float32(gain))[0] for gain in (1, 0.01))
        return float((loud - quiet).abs().max())

    assert change(CompactEncoder().eval()) < 1e-3
    taught = CompactEncoder().eval()
    torch.nn.init.normal_(taught.level.weight, std=0.1)
    assert change(taught) > 0.1
    alone, beside_a_longer_one = (frames_of(taught, *clips)[0] for clips in ([clip], [clip, speech_like(3.0)]))
    torch.testing.assert_close(alone, beside_a_longer_one, atol=1e-4, rtol=1e-4)
    beside = beside_frames(*batch_of(clip, clip * np.float32(0.1)), tokens=4)
    assert beside.shape == (2, 4, BESIDE)
    torch.testing.assert_close(beside[0, :, 1] - beside[1, :, 1], torch.full((4,), 2.0), atol=0.01, rtol=0)


def test_what_stands_beside_frames_is_in_the_documented_units_and_ignores_padding() -> None:
    tone = np.full(16_000, 10 ** (-25 / 20), np.float32)
    alone = beside_frames(*batch_of(tone), tokens=2)
    torch.testing.assert_close(alone[0], torch.tensor([[1.0, 0.5, -1.5]] * 2), atol=1e-4, rtol=0)
    padded = beside_frames(*batch_of(tone, np.zeros(48_000, np.float32)), tokens=2)
    torch.testing.assert_close(padded[0], alone[0])
    torch.testing.assert_close(padded[1], torch.tensor([[-50 / 15, -6.0, -1.5]] * 2), atol=1e-4, rtol=0)


def test_compact_keeps_its_statistics_while_training() -> None:
    encoder = make("compact", Path()).train()
    before = encoder.norm_input.running_mean.clone()  # type: ignore[union-attr,operator]
    encoder(*batch_of(speech_like(1.0)))
    torch.testing.assert_close(encoder.norm_input.running_mean, before)  # type: ignore[union-attr]


def test_compact_takes_the_published_weights_without_their_head(tmp_path: Path) -> None:
    encoder = CompactEncoder()
    state = {
        name.replace("convolutions.", "cnn.cnn.", 1): value
        for name, value in encoder.state_dict().items()
        if name.startswith("convolutions.")
    }
    inner = "transformer_pool_attn."
    for ours, theirs in {
        "norm_input.": inner + "norm_input.",
        "norm_transformer.": inner + "transformer.norm.",
        "project.": inner + "transformer.linear_proj.",
        "transformer.": inner + "transformer.transformer_encoder.",
        "norm_output.": inner + "norm_trans.",
    }.items():
        named = ((name, value) for name, value in encoder.state_dict().items() if name.startswith(ours))
        state |= {name.replace(ours, theirs, 1): value for name, value in named}
    torch.save({"model": state | {"head.weight": torch.zeros(1)}}, tmp_path / "distill.pt")
    loaded = load_encoder("compact", str(tmp_path / "distill.pt"))
    without_pooling_and_head, level = 4_133_226 - 81_002, 400
    assert sum(p.numel() for p in loaded.parameters()) == without_pooling_and_head + level
    torch.testing.assert_close(loaded.state_dict(), encoder.state_dict())


def test_a_tuned_encoder_is_read_back_with_its_parts(tmp_path: Path) -> None:
    encoder = CompactEncoder(EncoderParts(ear=True, opinions=5))
    encoder.save(tmp_path / "tuned.safetensors")
    loaded = load_encoder("compact", str(tmp_path / "tuned.safetensors"))
    assert loaded.parts == encoder.parts == EncoderParts(ear=True, opinions=5)
    torch.testing.assert_close(dict(loaded.state_dict()), dict(encoder.state_dict()), atol=0, rtol=0)


@pytest.mark.parametrize(
    ("change", "parts", "reason"),
    [
        ({}, None, "say which parts of an encoder it holds"),
        ({}, {"ear": False, "locator": [], "opinions": 0}, "ear.convolutions.0.bias has no place"),
        ({}, {"ear": True, "locator": ["hum"], "opinions": 0}, "locator.0.weight is missing"),
        ({}, {"ear": True, "locator": []}, "opinions is missing"),
        ({"level.weight": None}, {"ear": True, "locator": [], "opinions": 0}, "level.weight is missing"),
        ({"level.weight": torch.zeros(3)}, {"ear": True, "locator": [], "opinions": 0}, r"level.weight is \[3\]"),
    ],
)
def test_a_tuned_encoder_that_is_not_what_it_says_is_refused(
    tmp_path: Path, change: dict[str, Tensor | None], parts: dict[str, object] | None, reason: str
) -> None:
    path = tmp_path / "tuned.safetensors"
    weights = CompactEncoder(EncoderParts(ear=True)).state_dict() | change
    stored = {name: weight for name, weight in weights.items() if weight is not None}
    save_file(stored, path, None if parts is None else {PARTS_KEY: json.dumps(parts)})
    with pytest.raises(ValueError, match=rf"^{path} does not .*{reason}.*\.$"):
        load_encoder("compact", str(path))


def test_a_file_that_holds_no_encoder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tuned.safetensors"
    path.write_bytes(b"no weights")
    with pytest.raises(ValueError, match=r"is broken: it is no whole safetensors file\.$"):
        load_encoder("compact", str(path))
    with pytest.raises(FileNotFoundError):
        load_encoder("compact", str(tmp_path / "gone.safetensors"))


def test_pooling_averages_the_real_frames_in_order() -> None:
    frames = torch.arange(8.0).reshape(1, 8, 1).repeat(2, 1, 3)
    pooled = pool_over_time(frames, torch.tensor([8, 4]), 4)
    assert pooled.shape == (2, 4, 3)
    assert pooled[:, :, 0].tolist() == [[0.5, 2.5, 4.5, 6.5], [0.0, 1.0, 2.0, 3.0]]
    assert pool_over_time(frames, torch.tensor([1, 1]), 4)[1, :, 0].tolist() == [0.0] * 4


def test_unknown_encoders_and_missing_sources_are_refused() -> None:
    with pytest.raises(ValueError, match="no encoder 'wav2vec'; choose compact, ast or whisper"):
        load_encoder("wav2vec")
    with pytest.raises(ValueError, match="whisper encoder needs a Hub name or a folder"):
        load_encoder("whisper")


def test_the_compact_encoder_does_not_hear_where_resampling_filters_fall() -> None:
    def heard(hertz: float) -> float:
        return float(CompactEncoder._compress(spectra(tone(hertz))).abs().mean())

    assert heard(7700) < 0.5 * heard(7000)  # what is left is leakage, which the power of .3 makes much of


def test_the_ear_is_given_decibels_in_bands() -> None:
    bands = CompactEncoder._bands(spectra(tone(1000)), 52)[0].unflatten(1, (2, BANDS))
    assert bands.shape == (52, 2, BANDS)
    assert float(15 * bands[20, 1].max() - 40) == pytest.approx(0, abs=4)
    assert (15 * bands[-1, -1] - 40 < -85).all()  # behind the clip


def test_an_ear_says_nothing_before_it_is_taught_and_hears_a_gap_when_it_is() -> None:
    encoder, whole = CompactEncoder().eval(), speech_like(2.0)
    (before,) = frames_of(encoder, whole)
    ear = encoder.add_ear()
    torch.testing.assert_close(frames_of(encoder, whole)[0], before)
    gap = whole.copy()
    gap[16000:16640] = 0
    torch.nn.init.normal_(ear.project.weight, std=0.03)  # as training makes them
    maps = [encoder.lower(torch.from_numpy(wave)[None])[..., -2 * BANDS :] for wave in (whole, gap)]
    changed = (ear(maps[0]) - ear(maps[1])).abs().amax(dim=2)[0] > 0.1
    assert changed[50:52].all()
    assert not changed[:44].any()
    assert not changed[58:].any()
