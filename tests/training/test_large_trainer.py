"""Training at size: what a step meets, that a kill changes nothing, and that shares of a batch make up the whole."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from sqllm.training.large_data import BLOCK, Order
from sqllm.training.large_trainer import LargeTrainer, warmed_up
from sqllm.training.throughput import Throughput, peak_of
from tests.training.large_runs import PAPER, run, tiny_settings
from train.large import LargeSettings, start_accelerator, trainer_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("large")


def trained(settings: LargeSettings) -> dict[str, torch.Tensor]:
    trainer = run(settings)
    return {n: p.detach().clone() for n, p in trainer.lessons.objective.named_parameters() if p.requires_grad}


@pytest.mark.parametrize(
    "more",
    [
        {**PAPER, "double_ended": 1.0, "trained_encoder": "queries", "lora_dropout": 0.05},
        {"double_ended": 0.5, "gradient_checkpointing": True, "micro_batch": 2},
    ],
    ids=["paper", "full"],
)
def test_a_run_that_was_killed_ends_with_the_same_bits(
    folder: Path, more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "".join(filter(str.isalnum, str(more)))[:40]
    settings = tiny_settings(folder, out=folder / f"{name}-whole", checkpoint_minutes=0.0, steps=4, **more)
    whole, step = trained(settings), LargeTrainer._step
    cut = dataclasses.replace(settings, out=folder / f"{name}-cut")

    def fails_at_the_third(trainer: LargeTrainer, passes: list) -> float:
        if trainer.step == 2:
            raise KeyboardInterrupt
        return step(trainer, passes)

    with monkeypatch.context() as patched:
        patched.setattr(LargeTrainer, "_step", fails_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            run(cut)
    resumed = trained(cut)
    assert whole.keys() == resumed.keys()
    for weight in whole:
        assert torch.equal(whole[weight], resumed[weight]), weight
    stored = [(s.out / "checkpoint" / "model.safetensors").read_bytes() for s in (settings, cut)]
    assert stored[0] == stored[1]
    states = [torch.load(s.out / "state.pt", weights_only=True) for s in (settings, cut)]
    assert states[0]["losses"] == states[1]["losses"]


def test_only_what_was_trained_is_saved(folder: Path) -> None:
    settings = tiny_settings(folder, out=folder / "saved", trained_encoder="queries", steps=1, **PAPER)
    run(settings)
    names = load_file(settings.out / "checkpoint" / "model.safetensors")
    assert {name.split(".")[0] for name in names} == {"encoder", "projector", "llm"}
    assert all("lora_" in name for name in names if name.startswith("llm."))
    assert all(".q_proj." in name for name in names if name.startswith("encoder."))
    state = torch.load(settings.out / "state.pt", weights_only=True)
    assert state["trained"].keys() == names.keys()


@pytest.mark.parametrize("more", [PAPER, {"double_ended": 0.5}], ids=["answers", "lessons"])
def test_a_batch_in_several_passes_has_the_gradient_of_one(folder: Path, more: dict[str, Any]) -> None:
    gradients = []
    for micro in (4, 1):
        settings = tiny_settings(folder, out=folder / "passes", micro_batch=micro, lora_dropout=0.0, **more)
        trainer = trainer_of(settings, start_accelerator(settings))
        objective = trainer.lessons.objective.eval().float()
        passes = trainer.lessons.step(1)
        assert len(passes) == 4 // micro
        counts = torch.stack([one.counts for one in passes]).sum(dim=0)
        plain = type(objective).forward  # accelerate's own computes in bfloat16 where the device does
        torch.stack([plain(objective, one, counts) for one in passes]).sum().backward()
        gradients.append({n: p.grad for n, p in objective.named_parameters() if p.grad is not None})
    for name, gradient in gradients[0].items():
        assert (gradient - gradients[1][name]).norm() < 1e-3 * gradient.norm() + 1e-5, name


def test_processes_share_every_batch_whatever_their_number(folder: Path) -> None:
    settings = tiny_settings(folder, out=folder / "shares", double_ended=0.5, micro_batch=1)
    trainer = trainer_of(settings, start_accelerator(settings))
    whole = trainer.lessons
    halves = [dataclasses.replace(whole, share=(rank, 2), _blocks={}) for rank in (0, 1)]
    for step in (0, 5, BLOCK):
        alone, shared = whole.step(step), [one for half in halves for one in half.step(step)]
        for one, other in zip(alone, shared, strict=True):
            assert one.degraded.tokens is not None
            assert other.degraded.tokens is not None
            assert torch.equal(one.degraded.tokens, other.degraded.tokens)
            assert (one.reference is None) == (other.reference is None)
            assert torch.equal(one.counts, other.counts)
    with pytest.raises(ValueError, match="make batch a multiple"):
        dataclasses.replace(whole, share=(0, 3))


def test_an_epoch_meets_every_clip_once_and_pairs_have_references() -> None:
    order = Order(clips=4 * BLOCK, batch=4, paired=(), double_ended=0.0, seed=1)
    rows, paired = order.rows(0)
    assert sorted(rows) == list(range(4 * BLOCK))
    assert paired == []
    assert order.rows(1)[0] != rows
    mixed = Order(clips=100, batch=4, paired=tuple(range(0, 100, 3)), double_ended=0.25, seed=1)
    blocks = [mixed.rows(block) for block in range(8)]
    assert {row % 3 for _, with_reference in blocks for row in with_reference} == {0}
    assert sum(len(b) for _, b in blocks) == pytest.approx(0.25 * 8 * BLOCK * 4, rel=0.1)
    assert all(len(alone) + len(both) == BLOCK * 4 for alone, both in blocks)


def test_batches_hold_prompts_of_like_length(folder: Path) -> None:
    settings = tiny_settings(folder, out=folder / "lengths", **PAPER)
    curriculum = trainer_of(settings, start_accelerator(settings)).lessons
    batches = [[curriculum.objective.length(item) for item in items] for _, items, _ in curriculum._block(0)]
    lengths = np.array(batches)
    padded = lengths.max(axis=1).sum() * lengths.shape[1] / lengths.sum()
    shuffled = np.random.default_rng(0).permutation(lengths.ravel()).reshape(lengths.shape)
    assert padded < 1.05 < shuffled.max(axis=1).sum() * lengths.shape[1] / lengths.sum()
    assert curriculum._block(0)[0][0] == curriculum._block(0)[0][0]


def test_passes_made_ahead_by_workers_are_the_same(folder: Path) -> None:
    settings = tiny_settings(folder, out=folder / "workers", trained_encoder="queries", double_ended=1.0, **PAPER)
    curriculum = trainer_of(settings, start_accelerator(settings)).lessons
    steps = range(2, 4)
    for one, other in zip(curriculum.passes(steps), curriculum.passes(steps, workers=1), strict=True):
        assert torch.equal(one[0].task.labels, other[0].task.labels)
        for ours, theirs in ((one[0].degraded, other[0].degraded), (one[0].reference, other[0].reference)):
            assert ours is not None
            assert theirs is not None
            assert ours.waves is not None
            assert theirs.waves is not None
            assert torch.equal(ours.waves, theirs.waves)


def test_the_learning_rate_warms_up_and_ends_at_zero() -> None:
    rates = [warmed_up(step, 4, 20) for step in range(21)]
    assert rates[:4] == [0.25, 0.5, 0.75, 1.0]
    assert max(rates) == 1.0
    assert rates[-1] == 0.0
    assert sorted(rates[4:], reverse=True) == rates[4:]


def test_too_few_clips_are_one_sentence(folder: Path) -> None:
    settings = tiny_settings(folder, out=folder / "few", batch=64, **PAPER)
    with pytest.raises(ValueError, match="16 TRAIN clips are fewer than a batch of 64"):
        trainer_of(settings, start_accelerator(settings))


def test_a_tracker_that_is_not_there_is_one_sentence(folder: Path) -> None:
    with pytest.raises(ValueError, match="report_to=comet_ml can't be used"):
        start_accelerator(tiny_settings(folder, report_to="comet_ml"))


def test_throughput_counts_what_was_read_and_knows_the_cards() -> None:
    throughput = Throughput(operations=4.0)
    throughput.count(600, 3)
    throughput.since -= 2.0
    figures = throughput.read(torch.device("cpu"), processes=2)
    assert figures["tokens_per_second"] == pytest.approx(600, rel=0.05)
    assert figures["clips_per_second"] == pytest.approx(3, rel=0.05)
    assert throughput.tokens == 0
    assert peak_of("NVIDIA A100-SXM4-80GB") == 312e12
    assert peak_of("NVIDIA L40S") == 362e12
    assert peak_of("something else") is None
