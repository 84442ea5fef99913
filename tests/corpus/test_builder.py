"""The simulator: degradations, codecs, sources, the builder and the NISQA layout."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import lfilter

from sqllm.corpus import builder, vocoders
from sqllm.corpus import degradations as damage
from sqllm.corpus.builder import CorpusPlan, build_corpus, gather_sources, recorded_noise
from sqllm.corpus.call_chain import CALL_ORDER, USUAL_LEVELS, WAYS, Call, Sources, list_artifacts, make_clip
from sqllm.corpus.degradations import Artifact, Wave
from sqllm.corpus.fusion import fuse
from sqllm.corpus.nisqa_layout import COLUMNS, INDEX_NAME, TRUTH_NAME, CorpusClip, read_corpus, write_index
from sqllm.corpus.severity import severity_of_noisiness
from sqllm.corpus.sources import SPLITS, SourceFile, assign_split, draw_noise, draw_utterance, list_recordings
from sqllm.listeners.profiles import PROFILES
from sqllm.scores import ARTIFACT_KINDS, DIMENSIONS, SEVERITIES
from sqllm.signal.alignment import align_reference
from sqllm.signal.audio import SAMPLE_RATE, active_level, set_level
from tests.tiny import speech_like


def whispered(seconds: float, seed: int = 0) -> Wave:
    """A voice without pitch, so that its cross-correlation has one peak: [n] float32."""
    envelope = np.convolve(np.abs(speech_like(seconds, seed)), np.ones(400) / 400, "same")
    noise = np.random.default_rng(seed).normal(0, 1, len(envelope))
    return set_level(lfilter([1], [1, -1.6, 0.81], envelope * noise).astype(np.float32), -26)


SPEECH = whispered(3.0)
Damage = Callable[[Wave, np.random.Generator, str], tuple[Wave, Artifact]]


def noise_of(samples: int) -> Wave:
    return np.random.default_rng(9).normal(0, 0.1, samples).astype(np.float32)


DEGRADATIONS: dict[str, Damage] = {
    "background-noise": lambda wave, rng, severity: damage.add_noise(wave, rng, severity, noise_of(len(wave)), "x"),
    "competing-speaker": lambda wave, rng, severity: damage.add_competing_speaker(
        wave, rng, severity, speech_like(len(wave) / SAMPLE_RATE, 7)
    ),
    "reverberation": lambda wave, rng, severity: damage.add_reverberation(wave, rng, severity, range(3)),
    **{kind: ways[0][1] for kind, ways in WAYS.items()},
}


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("kind", DEGRADATIONS)
def test_degradations_keep_length_and_type_and_say_what_they_did(kind: str, severity: str) -> None:
    before = SPEECH.copy()
    degraded, artifact = DEGRADATIONS[kind](SPEECH, np.random.default_rng(3), severity)
    np.testing.assert_array_equal(SPEECH, before)
    assert degraded.shape == SPEECH.shape
    assert degraded.dtype == np.float32
    assert np.isfinite(degraded).all()
    assert (artifact.kind, artifact.severity) == (kind, severity)
    assert all(0 <= start < stop <= 3.0 for start, stop in artifact.spans)
    assert np.abs(degraded - SPEECH).max() > 1e-4
    if kind != "time-warp":  # which is all about the time axis
        assert abs(align_reference(SPEECH, degraded).lag) < 0.005


def test_every_artifact_kind_is_drawn_and_can_be_made() -> None:
    assert set(CALL_ORDER) == {*DEGRADATIONS, "noise-suppression"} == set(ARTIFACT_KINDS)


@pytest.mark.parametrize("kind", ["background-noise", "hum", "competing-speaker", "amplitude-clipping", "echo"])
def test_a_stronger_severity_does_more_damage(kind: str) -> None:
    errors = []
    for severity in SEVERITIES:
        results = [DEGRADATIONS[kind](SPEECH, np.random.default_rng(seed), severity)[0] for seed in range(6)]
        errors.append(np.mean([np.square(result - SPEECH).mean() for result in results]))
    assert errors == sorted(errors)


def test_noise_is_mixed_at_the_ratio_to_the_active_level() -> None:
    noise = noise_of(len(SPEECH))
    added = damage.mix_at_snr(SPEECH, noise, 20) - SPEECH
    assert 10 * np.log10(np.square(added).mean()) == pytest.approx(active_level(SPEECH) - 20, abs=0.1)


@pytest.mark.parametrize(("severity", "silent"), [("slight", 1.0), ("strong", 0.85)])
def test_time_clipping_cuts_its_spans_and_nothing_else(severity: str, silent: float) -> None:
    """Cuts less than 20 ms apart are one span, so that a strong one may hold a little speech."""
    cut, artifact = damage.clip_time(SPEECH, np.random.default_rng(0), severity)
    inside = np.zeros(len(SPEECH), bool)
    for start, stop in artifact.spans:
        assert np.mean(cut[round(start * SAMPLE_RATE) + 16 : round(stop * SAMPLE_RATE) - 16] == 0) >= silent
        inside[max(0, round(start * SAMPLE_RATE) - 16) : round(stop * SAMPLE_RATE) + 16] = True
    np.testing.assert_array_equal(cut[~inside], SPEECH[~inside])
    assert 0 < inside.mean() < 1


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve talkers with two recordings each and eight noises, all short."""
    folder = tmp_path_factory.mktemp("material")
    for talker in range(12):
        (folder / "speech" / f"t{talker:02}").mkdir(parents=True)
        for take in range(2):
            path = folder / "speech" / f"t{talker:02}" / f"{take}.wav"
            soundfile.write(path, speech_like(1.5, 10 * talker + take), SAMPLE_RATE)
    (folder / "noise").mkdir()
    for number in range(8):
        wave = np.random.default_rng(number).normal(0, 0.05, SAMPLE_RATE)
        soundfile.write(folder / "noise" / f"n{number}.wav", wave, SAMPLE_RATE)
    return folder


