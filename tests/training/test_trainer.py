"""Settings, lessons, the dataset, the trainer, the probe and the figures."""

from __future__ import annotations

import csv
import dataclasses
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from sqllm.corpus.nisqa_layout import CorpusClip, write_index
from sqllm.evaluation.metrics import accuracy, fit_figures, read_token_set, table
from sqllm.evaluation.probe import probe
from sqllm.features.feature_cache import Sound
from sqllm.features.token_set import TokenSet, cached_tokens, hear_sounds, listen_to, training_clips
from sqllm.judge.readout import Heard, Vocabulary
from sqllm.listeners.profiles import PROFILES, TYPICAL
from sqllm.model.checkpoint import choose_trained_parameters
from sqllm.model.config import NO_WORDS, OUR_LAYOUT, ModelConfig
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.scores import ARTIFACT_KINDS, DIMENSIONS, GRID, SEVERITIES, HeardArtifact, Score
from sqllm.signal.changes import CHANGES
from sqllm.training.lessons import (
    Lesson,
    Tasks,
    as_own_reference,
    label_distribution,
    label_sds,
    likely_branches,
    listener_scores,
    make_lesson,
)
from sqllm.training.loss import TargetBatch, lesson_loss
from sqllm.training.settings import find_config, read_settings, run_command
from sqllm.training.trainer import LOG_NAME, Draw, Trainer, TrainerSettings
from sqllm.training.words_trainer import WordsSettings
from tests.tiny import TOKEN_WIDTH, tiny_model, write_corpus
from train.ablations import AblationSettings
from train.evaluate import EvaluateSettings
from train.finetune import FinetuneSettings
from train.large import LargeSettings
from train.paper_table import PaperTableSettings
from train.simulate import SimulateSettings
from train.teachers import TeacherSettings
from train.truth import TruthSettings
from train.tune import TuneSettings

NOWHERE = Path("nowhere.wav")
CONFIGS = Path(__file__).parents[2] / "train" / "configs"


def frozen_model(seed: int = 0) -> SpeechQualityModel:
    model = tiny_model(seed)
    choose_trained_parameters(model)
    return model


@pytest.fixture(scope="module")
def words() -> Vocabulary:
    return Vocabulary.of(frozen_model())


def clip_with(mos: float, seed: int = 0, speech: bool = True, **more: object) -> CorpusClip:
    rng = np.random.default_rng(seed)
    scores = {name: float(np.clip(mos + rng.normal(0, 0.3), 0.8, 5.1)) for name in DIMENSIONS} | {"mos": mos}
    kinds = rng.choice(ARTIFACT_KINDS, size=2, replace=False)
    artifacts = tuple(HeardArtifact(str(kind), str(rng.choice(SEVERITIES)), ((1.0, 2.0),)) for kind in kinds)
    heard = {"phone-speaker": {name: score - 0.4 for name, score in scores.items()}}
    clip = CorpusClip(NOWHERE, None, "X_TRAIN_SIM", "", "en", 1, scores, {}, heard, artifacts if speech else (), speech)
    return dataclasses.replace(clip, **more)  # type: ignore[arg-type]


def token_set(count: int, seed: int = 0, paired: int = 0) -> TokenSet:
    """Random tokens whose first channels carry the score."""
    generator = torch.Generator().manual_seed(seed)
    mos = np.random.default_rng(seed).uniform(1, 5, count)
    degraded = torch.randn(count, 8, TOKEN_WIDTH, generator=generator)
    degraded[:, :, :50] += torch.from_numpy(mos - 3).float()[:, None, None]
    reference = torch.full((count, 8, TOKEN_WIDTH + CHANGES), torch.nan)
    reference[:paired] = torch.randn(paired, 8, TOKEN_WIDTH + CHANGES, generator=generator)
    return TokenSet([clip_with(float(score), i) for i, score in enumerate(mos)], degraded, reference)


