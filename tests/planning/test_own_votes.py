"""A user's votes matched with scores, and the commands that use both: fit, combine, and ratings on one's own scale."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from sqllm import cli
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.listeners.mapping import load_mapping
from sqllm.listeners.panel import Mix
from sqllm.listeners.votes import draw_votes
from sqllm.planning.own_votes import VotedClips
from sqllm.planning.results import read_votes
from sqllm.signal.audio import SAMPLE_RATE
from tests.planning.made import scores
from tests.tiny import speech_like

TABLE = scores()
LISTENERS = 8


def write_desk(folder: Path) -> None:
    """scores.csv, votes.csv of eight listeners on every clip, whose scale is another, and few.csv of two on every other
    clip.
    """
    TABLE.to_csv(folder / "scores.csv", index=False)
    own_scale = np.clip(0.6 * TABLE["mos"].to_numpy() + 0.8, 1, 5)
    cast = draw_votes(own_scale, LISTENERS, np.random.default_rng(0))
    rows = [
        {"file": f"other/{Path(file).name}", "listener": f"l{listener}", "vote": int(cast[listener, clip])}
        for clip, file in enumerate(TABLE["file"])
        for listener in range(LISTENERS)
    ]
    votes = pd.DataFrame(rows)
    votes.to_csv(folder / "votes.csv", index=False)
    few = votes["file"].isin(list(dict.fromkeys(votes["file"]))[::2]) & votes["listener"].isin(["l0", "l1"])
    votes[few].to_csv(folder / "few.csv", index=False)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_desk(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "_quieten", lambda: None)
    return tmp_path


def test_the_commands_of_the_page_print_what_it_says(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "VOTES.md").read_text(encoding="utf-8")
    blocks = {kind: re.findall(rf"```{kind}\n(.*?)```", page, flags=re.DOTALL) for kind in ("sh", "text", "yaml")}
    commands = "".join(blocks["sh"]).splitlines()
    assert len(commands) == len(blocks["text"]) == 3
    for command, said in zip(commands, blocks["text"], strict=True):
        cli.main(shlex.split(command)[1:])
        assert capsys.readouterr().out == said
    (desk / "mix.yaml").write_text(blocks["yaml"][0], encoding="utf-8")
    assert Mix.read(desk / "mix.yaml").shares == pytest.approx((0.7, 0.2, 0.1))


def matched(folder: Path) -> VotedClips:
    return VotedClips.of(read_votes(folder / "votes.csv"), TABLE)


def test_votes_meet_the_scores_of_their_clips_by_name(desk: Path) -> None:
    voted = matched(desk)
    rated = voted.rated()
    assert len(rated) == len(TABLE)
    votes = pd.read_csv(desk / "votes.csv")
    np.testing.assert_allclose(rated.voted, votes.groupby("file", sort=False)["vote"].mean())
    assert rated.condition.tolist() == TABLE["condition"].astype(str).tolist()
    assert len(set(voted.votes.listener)) == LISTENERS
    assert voted.notes() == []


def test_margins_are_students_and_a_single_vote_has_a_laboratorys() -> None:
    votes = pd.DataFrame({"listener": "", "file": ["a", "a", "b"], "condition": "", "scale": "mos", "vote": [2, 4, 5]})
    table = pd.DataFrame({"file": ["x/a.wav", "x/b.wav"], "mos": [3.0, 4.8]})
    rated = VotedClips.of(votes, table).rated()
    assert rated.margin[0] == pytest.approx(12.706 * np.sqrt(2) / np.sqrt(2), abs=0.01)
    assert 0.8 < rated.margin[1] < 2
    assert set(rated.condition) == {"all clips"}


def test_mos_without_a_count_of_votes_have_no_known_interval() -> None:
    votes = pd.DataFrame(
        {"listener": "", "file": ["a", "b"], "condition": ["x", "y"], "scale": "mos", "vote": [2.4, 4]}
    )
    voted = VotedClips.of(votes, pd.DataFrame({"file": ["a.wav", "b.wav"], "mos": [3.0, 4.8]}))
    assert np.isnan(voted.rated().margin).all()
    assert voted.rated().condition.tolist() == ["x", "y"]


def test_mushra_votes_are_taken_as_1_to_5() -> None:
    votes = pd.DataFrame({"listener": ["x", "y"], "file": "a", "condition": "", "scale": "mushra", "vote": [0, 100]})
    voted = VotedClips.of(votes, pd.DataFrame({"file": ["a.wav"], "mos": [3.0]}))
    assert voted.votes.value.tolist() == [1, 5]


def test_what_does_not_match_is_told() -> None:
    votes = pd.DataFrame({"listener": "", "file": ["a", "q"], "condition": "", "scale": "mos", "vote": [2.0, 4]})
    assert VotedClips.of(votes, pd.DataFrame({"file": ["a.wav"], "mos": [3.0]})).notes() == [
        "1 clip with votes have no score: q."
    ]
    for changed, table, told in (
        (votes.assign(scale="signal"), ["a.wav"], "hold none on overall quality"),
        (votes.assign(vote=80), ["a.wav"], "go from 1 to 5"),
        (votes, ["z.wav"], "No clip with votes"),
        (votes, ["x/a.wav", "y/a.wav"], "Two clips are named a"),
    ):
        with pytest.raises(ValueError, match=told):
            VotedClips.of(changed, pd.DataFrame({"file": table, "mos": 3.0}))
    with pytest.raises(ValueError, match="no columns file and mos"):
        VotedClips.of(votes, pd.DataFrame({"file": ["a"]}))


def test_fit_writes_a_mapping_and_says_whether_to_trust_it(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["fit", "votes.csv", "scores.csv", "-o", "mapping.json"])
    out = capsys.readouterr().out
    assert "rust it" in out
    assert "| conditions, mapped | 6 |" in out
    mapping = load_mapping(desk / "mapping.json")
    assert mapping.predict(np.array([3.0]))[0] == pytest.approx(2.6, abs=0.2)
    assert (mapping.clips, mapping.conditions, mapping.profile) == (len(TABLE), 6, "typical")


def test_combine_writes_a_row_a_condition(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["--borrow"]):
        cli.main(["combine", "scores.csv", "few.csv", "-o", "conditions.csv", *words])
        out = capsys.readouterr().out
        table = pd.read_csv("conditions.csv")
        assert list(table["condition"].astype(str)) == list(dict.fromkeys(TABLE["condition"].astype(str)))
        assert (table["low"] <= table["mean"]).all()
        assert (table["mean"] <= table["high"]).all()
        assert out.count("votes alone") >= 6
    assert "saved" in out


@pytest.fixture
def clips(tmp_path: Path) -> list[Path]:
    """Seven clips of speech in a folder of their own."""
    (tmp_path / "clips").mkdir()
    found = [tmp_path / "clips" / f"k{n}.wav" for n in range(7)]
    for n, path in enumerate(found):
        soundfile.write(path, speech_like(2.0, seed=n, level=-32 + 2 * n), SAMPLE_RATE, subtype="FLOAT")
    return found


def test_a_mapping_from_clips_puts_ratings_on_the_users_scale(
    desk: Path, clips: list[Path], tiny: SpeechQualityLLM, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr("sqllm.commands.shared.load_judge", lambda arguments: tiny)
    heard = {path: tiny.listen(path) for path in clips[:2]}
    rows = [{"file": path.name, "vote": 1 + n % 3} for n, path in enumerate(clips)]
    pd.DataFrame([*rows, {"file": "elsewhere.wav", "vote": 3}]).to_csv("own.csv", index=False)
    monkeypatch.setattr("sqllm.listeners.mapping.LEAST_SPAN", 0.0)
    cli.main(["fit", "own.csv", "clips", "-o", "m.json"])
    assert "1 clip with votes have no score: elsewhere." in capsys.readouterr().out
    mapping = load_mapping(desk / "m.json")
    assert (mapping.clips, mapping.revision) == (7, tiny.name["revision"])
    mapped = tiny.with_mapping(mapping)
    for path, plain in heard.items():
        own = mapped.rate(path, rationale=False)
        assert own.scores is not None
        tokens = plain.pooled_tokens()[None]
        expected = mapping.predict(np.array([plain.means()["mos"]]), tokens)[0]
        assert own.scores["mos"].mean == pytest.approx(expected, abs=1e-3)
        assert own.scores["noisiness"] == plain.scores()["noisiness"]
        assert own.votes is not None
        assert own.votes.probabilities @ np.arange(1, 6) == pytest.approx(expected, abs=1e-3)
    with pytest.raises(ValueError, match="typical listener's"):
        mapped.rate(clips[0], profile="strict-expert", rationale=False)


def test_the_mapping_named_on_the_command_line_is_the_judges(
    desk: Path, clips: list[Path], tiny: SpeechQualityLLM, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr(SpeechQualityLLM, "from_pretrained", lambda *settings: tiny)
    content = {"coefficients": [4.0, 0.05], "low": 1.5, "high": 4.5}
    (desk / "m.json").write_text(json.dumps({"format": "sqllm-mapping-1", "mapping": content}))
    cli.main(["rate", str(clips[0]), "--no-rationale", "--json", "--mapping", "m.json"])
    assert json.loads(capsys.readouterr().out)["scores"]["mos"]["mean"] > 4
    cli.main(["score", "clips", "-o", "s.csv", "--mapping", "m.json"])
    assert (pd.read_csv("s.csv")["mos"] > 4).all()
    capsys.readouterr()
    pd.DataFrame([{"file": path.name, "vote": 3} for path in clips]).to_csv("own.csv", index=False)
    with pytest.raises(SystemExit):
        cli.main(["fit", "own.csv", "s.csv", "-o", "again.json"])
    assert "mapped already" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["rate", str(clips[0]), "--mapping", "scores.csv"])
    assert "is no mapping of sqllm fit" in capsys.readouterr().err
