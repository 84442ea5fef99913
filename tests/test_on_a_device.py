"""Everything the model does, done with the model on another device than the CPU: nothing meets what is elsewhere.

The device is `tests.logical_device`; it stands for a GPU and refuses what a GPU refuses.
"""

from __future__ import annotations

import dataclasses
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from sqllm.corpus.nisqa_layout import read_corpus, write_index
from sqllm.evaluation.self_consistency import score_waves
from sqllm.features.token_set import TokenSet, cached_tokens, listen_to, training_clips
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.model.checkpoint import choose_trained_parameters, load_checkpoint, save_checkpoint
from sqllm.model.encoders.base import AudioEncoder, pad_batch
from sqllm.model.encoders.compact import CompactEncoder
from sqllm.model.encoders.load import load_encoder
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.scores import ARTIFACT_KINDS
from sqllm.signal.audio import SAMPLE_RATE, Clip
from sqllm.signal.speech import find_speech
from sqllm.training.ablations import random_encoder
from sqllm.training.calibration import calibrate_checkpoint
from sqllm.training.encoder_tuning import Tuner, TuningSettings
from sqllm.training.trainer import Trainer, TrainerSettings
from tests.logical_device import NAME, is_there, logical_device, parts_elsewhere
from tests.tiny import save_tiny_llm, speech_like, tiny_model
from train.ablations import ablate
from train.evaluate import evaluate
from train.finetune import FinetuneSettings, finetune, prepare
from train.tune import tune