def plan_for(material: Path, **more: object) -> CorpusPlan:
    shape: dict[str, object] = {"clips": 5, "val_clips": 2, "test_clips": 2, "seed": 3, "val_share": 0.3}
    return CorpusPlan((material / "speech",), (material / "noise",), **(shape | {"test_share": 0.3} | more))  # type: ignore[arg-type]


@pytest.fixture
def sources(material: Path) -> Sources:
    return gather_sources(plan_for(material))["TRAIN"]


def test_splits_share_no_speaker_no_noise_and_no_room(material: Path) -> None:
    splits = gather_sources(plan_for(material))
    talkers = [name for split in splits.values() for name in split.talkers]
    noises = [file.path for split in splits.values() for file in split.noises]
    rooms = [room for split in splits.values() for room in split.rooms]
    assert sorted(talkers) == [f"t{talker:02}" for talker in range(12)]
    assert len(set(noises)) == len(noises) == 8
    assert len(set(rooms)) == len(rooms)


def test_a_speaker_of_two_languages_is_in_one_split_only(material: Path, tmp_path: Path) -> None:
    rows = [f"{path.relative_to(tmp_path.anchor)},{path.parent.name}," for path in material.rglob("speech/*/0.wav")]
    rows += [f"{path.relative_to(tmp_path.anchor)},{path.parent.name},ru" for path in material.rglob("t0[0-3]/1.wav")]
    (tmp_path / "index.csv").write_text("\n".join(["file,speaker,lang", *rows]))
    plan = CorpusPlan((tmp_path,), (), 1, 1, 1, 0, held_out=("ru*",), val_share=0.3)
    talkers = [name for split in gather_sources(plan).values() for name in split.talkers]
    assert len(set(talkers)) == len(talkers) == 12


def test_a_speakers_split_follows_from_the_name_and_held_out_ones_are_for_testing() -> None:
    names = [f"speaker{number}" for number in range(2_000)]
    drawn = [assign_split(name, "en", (), 0.08, 0.1) for name in names]
    assert drawn == [assign_split(name, "de", ("fr",), 0.08, 0.1) for name in names]
    assert drawn.count("TEST") / 2_000 == pytest.approx(0.1, abs=0.02)
    assert drawn.count("VAL") / 2_000 == pytest.approx(0.08, abs=0.02)
    assert assign_split(names[drawn.index("TRAIN")], "ru_RU", ("ru*",), 0.08, 0.1) == "TEST"


