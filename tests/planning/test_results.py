"""Votes of every platform come back as one tidy table, and agree with what was voted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sqllm.listeners.votes import draw_votes
from sqllm.planning.clip_folder import ClipFolder
from sqllm.planning.conditions import planned_test
from sqllm.planning.plan import Settings, make_plan
from sqllm.planning.report import write_plan
from sqllm.planning.results import against_prediction, read_votes
from tests.planning.made import scores

TABLE = scores()
VOTES = draw_votes(TABLE["mos"].to_numpy(), 12, np.random.default_rng(0))  # [listeners, clips]


def wide(tmp_path: Path, scale: str = "") -> Path:
    rows = []
    for clip, file in enumerate(TABLE["file"]):
        cast = {f"vote_{listener + 1}": int(VOTES[listener, clip]) for listener in range(12)}
        url = f"https://x.org/c/{file}?v=1"
        rows.append(
            {"file_url": url, "n": 12, "MOS": 3, f"std{scale}": 1, f"95%CI{scale}": 1, "condition": "07", **cast}
        )
    path = tmp_path / f"batch_votes_per_clip{scale}.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def check(votes: pd.DataFrame, listeners: int = 12) -> None:
    """All votes are there, at their clips."""
    assert list(votes) == ["listener", "file", "condition", "scale", "vote"]
    assert len(votes) == VOTES.size
    means = votes.groupby("file")["vote"].mean()
    for file, mean in zip(TABLE["file"], VOTES.mean(axis=0), strict=True):
        assert means[file] == pytest.approx(mean)
    assert votes["listener"].nunique() == listeners


@pytest.mark.parametrize(("suffix", "scale"), [("", "mos"), ("_bak", "background"), ("_col", "coloration")])
def test_p808s_votes_per_clip(tmp_path: Path, suffix: str, scale: str) -> None:
    votes = read_votes(wide(tmp_path, suffix))
    check(votes, 1)
    assert set(votes["scale"]) == {scale}
    assert set(votes["condition"]) == {"07"}


def test_p808s_long_form(tmp_path: Path) -> None:
    rows = [
        {
            "HITId": "h",
            "workerid": f"w{listener}",
            "file": f"https://x.org/{file}",
            "short_file_name": file,
            "vote": VOTES[listener, clip],
            "question_type": "MOS_SIG" if listener % 2 else "MOS",
        }
        for listener in range(12)
        for clip, file in enumerate(TABLE["file"])
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "all.csv", index=False)
    votes = read_votes(tmp_path / "all.csv")
    check(votes)
    assert set(votes["scale"]) == {"mos", "signal"}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_plain_tables_with_and_without_listeners(tmp_path: Path, separator: str) -> None:
    rows = [
        {"File": f"some/where/{file}", "Listener": f"l{listener}", "Vote": VOTES[listener, clip]}
        for listener in range(12)
        for clip, file in enumerate(TABLE["file"])
    ]
    path = tmp_path / "votes.csv"
    pd.DataFrame(rows).to_csv(path, index=False, sep=separator)
    check(read_votes(path))
    pd.DataFrame(rows).drop(columns="Listener").to_csv(path, index=False, sep=separator)
    check(read_votes(path), 1)


def test_webmushras_likert_csv_with_three_scales(tmp_path: Path) -> None:
    head = "session_test_id,listener,trial_id,stimuli_rating1,stimuli_rating2,stimuli_rating3,stimuli,rating_time\n"
    (tmp_path / "lss.csv").write_text(head + "t,anna,p835,5,4,3,c01_s0,900\nt,ben,p835,4,4,2,c01_s0,900\n")
    votes = read_votes(tmp_path / "lss.csv")
    assert [tuple(row) for row in votes.to_numpy()[:3]] == [
        ("anna", "c01_s0", "", "signal", 5),
        ("anna", "c01_s0", "", "background", 4),
        ("anna", "c01_s0", "", "mos", 3),
    ]


def test_webmushras_mushra_and_paired_csv(tmp_path: Path) -> None:
    head = "session_test_id,listener,session_uuid,trial_id,rating_stimulus,rating_score,rating_time,rating_comment\n"
    rows = "t,anna,u,s0,reference,100,9,\nt,anna,u,s0,c01_s0,63,9,\nt,anna,u,s0,anchor35,20,9,\n"
    (tmp_path / "mushra.csv").write_text(head + rows)
    votes = read_votes(tmp_path / "mushra.csv")
    assert dict(zip(votes["file"], votes["vote"], strict=True)) == {
        "s0/reference": 100,
        "c01_s0": 63,
        "s0/anchor35": 20,
    }
    assert list(votes["condition"]) == ["reference", "", "anchor35"]
    head = "session_test_id,listener,trial_id,choice_reference,choice_non_reference,choice_answer,choice_time\n"
    (tmp_path / "pc.csv").write_text(head + "t,anna,a__b,reference,b,correct,9\nt,ben,a__b,reference,b,undecided,9\n")
    assert list(read_votes(tmp_path / "pc.csv")["vote"]) == [1]


def test_golistens_csv_of_ratings_preferences_and_mushra(tmp_path: Path) -> None:
    path = tmp_path / "golisten.csv"
    head = '"","Tags","","c01_s0","","c02_s0",""\n"Name","Date","Before","Clip 1","Time (s)","Clip 2","Time (s)"\n'
    path.write_text(head + '"t","d","","4","9","2","9"\n"t","d","","5","9","1","9"\n')
    assert [tuple(row) for row in read_votes(path)[["listener", "file", "vote"]].to_numpy()] == [
        ("1", "c01_s0", 4), ("1", "c02_s0", 2), ("2", "c01_s0", 5), ("2", "c02_s0", 1),
    ]  # fmt: skip
    path.write_text(head.replace("c01_s0", "a__b") + '"t","d","","B","9","",""\n"t","d","","A","9","",""\n')
    assert list(read_votes(path)["vote"]) == [2, 1]
    mushra = '"","Tags","s0","",""\n"","Sound filename","c01_s0.wav","c02_s0.wav",""\n'
    path.write_text(mushra + '"Name","Date","s0 rating","","Time (s)"\n' + '"t","d","80","30","9"\n')
    assert [tuple(row) for row in read_votes(path)[["file", "scale", "vote"]].to_numpy()] == [
        ("c01_s0", "mushra", 80), ("c02_s0", "mushra", 30),
    ]  # fmt: skip


def test_a_hitapp_run_is_read_back_under_the_designers_names(tmp_path: Path) -> None:
    clips = ClipFolder(tmp_path / "clips")
    plan = make_plan(planned_test(TABLE), Settings("acr", "hitapp", listeners=12), clips)
    write_plan(plan, clips)
    shown = pd.read_csv(tmp_path / "hitapp.csv", dtype=str)
    truth = {
        name.removesuffix(".wav"): file
        for name, file in pd.read_csv(tmp_path / "clips.csv")[["name", "file"]].to_numpy()
    }
    place = {file: number for number, file in enumerate(TABLE["file"])}
    answers = []
    for listener in range(12):
        for row in shown.to_dict("records"):
            answer = {"WorkerId": f"w{listener}", "HITId": "h", "Answer.v_code": "code"}
            for number in range(sum(str(name).startswith("K") for name in row)):
                name = row[f"K{number}"]
                answer[f"Answer.q{number}_clip"] = name
                answer[f"Answer.q{number}_mos"] = str(VOTES[listener, place[truth[name]]])
            answers.append(answer)
    pd.DataFrame(answers).to_csv(tmp_path / "Batch_1.csv", index=False)
    votes = read_votes(tmp_path / "Batch_1.csv", tmp_path / "clips.csv").drop_duplicates(["listener", "file"])
    check(votes)
    assert set(votes["condition"]) == set(TABLE["condition"])
    by_condition = against_prediction(votes, TABLE, "condition")
    assert by_condition.count == 6
    assert by_condition.r > 0.99
    assert against_prediction(votes, TABLE).rmse < 0.45


def test_what_holds_no_votes_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    for text, told in (("a,b\n1,2\n", "no votes that are known here"), ("file,vote\na.wav,\n", "holds no votes")):
        path.write_text(text)
        with pytest.raises(ValueError, match=told):
            read_votes(path)
    with pytest.raises(ValueError, match="no votes at"):
        read_votes(tmp_path / "none.csv")
    path.write_text("file,vote\nc0_s0.wav,3\n")
    votes = read_votes(path)
    with pytest.raises(ValueError, match="three are needed"):
        against_prediction(votes, TABLE)