def test_settings_are_read_from_a_file_with_words_over_it(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("steps: 100\nlearning_rate: 1e-3\ncorpus: data\nlora_layers: [q_proj, k_proj]\n")
    settings = read_settings(FinetuneSettings, [str(recipe), "steps=7", "batch=2", "cache=~/x", "probe=false"])
    assert (settings.steps, settings.batch, settings.probe) == (7, 2, False)
    assert settings.learning_rate == 0.001
    assert settings.corpus == Path("data")
    assert settings.cache == Path.home() / "x"
    assert settings.lora_layers == ("q_proj", "k_proj")
    assert settings.warmup == TrainerSettings().warmup


def test_lists_of_folders_are_given_with_commas() -> None:
    words = ["speech=a,b", "noise=c", "clips=3", "val_clips=1", "test_clips=1", "seed=0", "held_out=ru*"]
    settings = read_settings(SimulateSettings, words)
    assert settings.speech == (Path("a"), Path("b"))
    assert settings.held_out == ("ru*",)
    assert settings.nisqa_weights is None
    assert read_settings(SimulateSettings, [*words, "held_out="]).held_out == ()


def test_an_empty_word_clears_a_setting() -> None:
    settings = read_settings(FinetuneSettings, ["encoder_source=", "start_from=", "cache="])
    assert (settings.encoder_source, settings.start_from, settings.cache) == ("", (), None)


@pytest.mark.parametrize(
    ("kind", "words", "reason"),
    [
        (FinetuneSettings, ["stepps=3"], "Unknown setting stepps; known are steps, batch"),
        (FinetuneSettings, ["steps=many"], "Setting steps must be of type int, not 'many'"),
        (FinetuneSettings, ["learning_rate=fast"], "Setting learning_rate must be of type float, not 'fast'"),
        (FinetuneSettings, ["out="], "Setting out must not be empty"),
        (FinetuneSettings, ["steps=true"], "Setting steps must be of type int, not True"),
        (SimulateSettings, ["speech=a"], r"Missing setting noise, clips, .*give it as noise=\.\.\."),
    ],
)
def test_wrong_settings_are_refused_in_a_sentence(kind: type, words: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_settings(kind, words)


def test_a_wrong_command_ends_with_one_line_and_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_command("usage", ["stepps=3"], lambda words: print(read_settings(FinetuneSettings, words)))
    assert ended.value.code == 2
    output = capsys.readouterr()
    assert (output.out, output.err.count("\n")) == ("", 1)


def test_a_package_that_is_not_installed_is_one_line_and_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_command("usage", ["words"], lambda words: print(importlib.import_module("not_there")))
    assert ended.value.code == 2
    assert capsys.readouterr().err == "No module named 'not_there'\n"


def test_help_tells_the_use_and_where_the_settings_files_lie(capsys: pytest.CaptureFixture[str]) -> None:
    run_command("usage", ["--help"], lambda words: pytest.fail("ran"))
    use, *where = capsys.readouterr().out.splitlines()
    assert use == "usage"
    assert str(CONFIGS) in where[0]
    assert all(path.name in where[0] for path in CONFIGS.glob("*.yaml"))


def test_the_recipes_own_settings_files_are_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("compact.yaml", "train/configs/compact.yaml"):
        assert find_config(name) == CONFIGS / "compact.yaml"
    Path("compact.yaml").write_text("steps: 5\n")
    assert read_settings(FinetuneSettings, ["compact.yaml"]).steps == 5  # the working folder's goes first


@pytest.mark.parametrize("name", ["compakt.yaml", "mine/compact.yaml", "../compact.yaml", "train/configs", "."])
def test_no_other_settings_file_is_taken_for_a_missing_one(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=f"no settings file {name}; those that come .*, compact.yaml, "):
        find_config(name)


@pytest.mark.parametrize("content", [b"a: b: c", b"- steps\n", b"words", b"\xff\xfe"])
def test_a_file_that_holds_no_settings_is_one_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"settings\.yaml (is not a YAML file|must hold settings)"):
        read_settings(FinetuneSettings, [str(path)])


def test_every_setting_of_the_model_reaches_it() -> None:
    wanted = ModelConfig(
        *("whisper", "tiny", "gpt", 16, 4, 8, ("q_proj",), "nf4", "all"),
        nucleus=0.5,
    )
    settings = {field.name for field in dataclasses.fields(wanted)} - {
        *("artifact_kinds", "profiles", "extra"),
        *NO_WORDS,
        *OUR_LAYOUT,
    }
    given = {name: getattr(wanted, name) for name in settings}
    assert all(value != getattr(ModelConfig(), name) for name, value in given.items())
    assert FinetuneSettings(**given).model_config == wanted


LAUNCHERS = ("fsdp_qlora",)  # settings of accelerate, not of ours


@pytest.mark.parametrize(
    "path", sorted(p for p in CONFIGS.glob("*.yaml") if p.stem not in LAUNCHERS), ids=lambda path: path.stem
)
def test_every_recipe_of_ours_can_be_read(path: Path) -> None:
    kinds = {
        "simulate": SimulateSettings,
        "tune": TuneSettings,
        "evaluate": EvaluateSettings,
        "ablations": AblationSettings,
        "teachers": TeacherSettings,
        "words": WordsSettings,
        "truth": TruthSettings,
        "ears-simulate": SimulateSettings,
        "ears-tune": TuneSettings,
        "full": LargeSettings,
        "paper_table": PaperTableSettings,
        **{f"paper_{kind}_{how}": LargeSettings for kind in ("ast", "whisper") for how in ("frozen", "finetuned")},
    }
    needed = {"teachers": ["ratings=c.csv"], "truth": ["speech=a", "out=b"]}.get(path.stem, [])
    needed += ["speech=a", "noise=b"] if path.stem.endswith("simulate") else []
    assert read_settings(kinds.get(path.stem, FinetuneSettings), [str(path), *needed])


def test_label_distributions_are_centred_and_their_likely_branches_hold_them() -> None:
    for label in GRID:
        mass = label_distribution(float(label))
        assert mass.sum() == pytest.approx(1)
        assert GRID[mass.argmax()] == label
        branches = likely_branches(mass)
        assert len(branches) == 2
        assert min(4, int(label)) in branches


def test_a_label_is_as_certain_as_a_panel_of_eight() -> None:
    clip = CorpusClip(
        Path("a.wav"), None, "X_TRAIN", "", "", 1, {"mos": 3.0, "loudness": 4.9}, {"mos": 0.8, "loudness": 0.3}
    )
    assert label_sds(clip) == {"mos": pytest.approx(0.8 / 8**0.5), "loudness": 0.15}
    assert label_sds(CorpusClip(Path("a.wav"), None, "X_TRAIN", "", "", 1, {"mos": 3.0})) == {"mos": 0.3}


def lessons(words: Vocabulary, count: int = 60) -> list[tuple[CorpusClip, Lesson]]:
    rng = np.random.default_rng(0)
    clips = [clip_with(float(rng.uniform(0.8, 5.1)), i, speech=i % 7 > 0) for i in range(count)]
    return [(clip, make_lesson(clip, words, rng, 0.5)) for clip in clips]


def test_targets_of_a_lesson_are_distributions_at_places_of_its_tree(words: Vocabulary) -> None:
    kinds = set()
    for clip, lesson in lessons(words):
        assert all(sum(target.probabilities) == pytest.approx(1, abs=1e-3) for target in lesson.targets)
        assert all(0 <= target.position < len(lesson.tree) for target in lesson.targets)
        assert all(target.weight >= 0 for target in lesson.targets)
        assert len(lesson.scores) in ((5, 10) if clip.speech else (0,))
        for score in lesson.scores:
            assert 1 <= score.label <= 5
            assert {lesson.targets[row].kind for row in score.rows} == {"score"}
        kinds |= {target.kind for target in lesson.targets}
    assert kinds == {"score", "fault"}


def test_noise_that_the_recording_came_with_is_a_fault_unless_the_reference_tells_better(words: Vocabulary) -> None:
    noise = HeardArtifact("background-noise", "strong")
    clip = dataclasses.replace(clip_with(3.0), artifacts=(), recorded=(noise,))
    for reference, told in ((True, words.faults[0]), (False, words.faults[3])):
        answers = set()
        for seed in range(20):
            lesson = make_lesson(clip, words, np.random.default_rng(seed), 1.0, reference=reference)
            asked = {lesson.tree.last(node): text for node, text in enumerate(pieces(words, lesson))}
            answers |= {t.ids for t in lesson.targets if asked.get(t.position, "").startswith("Background noise:")}
        assert answers == {(told,)}


def pieces(words: Vocabulary, lesson: Lesson) -> list[str]:
    """The text of every node of a lesson's tree."""
    return [words.model.tokenizer.decode(lesson.tree.ids[start:stop]) for start, stop in lesson.tree.spans]


def test_a_clip_without_speech_teaches_no_scores(words: Vocabulary) -> None:
    lesson = make_lesson(clip_with(2.0, speech=False), words, np.random.default_rng(0), 1.0)
    assert lesson.scores == []
    assert [target.ids for target in lesson.targets if target.kind == "fault"] == [(words.speech[0],)]


def test_labels_are_clamped_and_heard_through_the_listeners_ears() -> None:
    clip = clip_with(3.0)
    assert listener_scores(clip, PROFILES["phone-speaker"])["mos"] == pytest.approx(2.6)
    assert listener_scores(clip, PROFILES["strict-expert"])["mos"] == pytest.approx(2.53, abs=0.01)
    assert listener_scores(dataclasses.replace(clip, scores={"mos": 0.7}), TYPICAL) == {"mos": 1.0}


def test_beside_its_reference_a_clip_has_its_double_ended_labels() -> None:
    clip = dataclasses.replace(clip_with(3.0), degradation_scores={"mos": 4.4}, degradation_stds={"mos": 0.8})
    assert listener_scores(clip, TYPICAL, reference=True) == {"mos": 4.4}
    assert listener_scores(clip, TYPICAL) == {name: max(1.0, score) for name, score in clip.scores.items()}
    assert label_sds(clip, reference=True) == {"mos": pytest.approx(0.8 / 8**0.5)}
    assert set(label_sds(clip)) == set(DIMENSIONS)
    other, lossy = PROFILES["phone-speaker"], dataclasses.replace(clip, lost=0.2)
    assert listener_scores(clip, other, reference=True) == listener_scores(clip, other)
    assert listener_scores(lossy, other) == listener_scores(clip, other)
    assert listener_scores(lossy, other, reference=True)["mos"] < listener_scores(clip, other)["mos"] - 0.05
    old = clip_with(3.0)
    assert listener_scores(old, TYPICAL, reference=True) == listener_scores(old, TYPICAL)


@pytest.mark.parametrize("reference", [False, True])
def test_a_lesson_teaches_the_labels_of_its_mode(words: Vocabulary, reference: bool) -> None:
    clip = dataclasses.replace(clip_with(2.0), degradation_scores=dict.fromkeys(DIMENSIONS, 4.0))
    rng = np.random.default_rng(0)
    lesson = make_lesson(clip, words, rng, 1.0, Tasks(other_listener=False), reference)
    assert [score.label for score in lesson.scores] == pytest.approx(list(clip.labels(reference).values()))


def test_what_sounds_like_a_fault_that_is_there_is_always_asked_for(words: Vocabulary) -> None:
    clip = clip_with(2.0, artifacts=(HeardArtifact("echo", "strong", ()),))
    for seed in range(8):
        lesson = make_lesson(clip, words, np.random.default_rng(seed), 1.0)
        text = words.model.tokenizer.decode(lesson.tree.ids)
        assert all(block in text for block in ("Echo:", "Competing speaker:", "Reverberation:"))
        absent = [one.weight for one in lesson.targets if one.kind == "fault" and one.ids == (words.faults[0],)]
        assert sum(absent) == pytest.approx(len(ARTIFACT_KINDS) - 1)


def test_a_clip_beside_itself_is_at_the_top_without_a_fault(words: Vocabulary) -> None:
    lossy = clip_with(2.0, lost=0.3, recorded=(HeardArtifact("background-noise", "strong"),))
    clip = as_own_reference(lossy)
    assert listener_scores(clip, TYPICAL, reference=True) == dict.fromkeys(DIMENSIONS, 5.0)
    assert clip.faults(reference=True) == ()
    assert lossy.faults()
    lesson = make_lesson(clip, words, np.random.default_rng(0), 1.0, Tasks(other_listener=False), reference=True)
    assert {score.label for score in lesson.scores} == {5.0}
    assert {target.ids for target in lesson.targets if target.kind == "fault"} <= {
        (words.faults[0],),
        (words.speech[1],),
    }
    silent = make_lesson(as_own_reference(clip_with(2.0, speech=False)), words, np.random.default_rng(0), 1.0)
    assert [target.ids for target in silent.targets] == [(words.speech[0],)]


def test_some_steps_hear_clips_beside_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = token_set(16, paired=8)
    rated = [dataclasses.replace(clip, degradation_scores=clip.scores) for clip in corpus.clips]
    settings = settings_for(60, double_ended=0.6, identical=0.5, token_noise=0.0)
    trainer = Trainer(learner(), dataclasses.replace(corpus, clips=rated), token_set(6, seed=1), tmp_path, settings)
    draws = [trainer.draw(step) for step in range(60)]
    assert all(draw.with_reference for draw in draws if draw.identical)
    assert 5 < sum(draw.identical for draw in draws) < sum(draw.with_reference for draw in draws) - 5
    heard: list[tuple[torch.Tensor, ...]] = []
    prefix = trainer.model.prefix

    def noted(*tokens: torch.Tensor) -> torch.Tensor:
        heard.append(tokens)
        return prefix(*tokens)

    monkeypatch.setattr(trainer.model, "prefix", noted)
    own = next(draw for draw in draws if draw.identical)
    other = next(draw for draw in draws if draw.with_reference and not draw.identical)
    for draw in (own, other):
        trainer._train_step(draw)
    (degraded, itself), (_, reference) = heard
    assert torch.equal(itself[..., :-CHANGES], degraded)
    assert not itself[..., -CHANGES:].any()
    assert torch.equal(reference, corpus.reference[other.rows])
    one_label = Trainer(trainer.model, corpus, token_set(6, seed=1), tmp_path, settings)
    assert not any(one_label.draw(step).identical for step in range(60))


def test_validation_rates_each_mode_by_its_own_labels(tmp_path: Path) -> None:
    validation = token_set(8, seed=1, paired=8)
    double = [
        dataclasses.replace(c, degradation_scores=dict(c.scores) | {"mos": 6 - c.scores["mos"]})
        for c in validation.clips
    ]
    Trainer(learner(), token_set(16), dataclasses.replace(validation, clips=double), tmp_path, settings_for(0)).run()
    Trainer(learner(), token_set(16), validation, tmp_path / "old", settings_for(0)).run()
    with (tmp_path / LOG_NAME).open() as one, (tmp_path / "old" / LOG_NAME).open() as other:
        (new,), (old,) = csv.DictReader(one), csv.DictReader(other)
    assert new["validation_mos_r"] == old["validation_mos_r"]
    assert float(new["paired_mos_r"]) == pytest.approx(-float(old["paired_mos_r"]), abs=1e-4)


def test_the_same_seed_makes_the_same_lesson(words: Vocabulary) -> None:
    first, second = (make_lesson(clip_with(3.0), words, np.random.default_rng(4), 0.5) for _ in range(2))
    assert (first.tree, first.targets) == (second.tree, second.targets)


def test_the_loss_is_lowest_for_the_logits_that_the_targets_ask_for(words: Vocabulary) -> None:
    lesson = make_lesson(clip_with(3.3), words, np.random.default_rng(0), 1.0)
    vocabulary = len(words.model.tokenizer)
    wanted = torch.full((1, len(lesson.tree), vocabulary), -15.0)
    for target in lesson.targets:
        for token, probability in zip(target.ids, target.probabilities, strict=True):
            wanted[0, target.position, token] = float(np.log(max(probability, 1e-7)))

    class Passing:
        def logits(self, hidden: torch.Tensor) -> torch.Tensor:
            return hidden

    targets = TargetBatch.of([lesson])
    best = lesson_loss(Passing(), wanted, targets, 0.3)  # type: ignore[arg-type]
    assert best.expectation < 0.01
    for seed in range(3):
        noise = torch.randn(wanted.shape, generator=torch.Generator().manual_seed(seed))
        assert lesson_loss(Passing(), wanted + noise, targets, 0.3).total > best.total  # type: ignore[arg-type]


def settings_for(steps: int, **more: float) -> TrainerSettings:
    shape: dict[str, float] = {"warmup": 3, "validate_every": 1_000, "learning_rate": 3e-3, "plain_start": 0.5}
    return TrainerSettings(steps=steps, **(shape | more))  # type: ignore[arg-type]


def learner() -> SpeechQualityModel:
    """The tiny model, its frozen output layer made large enough that LoRA can move the probabilities."""
    model = frozen_model()
    model.llm.get_output_embeddings().weight.data.mul_(20)
    return model


def train(folder: Path, settings: TrainerSettings) -> SpeechQualityModel:
    model = learner()
    Trainer(model, token_set(16, paired=8), token_set(6, seed=1), folder, settings).run()
    return model


def test_the_loss_falls_and_the_best_model_is_saved(tmp_path: Path) -> None:
    train(tmp_path, settings_for(40))
    with (tmp_path / LOG_NAME).open() as file:
        rows = list(csv.DictReader(file))
    losses = [float(row["loss"]) for row in rows if row["loss"]]
    assert len(losses) == 4
    assert losses[-1] < 0.8 * losses[0]
    assert float(rows[-1]["validation_mos_r"]) > 0.8
    assert (tmp_path / "checkpoint" / "model.safetensors").is_file()


def test_a_run_that_was_interrupted_ends_with_the_same_parameters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(6, checkpoint_minutes=0.0, validate_every=2)
    whole = train(tmp_path / "whole", settings)
    step = Trainer._train_step

    def fails_at_the_fourth(trainer: Trainer, draw: Draw) -> object:
        if trainer.step == 3:
            raise KeyboardInterrupt
        return step(trainer, draw)

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "_train_step", fails_at_the_fourth)
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path / "cut", settings)
    with (tmp_path / "cut" / LOG_NAME).open("a") as log:
        log.write("5,1.0,,,,,,\n5,")  # steps behind the last saved state
    resumed = train(tmp_path / "cut", settings)
    begun = dict(learner().named_parameters())
    for (name, one), (_, other) in zip(whole.named_parameters(), resumed.named_parameters(), strict=True):
        assert torch.equal(one, other), name
    moved = [name for name, weight in whole.named_parameters() if not torch.equal(weight, begun[name])]
    assert moved
    assert all(name.startswith("projector.") or "lora_" in name for name in moved)
    assert (tmp_path / "cut" / LOG_NAME).read_text() == (tmp_path / "whole" / LOG_NAME).read_text()
    checkpoints = [(tmp_path / run / "checkpoint" / "model.safetensors").read_bytes() for run in ("whole", "cut")]
    assert checkpoints[0] == checkpoints[1]