def test_recordings_are_listed_by_index_or_by_folder(material: Path, tmp_path: Path) -> None:
    listed = list_recordings(material / "speech")
    assert len(listed) == 24
    assert {file.speaker for file in listed} == {f"t{talker:02}" for talker in range(12)}
    (tmp_path / "index.csv").write_text("file,speaker,lang\na/b.wav,anna,de\nc.wav,,\n")
    assert list_recordings(tmp_path) == [
        SourceFile(tmp_path / "a" / "b.wav", "anna", "de"),
        SourceFile(tmp_path / "c.wav", "c.wav", ""),
    ]


def test_utterances_and_noises_have_the_wanted_length(sources: Sources) -> None:
    files = next(iter(sources.talkers.values()))
    for seed in range(5):
        assert 0.6 * 4 <= len(draw_utterance(files, np.random.default_rng(seed), 4.0)) / SAMPLE_RATE <= 4.0
    assert len(draw_utterance(files, np.random.default_rng(0), 1.0)) == SAMPLE_RATE
    assert len(draw_noise(sources.noises[0], np.random.default_rng(0), 50_001)) == 50_001


def test_artifacts_come_in_call_order_once_each_and_never_quiet_and_loud(sources: Sources) -> None:
    order = list(CALL_ORDER)
    counts = set()
    for seed in range(16):
        made = make_clip(sources, np.random.default_rng(seed), not_speech_share=0)
        places = [order.index(artifact.kind) for artifact in made.artifacts]
        assert places == sorted(set(places))
        assert made.talker in made.drawn.talkers <= set(sources.talkers)
        assert made.drawn.rooms <= set(map(str, sources.rooms))
        assert {artifact.severity for artifact in made.artifacts} <= set(SEVERITIES)
        assert {artifact.severity for artifact in made.inaudible} <= {""}
        assert not {"too-quiet", "too-loud"} <= {artifact.kind for artifact in made.artifacts}
        assert made.degraded.shape == made.reference.shape
        assert np.abs(made.degraded).max() <= 1
        assert USUAL_LEVELS[0] - 0.1 <= active_level(made.reference) <= USUAL_LEVELS[1] + 0.1
        assert np.abs(made.reference).max() <= 1
        counts.add(len(places))
    assert counts >= {1, 2, 3}
    assert list_artifacts([]) == "clean"
    assert list_artifacts([Artifact("hum", "slight"), Artifact("echo", "strong")]) == "hum:slight+echo:strong"


def test_severity_is_what_is_heard_of_a_step_alone(sources: Sources) -> None:
    call = Call(sources, next(iter(sources.talkers)), SPEECH)
    buried = damage.mix_at_snr(SPEECH, noise_of(len(SPEECH)), 0)
    alone, together = (call.degrade(wave, "echo", "strong", seed=3)[1][0] for wave in (SPEECH, buried))
    assert alone.parameters == together.parameters
    assert alone.severity == together.severity != ""
    drops = [call.degrade(SPEECH, "background-noise", wanted, 1)[1][0].parameters["drop"] for wanted in SEVERITIES]
    assert drops == sorted(drops)


def test_levels_are_called_wrong_beyond_those_at_which_clean_clips_come() -> None:
    quiet, loud = USUAL_LEVELS
    for seed in range(20):
        rng = np.random.default_rng(seed)
        assert damage.set_too_quiet(SPEECH, rng, "slight")[1].parameters["level"] < quiet - 2
        assert damage.set_too_loud(SPEECH, rng, "slight")[1].parameters["level"] > loud + 0.9


def test_a_vocoders_severity_is_the_drawn_one(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WAYS, "codec", ((1, vocoders.vocode),))
    call = Call(sources, next(iter(sources.talkers)), SPEECH)
    for severity in SEVERITIES:
        assert [artifact.severity for artifact in call.degrade(SPEECH, "codec", severity, seed=2)[1]] == [severity]
    assert call.drop is None


def test_a_denoiser_leaves_what_it_leaves(sources: Sources) -> None:
    pytest.importorskip("noisereduce")
    call = Call(sources, next(iter(sources.talkers)), SPEECH)
    wave, artifacts = call.degrade(SPEECH, "noise-suppression", "moderate", seed=5)
    assert wave.shape == SPEECH.shape
    assert {artifact.kind for artifact in artifacts} <= {"noise-suppression", "background-noise"}
    assert "snr" in artifacts[-1].parameters