@pytest.fixture(autouse=True)
def logical(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The device is there, and answers, which an untrained LLM never ends, are short. The speech detector, which stays
    on the CPU, is loaded before: recurrent layers can't be while modules keep their parameters' identity.
    """
    find_speech(speech_like(0.5))
    monkeypatch.setattr("sqllm.judge.decoding.LONGEST_ANSWER", 6)
    monkeypatch.setattr("sqllm.judge.decoding.MOST_DRAWS", 2)
    with logical_device():
        yield


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips of half a second of all three splits with all labels and a fault; half of them have a reference."""
    folder = tmp_path_factory.mktemp("corpus")
    rows: list[dict[str, object]] = []
    artifacts: list[dict[str, Any]] = []
    for number in range(12):
        name = f"{number}.wav"
        soundfile.write(folder / name, speech_like(0.4 + 0.02 * number, number), SAMPLE_RATE)
        split = ("TRAIN", "VAL", "TEST")[number % 3]
        scores = dict(zip(("mos", "noi", "col", "dis", "loud"), np.roll([1.5, 2, 3, 4, 5], number), strict=True))
        row = {"db": f"X_{split}_SIM", "filepath_deg": name, **scores}
        rows.append(row | ({"filepath_ref": name} if number % 9 > 2 or split == "VAL" else {}))
        faults = [{"kind": ARTIFACT_KINDS[number % 5], "severity": "slight", "spans": [[0.1, 0.2]]}]
        artifacts.append({"file": name, "artifacts": faults, "speech": True})
    write_index(folder, rows, artifacts)
    return folder


@pytest.fixture(scope="module")
def llm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_llm(tmp_path_factory.mktemp("llm"))


def whole_encoder(folder: Path) -> CompactEncoder:
    """A compact encoder with an ear, a locator and an assessor, all of them with something to say."""
    torch.manual_seed(0)
    encoder = CompactEncoder()
    torch.nn.init.normal_(encoder.add_ear().project.weight, std=0.03)
    torch.nn.init.normal_(encoder.level.weight, std=0.03)
    encoder.add_locator()
    encoder.add_assessor(29)
    return encoder


def published_encoder(kind: str) -> Callable[[Path], AudioEncoder]:
    return lambda folder: load_encoder(kind, str(random_encoder(kind, folder / kind)))


ENCODERS: dict[str, Callable[[Path], AudioEncoder]] = {
    "compact": whole_encoder,
    "ast": published_encoder("ast"),
    "whisper": published_encoder("whisper"),
}


def model_on(device: str, folder: Path, encoder: str = "compact", trained: str = "none") -> SpeechQualityModel:
    """The tiny model to train, on a device."""
    model = tiny_model(encoder=ENCODERS[encoder](folder))
    model.config = dataclasses.replace(model.config, trained_encoder=trained)
    choose_trained_parameters(model)
    return model.to(device)


def judge_on(device: str, folder: Path) -> SpeechQualityLLM:
    return SpeechQualityLLM(model_on(device, folder).eval(), {"name": "tiny", "revision": "0"})


VERBS: dict[str, Callable[[SpeechQualityLLM], Any]] = {
    "a clip": lambda judge: judge.rate(Clip(speech_like(1.5))).to_json(),
    "a clip beside its reference": lambda judge: judge.rate(Clip(speech_like(1.5)), Clip(speech_like(1.5))).to_json(),
    "two windows beside their reference": lambda judge: judge.rate(
        Clip(speech_like(10.5)), Clip(speech_like(10.5)), rationale=False
    ).to_json(),
    "another listener": lambda judge: judge.rate(Clip(speech_like(1.5)), profile="hearing-impaired").to_json(),
    "a question": lambda judge: judge.ask(Clip(speech_like(1.5)), "What is wrong with it?").to_json(),
    "two clips": lambda judge: judge.compare(Clip(speech_like(1.5)), Clip(speech_like(1.5, seed=1))).to_json(),
    "clips together": lambda judge: [
        hearing.rate(rationale=False).to_json()
        for hearing in judge.listen_many([(Clip(speech_like(1.0, seed)), None) for seed in range(3)])
    ],
    "a timeline": lambda judge: [
        round(point.scores["mos"].mean, 4) for point in judge.listen(Clip(speech_like(10.5))).timeline()
    ],
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_judge_says_the_same_on_another_device(verb: str, tmp_path: Path) -> None:
    assert VERBS[verb](judge_on(NAME, tmp_path)) == VERBS[verb](judge_on("cpu", tmp_path))


def test_a_checkpoint_is_loaded_whole_onto_the_wanted_device(llm: Path, tmp_path: Path) -> None:
    model = model_on(NAME, tmp_path)
    model.config = dataclasses.replace(model.config, llm_source=str(llm))
    save_checkpoint(model, tmp_path / "saved")
    loaded = {device: SpeechQualityLLM.from_pretrained(tmp_path / "saved", device=device) for device in (NAME, "cpu")}
    assert list(parts_elsewhere(loaded[NAME].model)) == []
    assert loaded[NAME].model.device.type == NAME
    said = [judge.rate(Clip(speech_like(1.0)), Clip(speech_like(1.0))).to_json() for judge in loaded.values()]
    assert said[0] == said[1]


@pytest.mark.parametrize("encoder", ENCODERS)
def test_every_encoder_hears_the_same_on_another_device(encoder: str, tmp_path: Path) -> None:
    batch = pad_batch([speech_like(1.0), speech_like(0.6, seed=1)])
    with torch.inference_mode():
        there, here = (model_on(device, tmp_path, encoder).eval().audio_tokens(*batch) for device in (NAME, "cpu"))
    assert is_there(there)
    torch.testing.assert_close(there.cpu(), here, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("device", [NAME, "cpu"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("encoder", ["ast", "whisper"])
def test_an_encoder_in_half_precision_hears_nearly_the_same(
    encoder: str, dtype: torch.dtype, device: str, tmp_path: Path
) -> None:
    batch = pad_batch([speech_like(1.0), speech_like(0.6, seed=1)])
    model = model_on("cpu", tmp_path, encoder).eval()
    with torch.inference_mode():
        whole = model.audio_tokens(*batch)
        model.encoder.to(dtype)
        half = model.to(device).audio_tokens(*batch)
    assert half.dtype == torch.float32
    assert 0 < (half.cpu() - whole).abs().mean() < 0.05 * whole.abs().mean()


def same_tokens(one: TokenSet, other: TokenSet, within: float = 1e-4) -> None:
    for side in ("degraded", "reference"):
        ours, theirs = getattr(one, side), getattr(other, side)
        assert not is_there(ours)
        torch.testing.assert_close(ours, theirs, atol=within, rtol=within, equal_nan=True)


@pytest.mark.parametrize("by_maps", [True, False])
def test_a_corpus_is_heard_on_the_device_and_kept_on_the_cpu(by_maps: bool, corpus: Path, tmp_path: Path) -> None:
    clips = training_clips(corpus)
    cached = [
        cached_tokens(model_on(device, tmp_path).eval(), clips, tmp_path / device, half_precision=by_maps)
        for device in (NAME, "cpu")
    ]
    assert 0 < int(cached[0].with_reference().sum()) < len(clips)
    same_tokens(cached[0], cached[1], within=0.05 if by_maps else 1e-4)  # a CPU may compute maps in bfloat16
    again = cached_tokens(model_on(NAME, tmp_path).eval(), clips, tmp_path / NAME, half_precision=by_maps)
    same_tokens(again, cached[0])


TRAININGS: dict[str, dict[str, Any]] = {
    "every question beside references": {"double_ended": 1.0, "other_listener": 1.0, "faults": 1.0},
    "questions made by workers": {"workers": 1},
    "trained encoder beside references": {"trained": "all", "double_ended": 1.0, "encoder_learning_rate": 1e-4},
    "trained queries": {"trained": "queries", "encoder_learning_rate": 1e-4},
}


def trained(
    device: str, corpus: Path, folder: Path, steps: int = 2, trained: str = "none", **more: Any
) -> SpeechQualityModel:
    """The tiny model after some steps on a device, going on where the folder's state is."""
    model, settings = model_on(device, folder, trained=trained), TrainerSettings(steps, batch=2, warmup=1, **more)
    clips = training_clips(corpus), read_corpus(corpus, "VAL")
    heard = [TokenSet.unheard(some) if trained != "none" else listen_to(model, some) for some in clips]
    Trainer(model, heard[0], heard[1], folder, settings).run()
    return model


def same_parameters(there: SpeechQualityModel, here: SpeechQualityModel) -> None:
    assert list(parts_elsewhere(there)) == []
    for (name, one), other in zip(there.named_parameters(), here.parameters(), strict=True):
        torch.testing.assert_close(one.detach().cpu(), other.detach(), atol=1e-4, rtol=1e-3, msg=name)


@pytest.mark.parametrize("training", TRAININGS)
def test_training_on_the_device_is_training(training: str, corpus: Path, tmp_path: Path) -> None:
    """Noise on tokens is drawn where they are, by other numbers: left out here."""
    settings = {"token_noise": 0.0} | TRAININGS[training]
    there, here = (trained(device, corpus, tmp_path / device, **settings) for device in (NAME, "cpu"))
    same_parameters(there, here)
    assert (tmp_path / NAME / "checkpoint" / "model.safetensors").is_file()


@pytest.mark.parametrize("trains", ["none", "all"])
def test_a_run_goes_on_where_it_was_on_the_device(trains: str, corpus: Path, tmp_path: Path) -> None:
    whole = trained(NAME, corpus, tmp_path / "whole", steps=4, trained=trains)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Trainer, "_out_of_patience", lambda trainer: trainer.step == 2)
        trained(NAME, corpus, tmp_path / "cut", steps=4, trained=trains)
    resumed = trained(NAME, corpus, tmp_path / "cut", steps=4, trained=trains)
    for (name, one), other in zip(whole.named_parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one.detach().cpu(), other.detach().cpu()), name


def saved_on_a_gpu(patched: pytest.MonkeyPatch) -> None:
    """Let what is saved claim to be from a GPU's memory, as it does where there is one."""
    patched.setattr("torch.serialization.location_tag", lambda storage: "cuda:0")


def test_a_run_of_a_gpu_goes_on_without_one(corpus: Path, tmp_path: Path) -> None:
    whole = trained("cpu", corpus, tmp_path / "whole", steps=4)
    with pytest.MonkeyPatch.context() as patched:
        saved_on_a_gpu(patched)
        patched.setattr(Trainer, "_out_of_patience", lambda trainer: trainer.step == 2)
        trained("cpu", corpus, tmp_path / "cut", steps=4)
    for (name, one), other in zip(
        whole.named_parameters(), trained("cpu", corpus, tmp_path / "cut", steps=4).parameters(), strict=True
    ):
        assert torch.equal(one, other), name


def tuned(device: str, corpus: Path, folder: Path, **more: Any) -> CompactEncoder:
    torch.manual_seed(0)
    encoder = CompactEncoder()
    settings = TuningSettings(
        out=folder / "out", cache=folder / "cache", device=device, batch=3, **({"epochs": 2, "dropout": 0.0} | more)
    )
    Tuner(encoder, training_clips(corpus), read_corpus(corpus, "VAL"), settings).run()
    return encoder


WHOLE = {"convolution_learning_rate": 1e-3, "average": 0.5}


@pytest.mark.parametrize("more", [{}, WHOLE], ids=["transformer", "convolutions too"])
def test_an_encoder_is_tuned_on_the_device(more: dict[str, float], corpus: Path, tmp_path: Path) -> None:
    there, here = (tuned(device, corpus, tmp_path / device, **more) for device in (NAME, "cpu"))
    assert list(parts_elsewhere(there)) == []
    for (name, one), (_, other) in zip(there.named_parameters(), here.named_parameters(), strict=True):
        assert (one.detach().cpu() - other.detach()).abs().mean() < 2e-3, name
    load_encoder("compact", str(tmp_path / NAME / "out" / "encoder.safetensors"))


def test_the_convolutions_are_computed_on_the_device(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Tensor] = []
    lower = CompactEncoder.lower

    def listening(encoder: CompactEncoder, waveforms: Tensor) -> Tensor:
        heard.append(waveforms)
        return lower(encoder, waveforms)

    monkeypatch.setattr(CompactEncoder, "lower", listening)
    tuned(NAME, corpus, tmp_path, epochs=0)
    assert heard
    assert all(map(is_there, heard))


@pytest.mark.parametrize("more", [{}, WHOLE], ids=["transformer", "convolutions too"])
def test_tuning_goes_on_where_it_was(more: dict[str, float], corpus: Path, tmp_path: Path) -> None:
    whole = tuned(NAME, corpus, tmp_path / "whole", **more)
    save = Tuner._save

    def killed_after_an_epoch(tuner: Tuner, steps: int, best: float) -> None:
        save(tuner, steps, best)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Tuner, "_save", killed_after_an_epoch)
        saved_on_a_gpu(patched)
        with pytest.raises(KeyboardInterrupt):
            tuned(NAME, corpus, tmp_path / "cut", **more)
    resumed = tuned(NAME, corpus, tmp_path / "cut", **more)
    for (name, one), (_, other) in zip(whole.named_parameters(), resumed.named_parameters(), strict=True):
        torch.testing.assert_close(one.detach().cpu(), other.detach().cpu(), msg=name)


def words_for(corpus: Path, llm: Path, out: Path) -> list[str]:
    common = [f"corpus={corpus}", f"out={out}", f"llm_source={llm}", f"device={NAME}", "steps=2", "batch=2", "warmup=1"]
    return [*common, "audio_tokens=8", "lora_rank=4"]


@pytest.mark.parametrize(("encoder", "trains"), [("compact", "none"), ("compact", "queries")])
def test_the_training_command_does_all_of_it_on_the_device(
    encoder: str, trains: str, corpus: Path, llm: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*words_for(corpus, llm, tmp_path / "run"), f"trained_encoder={trains}", f"encoder={encoder}"]
    source = "" if encoder == "compact" else random_encoder(encoder, tmp_path / encoder)
    finetune([*words, f"encoder_source={source}"])
    told = capsys.readouterr().out
    assert "Training on logical:0: asked for." in told
    assert "Temperatures: {'mos'" in told
    assert ("ridge" in told) == (trains == "none")
    judge = SpeechQualityLLM.from_pretrained(tmp_path / "run" / "checkpoint", device=NAME)
    assert judge.rate(Clip(speech_like(1.0))).rationale is not None


@pytest.mark.parametrize("trains", ["none", "queries"])
def test_the_trained_llm_is_gone_when_the_best_is_loaded_once(
    trains: str, corpus: Path, llm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_model()  # what the first LoRA of a process imports may log an error, whose frames pytest keeps
    trained: list[weakref.ref[Any]] = []
    still_there: list[bool] = []

    def remembered(settings: FinetuneSettings) -> tuple[SpeechQualityModel, TokenSet, TokenSet]:
        model, corpus, validation = prepare(settings)
        trained.append(weakref.ref(model.llm.get_base_model()))
        return model, corpus, validation

    def loaded(*place: Any) -> Any:
        still_there.append(trained[0]() is not None)
        return load_checkpoint(*place)

    monkeypatch.setattr("train.finetune.prepare", remembered)
    monkeypatch.setattr("sqllm.training.calibration.load_checkpoint", loaded)
    monkeypatch.setattr("sqllm.model.checkpoint.load_checkpoint", loaded)
    finetune([*words_for(corpus, llm, tmp_path / "run"), f"trained_encoder={trains}"])
    assert still_there == [False]


def test_the_experiments_run_on_the_device(
    corpus: Path, llm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sqllm.training.ablations.AUDIO_TOKENS", (4, 8))
    words = [*words_for(corpus, llm, tmp_path / "out"), f"test_corpus={corpus}", f"cache={tmp_path / 'cache'}"]
    ablate([*words, "questions=audio tokens a clip"])
    assert len((tmp_path / "out" / "ablations.md").read_text().splitlines()) == 4


def test_the_tuning_command_runs_on_the_device(corpus: Path, tmp_path: Path) -> None:
    CompactEncoder().save(tmp_path / "begun.safetensors")
    words = [f"encoder_source={tmp_path / 'begun.safetensors'}", f"device={NAME}", "epochs=1", "batch=3"]
    tune([*words, f"corpus={corpus}", f"out={tmp_path}", f"cache={tmp_path}"])
    assert (tmp_path / "encoder.safetensors").is_file()


def test_a_report_with_a_probe_is_measured_on_the_device(corpus: Path, llm: Path, tmp_path: Path) -> None:
    model = model_on("cpu", tmp_path)
    model.config = dataclasses.replace(model.config, llm_source=str(llm))
    save_checkpoint(model, tmp_path / "saved")
    words = [f"model={tmp_path / 'saved'}", f"corpus={corpus}", f"probe_corpus={corpus}", f"device={NAME}"]
    parts = ["text_clips=1", "artifact_clips=1", "word_clips=1"]
    evaluate([*words, *parts, f"cache={tmp_path / 'cache'}", f"out={tmp_path / 'table.md'}"])
    table = (tmp_path / "table.md").read_text()
    assert "ridge on the tokens" in table
    assert "ours, double-ended" in table


def test_a_checkpoint_is_calibrated_on_the_device(corpus: Path, llm: Path, tmp_path: Path) -> None:
    model = model_on("cpu", tmp_path)
    model.config = dataclasses.replace(model.config, llm_source=str(llm))
    save_checkpoint(model, tmp_path / "saved")
    heard = listen_to(load_checkpoint(tmp_path / "saved", "cpu")[0], read_corpus(corpus, "VAL"))
    fitted = [calibrate_checkpoint(tmp_path / "saved", heard, device=device) for device in (NAME, "cpu")]
    assert fitted[0] == fitted[1]


def test_waves_are_scored_on_the_device_also_beside_themselves(tmp_path: Path) -> None:
    waves = [speech_like(0.6, seed) for seed in range(2)]
    there, here = (
        [score_waves(model_on(device, tmp_path).eval(), waves, paired=paired) for paired in (False, True)]
        for device in (NAME, "cpu")
    )
    np.testing.assert_allclose(there, here, atol=1e-4)