def test_without_steps_a_model_is_kept_as_it_begins(tmp_path: Path) -> None:
    begun = learner().projector.state_dict()
    kept = train(tmp_path, settings_for(0)).projector.state_dict()
    stored = load_file(tmp_path / "checkpoint" / "model.safetensors")
    for name, weight in begun.items():
        torch.testing.assert_close(kept[name], weight, atol=0, rtol=0)
        torch.testing.assert_close(stored[f"projector.{name}"], weight, atol=0, rtol=0)


def test_an_encoder_that_trains_hears_clips_and_references_as_it_is_by_now(tmp_path: Path) -> None:
    write_corpus(tmp_path, [0.6, 0.5, 0.7, 0.8, 0.6, 0.5], reference_every=2)
    clips, model = training_clips(tmp_path), tiny_model()
    model.config = dataclasses.replace(model.config, trained_encoder="all")
    choose_trained_parameters(model)
    before, begun = listen_to(model, clips), {n: p.clone() for n, p in model.encoder.named_parameters()}
    settings = settings_for(4, batch=2, validate_every=2, double_ended=0.5, encoder_learning_rate=1e-3)
    trainer = Trainer(model, TokenSet.unheard(clips), TokenSet.unheard(clips), tmp_path / "run", settings)
    trainer.run()
    assert trainer.paired.tolist() == [1, 3, 5]
    assert any(not torch.equal(p, begun[n]) for n, p in model.encoder.named_parameters())
    now = listen_to(model, clips)
    for of_references, was, fresh in ((False, before.degraded, now.degraded), (True, before.reference, now.reference)):
        heard = trainer._tokens([1, 3], of_references)
        torch.testing.assert_close(heard, fresh[[1, 3]], atol=1e-3, rtol=1e-3)
        assert not torch.allclose(heard, was[[1, 3]], atol=1e-2)
    assert "validation_mos_r" in (tmp_path / "run" / LOG_NAME).read_text()