@pytest.mark.parametrize("noises", ["some", "none"])
def test_clips_without_speech_are_made_with_and_without_noise_recordings(sources: Sources, noises: str) -> None:
    drawn = Sources(sources.talkers, sources.noises if noises == "some" else [], sources.rooms)
    for seed in range(12):
        made = make_clip(drawn, np.random.default_rng(seed), not_speech_share=1)
        assert (made.speech, made.artifacts) == (False, [])
        assert made.degraded.shape == made.reference.shape
        assert np.abs(made.degraded).max() <= 1


class FakeTeacher:
    """NISQA v2's columns from the clip's level alone; raises KeyboardInterrupt after `patience` clips or a few more."""

    def __init__(self, patience: int) -> None:
        self.left = patience * 6

    def __call__(self, degraded: np.ndarray, reference: np.ndarray | None = None) -> dict[str, float]:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return dict.fromkeys([f"nisqa_{name}" for name in DIMENSIONS], 3 + active_level(degraded) / 100)


def build(plan: CorpusPlan, out: Path, monkeypatch: pytest.MonkeyPatch, patience: int = 10_000) -> list[str]:
    teacher = FakeTeacher(patience)
    monkeypatch.setattr(
        builder,
        "label_listeners",
        lambda degraded, clean, figures, weights, names: {
            name: fuse(teacher(PROFILES[name].hear(degraded))).scores for name in names
        },
    )
    monkeypatch.setattr(
        builder, "load_teacher", lambda name, weights: teacher if name == "NISQA v2" else lambda *clip: {}
    )
    return build_corpus(plan, out, workers=1)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_corpus_is_the_same_bytes_again_and_after_an_interruption(
    material: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_for(material)
    for name in ("one", "two"):
        assert build(plan, tmp_path / name, monkeypatch) == []
    whole = contents(tmp_path / "one")
    assert len(whole) == 2 * 9 + 4
    assert contents(tmp_path / "two") == whole
    with pytest.raises(KeyboardInterrupt):
        build(plan, tmp_path / "three", monkeypatch, patience=4)
    assert not (tmp_path / "three" / INDEX_NAME).exists()
    with (tmp_path / "three" / builder.PROGRESS_NAME).open("a") as progress:
        progress.write('{"number": 3, "ro')
    assert build(plan, tmp_path / "three", monkeypatch) == []
    assert contents(tmp_path / "three") == whole


def test_a_resumed_corpus_makes_only_what_is_left(
    material: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(plan_for(material), tmp_path, monkeypatch)
    assert build(plan_for(material), tmp_path, monkeypatch, patience=0) == []
    assert build(plan_for(material, clips=6), tmp_path, monkeypatch, patience=1) == []
    assert len(read_corpus(tmp_path, "TRAIN")) == 6
    with pytest.raises(ValueError, match="holds a corpus of another plan"):
        build(plan_for(material, seed=4), tmp_path, monkeypatch)


def test_a_corrupt_recording_stops_no_other_clip(
    material: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("good", "bad", "better"):
        (tmp_path / "speech" / name).mkdir(parents=True)
        soundfile.write(tmp_path / "speech" / name / "1.wav", speech_like(2.0), SAMPLE_RATE)
    (tmp_path / "speech" / "bad" / "1.wav").write_text("no audio")
    plan = CorpusPlan((tmp_path / "speech",), (), 8, 0, 0, 1, val_share=0, test_share=0, not_speech_share=0)
    failed = build(plan, tmp_path / "out", monkeypatch)
    assert 1 <= len(failed) < 8
    assert all("AudioError: 1.wav can't be read as audio" in line and "\n" not in line for line in failed)
    assert len(read_corpus(tmp_path / "out")) == 8 - len(failed)


def test_a_split_without_talkers_is_refused(material: Path) -> None:
    with pytest.raises(ValueError, match="No talker is left for VAL"):
        gather_sources(plan_for(material, val_share=0))


@pytest.mark.parametrize(
    ("asked", "labelled"), [(-1, 0), (1, 1), (0, sum(p.hears_otherwise for p in PROFILES.values()))]
)
def test_a_clip_is_labelled_for_as_many_listeners_as_are_asked_for(
    asked: int, labelled: int, material: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(plan_for(material, clips=1, val_clips=0, test_clips=0, listeners_per_clip=asked), tmp_path, monkeypatch)
    assert [len(clip.profile_scores) for clip in read_corpus(tmp_path)] == [labelled]


def test_a_built_corpus_reads_back_with_its_truth(
    material: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(plan_for(material, not_speech_share=0.3), tmp_path, monkeypatch)
    clips = read_corpus(tmp_path)
    assert [sum(clip.split == split for clip in clips) for split in SPLITS] == [5, 2, 2]
    assert {clip.speech for clip in clips} == {True, False}
    for clip in clips:
        degraded, _ = soundfile.read(clip.degraded)
        assert clip.reference is not None
        assert soundfile.info(clip.reference).frames == len(degraded)
        assert set(clip.scores) == set(DIMENSIONS)
        assert len(clip.profile_scores) == 2 * clip.speech
        assert all(PROFILES[name].hears_otherwise for name in clip.profile_scores)
        assert clip.artifacts is not None
        named = "+".join(f"{artifact.kind}:{artifact.severity}" for artifact in clip.artifacts)
        assert clip.condition == ((named or "clean") if clip.speech else "no speech")
        assert clip.faults(reference=True) == clip.artifacts
        # The teacher of these tests calls every recording a little noisy.
        noisy = clip.speech and not {artifact.kind for artifact in clip.artifacts} & {
            "background-noise",
            "noise-suppression",
        }
        assert [(a.kind, a.severity) for a in clip.recorded] == [("background-noise", "slight")] * noisy
        assert clip.faults() == (*clip.recorded, *clip.artifacts)


def test_a_built_corpus_has_double_ended_labels_of_what_holds_speech(
    material: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(plan_for(material, clips=30, not_speech_share=0.2), tmp_path, monkeypatch)
    clips = read_corpus(tmp_path)
    for clip in clips:
        assert set(clip.degradation_scores) == set(clip.degradation_stds) == (set(DIMENSIONS) if clip.speech else set())
        assert clip.lost >= 0
    intact = [clip for clip in clips if clip.condition == "clean" and not clip.lost]
    same_level: list[float] = []
    other_level: list[float] = []  # which the teacher of these tests hears
    for clip in intact:
        degraded, reference = (soundfile.read(path)[0] for path in (clip.degraded, clip.reference))
        scores = same_level if np.array_equal(degraded, reference) else other_level
        scores.extend(clip.degradation_scores.values())
    assert set(same_level) == {5.0}
    assert other_level
    assert min(other_level) > 4.7
    assert any(clip.lost > 0 for clip in clips)
    assert all(clip.scores["mos"] < 4 for clip in intact)


@pytest.mark.parametrize(
    ("noisiness", "severity"), [(4.5, ""), (2.91, ""), (2.9, "slight"), (2.5, "moderate"), (1.2, "strong")]
)
def test_the_noise_of_a_recording_is_called_as_that_of_a_clip(noisiness: float, severity: str) -> None:
    assert severity_of_noisiness(noisiness) == severity


def test_a_recordings_own_noise_is_a_fault_unless_noise_was_added_or_taken_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard = {"nisqa_noisiness": 2.0, "nisqa_mos": 1.8}
    monkeypatch.setattr(builder, "load_teacher", lambda name, weights: lambda clip: heard)
    (noise,) = recorded_noise(None, SPEECH, [Artifact("codec", "slight")])
    assert (noise.kind, noise.severity) == ("background-noise", "moderate")
    for kind in ("background-noise", "noise-suppression"):
        assert recorded_noise(None, SPEECH, [Artifact(kind, "slight")]) == []
    heard["nisqa_mos"] = 1.3  # as of a synthetic voice
    assert recorded_noise(None, SPEECH, [Artifact("codec", "slight")]) == []


def test_written_rows_are_read_as_they_were(tmp_path: Path) -> None:
    row = {"db": "X_VAL_LIVE", "con": 3, "votes": 5, "lang": "de", "filepath_deg": "deg/ä b.wav", "mos": 2.5}
    artifacts = [{"kind": "hum", "severity": "slight", "spans": [[0.5, 1.0]], "parameters": {}}]
    write_index(tmp_path, [row], [{"file": "deg/ä b.wav", "artifacts": artifacts, "speech": True}])
    (clip,) = read_corpus(tmp_path, "VAL")
    assert (clip.degraded, clip.reference) == (tmp_path / "deg" / "ä b.wav", None)
    assert (clip.condition, clip.lang, clip.votes, clip.scores) == ("3", "de", 5, {"mos": 2.5})
    assert clip.artifacts is not None
    assert clip.artifacts[0].spans == ((0.5, 1.0),)
    assert read_corpus(tmp_path, "TRAIN") == []


def test_a_clip_beside_its_reference_has_labels_of_its_own_and_those_of_the_clip_alone_where_it_has_none(
    tmp_path: Path,
) -> None:
    row = {"db": "X_VAL", "filepath_deg": "a.wav", "mos": 2.5, "mos_std": 0.9, "noi": 3.0}
    write_index(tmp_path, [row | {"dmos": 3.5, "dmos_std": 0.4, "ddis": 4.0}], [{"file": "a.wav", "lost": 0.25}])
    (clip,) = read_corpus(tmp_path)
    assert clip.labels() == clip.scores == {"mos": 2.5, "noisiness": 3.0}
    assert clip.labels(reference=True) == {"mos": 3.5, "discontinuity": 4.0}
    assert (clip.label_stds(), clip.label_stds(reference=True)) == ({"mos": 0.9}, {"mos": 0.4})
    assert clip.lost == 0.25
    write_index(tmp_path, [row], [])
    (clip,) = read_corpus(tmp_path)
    assert clip.labels(reference=True) == clip.scores
    assert clip.label_stds(reference=True) == {"mos": 0.9}
    assert clip.lost == 0


def test_our_own_columns_stand_in_one_order_however_rows_were_made(tmp_path: Path) -> None:
    row = {"db": "X_TRAIN", "mos": 2.5, "filepath_deg": "a.wav", "pesq": 2.0, "active_level": -26.0}
    texts = []
    for name, keys in (("made", list(row)), ("read back", sorted(row))):
        (tmp_path / name).mkdir()
        write_index(tmp_path / name, [{key: row[key] for key in keys}], [])
        texts.append((tmp_path / name / INDEX_NAME).read_text())
    assert texts[0] == texts[1]
    assert texts[0].splitlines()[0].endswith("filepath_ref,active_level,pesq")


def nisqa_row(**more: str) -> dict[str, str]:
    scores = {"mos": "2.6", "noi": "3.1", "col": "nan", "dis": "", "loud": "4.0", "mos_std": "0.9", "votes": "5.0"}
    paths = {"filepath_deg": "NISQA_TEST/deg/a.wav", "filepath_ref": "NISQA_TEST/ref/a.wav", "db": "NISQA_TEST_FOR"}
    return dict.fromkeys(COLUMNS, "") | scores | paths | more


def test_a_corpus_of_nisqa_is_read_without_our_extra_files(tmp_path: Path) -> None:
    with (tmp_path / INDEX_NAME).open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerow(nisqa_row(con_description="wind"))
    assert not (tmp_path / TRUTH_NAME).exists()
    (clip,) = read_corpus(tmp_path)
    assert clip == CorpusClip(
        degraded=tmp_path / "NISQA_TEST" / "deg" / "a.wav",
        reference=tmp_path / "NISQA_TEST" / "ref" / "a.wav",
        db="NISQA_TEST_FOR",
        condition="wind",
        lang="",
        votes=5,
        scores={"mos": 2.6, "noisiness": 3.1, "loudness": 4.0},
        stds={"mos": 0.9},
    )
    assert clip.split == "TEST"
    assert clip.artifacts is None


def test_what_is_no_corpus_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"is not a corpus: it holds no NISQA_corpus_file.csv\."):
        read_corpus(tmp_path)
    (tmp_path / INDEX_NAME).write_text("db,con\nx,1\n")
    with pytest.raises(ValueError, match=r"lacks the columns filepath_deg, mos\.$"):
        read_corpus(tmp_path)
