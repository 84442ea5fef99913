"""The P.808 toolkit (github.com/microsoft/P.808): the tables and the configuration its `master_script.py` reads."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqllm.planning.plan import Checked, Comparison, Plan, Stimulus

METHOD = {"pairs": "ccr"}  # two systems are compared as a clip and its reference are
P804_COLUMNS = {
    "coloration": "col",
    "discontinuity": "disc",
    "loudness": "loud",
    "noisiness": "noise",
    "reverberation": "reverb",
    "signal": "sig",
    "mos": "ovrl",
}
# The toolkit's recorded messages, by the end it gives the names of its trapping clips, and their answers.
MESSAGES = {
    "acr": {"bad_short": 1, "poor_short": 2, "fair_short": 3, "good_short": 4, "excellent_short": 5},
    "p835": {f"{answer}_short": answer for answer in (1, 2, 3, 4, 5)},
    "p804": {"1_short": 1, "5_short": 5},
}
PREFIX = {"acr": "ACR_", "p835": "p835_score_", "p804": "p804_score_"}
CONDITION_PATTERN = r".*/c(?P<condition>\d\d)_.*"


def write(plan: Plan, folder: Path) -> str:
    """Write the toolkit's CSV and cfg files; returns how to run them."""
    method = METHOD.get(plan.design.name, plan.design.name)
    rated = _rating_rows(plan)
    write_csv(folder / "rating_clips.csv", rated)
    write_csv(folder / "training_clips.csv", _training_rows(plan))
    files = ["--clips rating_clips.csv", "--training_clips training_clips.csv"]
    if method in MESSAGES:
        if method == "p804":
            write_csv(folder / "training_gold_clips.csv", _training_gold_rows(plan))
            write_csv(folder / "gold_clips_p804.csv", _gold_rows_p804(plan))
            files = ["--clips rating_clips.csv", "--training_gold_clips training_gold_clips.csv"]
            files.append("--gold_clips gold_clips_p804.csv")
        else:
            write_csv(folder / "gold_clips.csv", _gold_rows(plan), ["gold_clips", "gold_clips_ans"])
            files.append("--gold_clips gold_clips.csv")
        write_csv(folder / "trapping_clips.csv", _trapping_rows(plan, method))
        (folder / "trapping.cfg").write_text(_trapping_cfg(method), encoding="utf-8")
        files.append("--trapping_clips trapping_clips.csv")
    sessions = -(-len(rated) // per_session(plan))
    (folder / "master.cfg").write_text(_master_cfg(plan, method, sessions), encoding="utf-8")
    return _readme(plan, method, files, sessions)


def write_csv(path: Path, rows: Sequence[Mapping[str, object]], columns: Sequence[str] | None = None) -> None:
    """A table with the columns of its first row, or with `columns` where it may be empty."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(columns or rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def per_session(plan: Plan) -> int:
    """Clips to rate in a session: whole blocks, one clip of each condition each, as near to ten as they go."""
    return max(len(session) for session in plan.sessions)


def _rating_rows(plan: Plan) -> list[dict[str, object]]:
    shown = [item for session in plan.sessions for item in session]
    return [_rating_row(plan, item) for item in shown]


def _rating_row(plan: Plan, item: Stimulus | Comparison) -> dict[str, object]:
    if isinstance(item, Comparison):
        return {"rating_clips": plan.url(item.second.file), "references": plan.url(item.first.file)}
    row: dict[str, object] = {"rating_clips": plan.url(item.file)}
    return row | ({"references": plan.url(item.reference)} if plan.design.by_reference else {})


def _training_rows(plan: Plan) -> list[dict[str, object]]:
    rows = []
    for clip in plan.training:
        row: dict[str, object] = {"training_clips": plan.url(clip.file)}
        if plan.design.by_reference:
            row["training_references"] = plan.url(clip.reference)
        elif plan.design.name == "pairs":
            row["training_references"] = plan.url(plan.training[-1].file)
        rows.append(row)
    return rows


def _training_gold_rows(plan: Plan) -> list[dict[str, object]]:
    """Training clips of P.804 with the predicted answer, how far off is let pass, and what is said then."""
    rows = []
    for clip in plan.training:
        row: dict[str, object] = {"training_clips": plan.url(clip.file)}
        for scale, column in P804_COLUMNS.items():
            answer = round(clip.mean[scale]) if scale in clip.mean else ""
            message = f"Most listeners would give about {answer} here." if answer else ""
            row |= {f"{column}_ans": answer, f"{column}_var": 1 if answer else "", f"{column}_msg": message}
        rows.append(row)
    return rows


def _gold_rows(plan: Plan) -> list[dict[str, object]]:
    return [{"gold_clips": plan.url(gold.stimulus.file), "gold_clips_ans": gold.answers["mos"]} for gold in plan.gold]


def _gold_rows_p804(plan: Plan) -> list[dict[str, object]]:
    """Gold clips of P.804: a session gets one of each `ver`, here 1 for what is bad and 2 for what is good."""
    rows = []
    for gold in plan.gold:
        row: dict[str, object] = {"gold_url": plan.url(gold.stimulus.file), "ver": 1 if gold.answers["mos"] == 1 else 2}
        rows.append(row | {f"{column}_ans": gold.answers.get(scale, "") for scale, column in P804_COLUMNS.items()})
    return rows


def gold_a_session(plan: Plan) -> int:
    """Gold clips the toolkit can put into a session: of P.804's two versions those that there are."""
    if plan.design.name not in MESSAGES or not plan.gold:
        return 0
    return len({gold.answers["mos"] for gold in plan.gold}) if plan.design.name == "p804" else 1


def _trapping_rows(plan: Plan, method: str) -> list[dict[str, object]]:
    """The clips that the toolkit's `create_trapping_stimuli.py` makes of the plan's training clips, by its names."""
    return [
        {"trapping_clips": plan.url(f"{clip.key}_{message}.wav"), "trapping_ans": answer}
        for clip in plan.training
        for message, answer in MESSAGES[method].items()
    ]


def _trapping_cfg(method: str) -> str:
    keep = "keep_original_duration= true" if method == "p804" else "include_from_source_stimuli_in_second= 5"
    return f"[trappings]\ninput_directory= trapping clips\nmessage_file_prefix= {PREFIX[method]}\n{keep}\n"


def _master_cfg(plan: Plan, method: str, sessions: int) -> str:
    trapping = 1
    return f"""\
[create_input]
number_of_clips_per_session:{per_session(plan)}
number_of_trapping_per_session:{trapping}
number_of_gold_clips_per_session:{gold_a_session(plan)}
condition_pattern:{CONDITION_PATTERN}
condition_keys:condition
clip_packing_strategy:random

[hit_app_html]
cookie_name:{plan.settings.name}_{method}
qual_cookie_name:{plan.settings.name}_{method}_qualification
allowed_max_hit_in_project:{sessions}
bw_min:NB-WB
bw_max:FB
hit_base_payment:0.5
quantity_hits_more_than:{max(1, sessions // 2)}
quantity_bonus:0.1
quality_top_percentage:20
quality_bonus:0.15
contact_email:REPLACE-ME@example.org

[TrappingQuestions]

[GoldenSample]
"""


def _readme(plan: Plan, method: str, files: Sequence[str], sessions: int) -> str:
    trapping = (
        """
2. Make the trapping clips: copy the clips that training_clips.csv names into the toolkit's
   `src/trapping clips/source` (and nothing else), run `python create_trapping_stimuli.py --cfg trapping.cfg` there and
   upload what it writes; trapping_clips.csv names it already. (The script needs librosa below 0.10.)"""
        if method in MESSAGES
        else "\n2. This method needs no trapping clips: the toolkit traps with the references."
    )
    listed = " \\\n       ".join(files)
    return f"""\
## Running it with the P.808 toolkit

1. Upload the folder `clips` so that each is found at its address in the tables ({plan.url("NAME.wav")}).{trapping}
3. In `src` of the toolkit, with the CSV and cfg files of this folder beside it:

       python master_script.py --project {plan.settings.name} --method {method} --cfg master.cfg \\
       {listed}

4. Publish the batch of {sessions} sessions with {plan.listeners} assignments each. On Amazon Mechanical Turk the
   work is handed in there and no code is needed; on any other platform serve the HTML by the HITApp server of the P.910
   toolkit (`sqllm plan --platform hitapp` writes a test for it that needs no more): it gives each listener a
   verification code.
5. Read the answers with the toolkit's result_parser.py. `sqllm fit` and `sqllm combine` read its
   `*_votes_per_clip.csv` and `*_all_votes_per_clip.csv`.

The toolkit draws sessions at random: its own `balanced_block` asks for a pandas of before 2.0. Payment, address of
contact and names of cookies in master.cfg are yours to set.
"""


__all__ = ["Checked", "gold_a_session", "per_session", "write", "write_csv"]