def test_questions_made_ahead_by_workers_are_the_same(tmp_path: Path) -> None:
    settings = settings_for(5, faults=0.5)
    alone = Trainer(learner(), token_set(16), token_set(6, seed=1), tmp_path / "alone", settings)
    helped = Trainer(alone.model, alone.corpus, alone.validation, tmp_path, dataclasses.replace(settings, workers=2))
    for one, other in zip(alone._draws(), helped._draws(), strict=True):
        assert (one.rows, one.with_reference) == (other.rows, other.with_reference)
        assert torch.equal(one.trees.ids, other.trees.ids)
        assert torch.equal(one.targets.ids, other.targets.ids)


def test_training_stops_when_validation_no_longer_gets_better(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = iter([0.5, 0.4, 0.3])
    monkeypatch.setattr("sqllm.training.trainer.read_token_set", lambda *_: None)
    monkeypatch.setattr("sqllm.training.trainer.accuracy", lambda *_: {"mos": {"r": next(measured), "mae": 1.0}})
    settings = settings_for(9, validate_every=2, patience=2)
    trainer = Trainer(learner(), token_set(16), token_set(6, seed=1), tmp_path, settings)
    trainer.run()
    assert trainer.step == 6


def test_tokens_come_in_the_order_of_the_clips_and_are_nan_without_a_reference(tmp_path: Path) -> None:
    write_corpus(tmp_path, [1.5, 0.5, 1.0, 0.7], reference_every=2)
    model, clips = frozen_model(), training_clips(tmp_path)
    tokens = listen_to(model, clips, batch=2)
    assert tokens.with_reference().tolist() == [False, True, False, True]
    torch.testing.assert_close(tokens.reference[1, :, :-CHANGES], tokens.degraded[1], atol=1e-3, rtol=1e-3)
    assert tokens.reference[1, :, -CHANGES:].abs().max() < 0.1  # it is its own reference
    for index in range(4):
        alone = listen_to(model, clips[index : index + 1])
        torch.testing.assert_close(tokens.degraded[index], alone.degraded[0], atol=1e-3, rtol=1e-3)


def test_tokens_are_computed_once_for_the_same_clips_and_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_corpus(tmp_path, [0.5, 0.6])
    clips = training_clips(tmp_path)
    first = cached_tokens(frozen_model(), clips, tmp_path / "cache")
    monkeypatch.setattr("sqllm.features.token_set.hear_sounds", lambda *_: pytest.fail("listened again"))
    again = cached_tokens(frozen_model(), clips, tmp_path / "cache")
    torch.testing.assert_close(again.degraded, first.degraded)
    with pytest.raises(pytest.fail.Exception, match="listened again"):
        cached_tokens(frozen_model(seed=1), clips, tmp_path / "cache")


def test_both_modes_share_what_is_heard_of_the_clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_corpus(tmp_path, [0.5, 0.6, 0.7], reference_every=1)
    clips = training_clips(tmp_path)
    bare = [dataclasses.replace(clip, reference=None) for clip in clips]
    alone = cached_tokens(frozen_model(), bare, tmp_path / "cache")
    assert not alone.with_reference().any()
    heard: list[Sound] = []

    def listen(model: SpeechQualityModel, sounds: Sequence[Sound], *more: Any) -> list[torch.Tensor]:
        heard.extend(sounds)
        return hear_sounds(model, sounds, *more)

    monkeypatch.setattr("sqllm.features.token_set.hear_sounds", listen)
    paired = cached_tokens(frozen_model(), clips, tmp_path / "cache")
    assert [bool(sound.reference) for sound in heard] == [True] * 3
    torch.testing.assert_close(paired.degraded, alone.degraded)
    assert paired.with_reference().all()


def test_a_share_of_the_clips_keeps_its_reference(tmp_path: Path) -> None:
    write_index(tmp_path, [{"db": "TRAIN", "mos": 3, "filepath_deg": "a", "filepath_ref": "b"}] * 10, [])
    for share, kept in ((1.0, 10), (0.3, 3), (0.0, 0)):
        assert sum(clip.reference is not None for clip in training_clips(tmp_path, share)) == kept
    assert len(training_clips(tmp_path, most=4)) == 4


def test_the_probe_finds_scores_that_the_tokens_carry() -> None:
    figures = probe(token_set(80), token_set(30, seed=1))
    assert set(figures) == {"ridge on the tokens", "head on the tokens"}
    for dimensions in figures.values():
        assert set(dimensions) == set(DIMENSIONS)
        assert dimensions["mos"]["r"] > 0.9
    assert table(figures).count("\n") == 3


def test_the_probe_takes_a_corpus_that_rates_the_mos_alone() -> None:
    sets = [token_set(40), token_set(20, seed=1)]
    for tokens in sets:
        tokens.clips[:] = [dataclasses.replace(clip, scores={"mos": clip.scores["mos"]}) for clip in tokens.clips]
    assert probe(*sets)["ridge on the tokens"]["mos"]["r"] > 0.8


def test_figures_of_known_numbers() -> None:
    label = np.array([1.0, 2.0, 3.0, 5.0])
    perfect = fit_figures(label, label)
    assert (perfect["r"], perfect["rho"], perfect["mae"], perfect["rmse"]) == pytest.approx((1, 1, 0, 0))
    shifted = fit_figures(0.5 * label + 1, label)
    assert shifted["mae"] == pytest.approx(np.mean([0.5, 0, 0.5, 1.5]))
    assert shifted["rmse"] == pytest.approx(np.sqrt(np.mean([0.25, 0, 0.25, 2.25])))
    assert (shifted["mae_fit"], shifted["rmse_fit"]) == pytest.approx((0, 0), abs=1e-9)
    assert fit_figures(-label, label)["r"] == pytest.approx(-1)
    assert fit_figures(label**3, label)["rho"] == pytest.approx(1)
    assert perfect["clips"] == 4


def test_accuracy_leaves_out_what_holds_no_speech_and_clamps_labels() -> None:
    said = [0.5, 2.0, 3.0, 4.0]
    clips = [dataclasses.replace(clip_with(mos), scores={"mos": mos}) for mos in said]
    heard = [Heard(({"mos": Score(max(1.0, mos), 0)},), {}) for mos in said]
    clips.append(clip_with(1.0, speech=False))
    heard.append(Heard(({"mos": Score(5.0, 0)},), {}))
    heard = [dataclasses.replace(h, scores=({name: h.scores[0]["mos"] for name in DIMENSIONS},)) for h in heard]
    figures = accuracy(clips, heard)
    assert set(figures) == {"mos"}
    assert (figures["mos"]["clips"], figures["mos"]["mae"]) == (4, pytest.approx(0))


def test_a_token_set_is_read_for_all_clips_and_listeners() -> None:
    heard = read_token_set(frozen_model(), token_set(5), profiles=list(PROFILES.values()), faults=["hum"])
    assert [len(one.scores) for one in heard] == [len(PROFILES)] * 5
    assert all(set(one.faults) == {"hum"} for one in heard)
