"""Every platform's files hold what that platform's own reader asks for (stated here anew, from its source)."""

from __future__ import annotations

import configparser
import json
import re
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
import yaml

from sqllm.batch.table import read_scores
from sqllm.planning.clip_folder import ClipFolder
from sqllm.planning.conditions import planned_test
from sqllm.planning.designs import PLATFORM_DESIGNS
from sqllm.planning.plan import Plan, Settings, make_plan
from sqllm.planning.report import write_plan
from tests.planning.made import on_disk

P804_ANSWERS = ["col_ans", "disc_ans", "loud_ans", "noise_ans", "reverb_ans", "sig_ans", "ovrl_ans"]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return on_disk(tmp_path_factory.mktemp("clips"))


def written(table: Path, folder: Path, design: str, platform: str, **settings) -> Plan:
    clips = ClipFolder(folder / "clips")
    chosen = Settings(design, platform, name="try", url="https://x.org/c/", listeners=8, **settings)
    plan = make_plan(planned_test(read_scores(table)), chosen, clips)
    told = write_plan(plan, clips)
    assert told in (folder / "README.md").read_text()
    assert not clips.missing
    return plan


def clip_of(folder: Path, address: str) -> bool:
    return (folder / "clips" / address.rsplit("/", 1)[-1]).is_file()


@pytest.mark.parametrize("design", PLATFORM_DESIGNS["p808"])
def test_p808_finds_its_columns_and_sections(table: Path, tmp_path: Path, design: str) -> None:
    plan = written(table, tmp_path, design, "p808")
    rated = pd.read_csv(tmp_path / "rating_clips.csv")
    compared = design in ("dcr", "ccr", "pairs")
    assert list(rated) == (["rating_clips", "references"] if compared else ["rating_clips"])
    assert all(clip_of(tmp_path, address) for column in rated for address in rated[column])
    training = pd.read_csv(tmp_path / "training_clips.csv")
    assert list(training) == (["training_clips", "training_references"] if compared else ["training_clips"])
    config = configparser.ConfigParser(interpolation=configparser.ExtendedInterpolation())
    config.read(tmp_path / "master.cfg")
    assert {"create_input", "hit_app_html", "TrappingQuestions"} <= set(config.sections())
    wanted = {"cookie_name", "qual_cookie_name", "hit_base_payment", "quantity_hits_more_than", "quantity_bonus"}
    assert wanted | {"quality_top_percentage", "quality_bonus"} <= set(config["hit_app_html"])
    shown = int(config["create_input"]["number_of_clips_per_session"])
    assert shown == max(len(session) for session in plan.sessions)
    assert int(config["create_input"]["number_of_trapping_per_session"]) == 1
    assert int(config["create_input"]["number_of_gold_clips_per_session"]) <= 2
    pattern = config["create_input"]["condition_pattern"]
    found = [re.match(pattern, address) for address in rated.rating_clips]
    assert all(found)
    assert len({match.group(config["create_input"]["condition_keys"]) for match in found if match}) >= 5


@pytest.mark.parametrize("design", ["acr", "p835"])
def test_p808_gets_gold_and_trapping_clips(table: Path, tmp_path: Path, design: str) -> None:
    written(table, tmp_path, design, "p808")
    gold = pd.read_csv(tmp_path / "gold_clips.csv")
    assert list(gold) == ["gold_clips", "gold_clips_ans"]
    assert set(gold.gold_clips_ans) == {1, 5}
    assert all(clip_of(tmp_path, address) for address in gold.gold_clips)
    traps = pd.read_csv(tmp_path / "trapping_clips.csv")
    assert list(traps) == ["trapping_clips", "trapping_ans"]
    assert set(traps.trapping_ans) == {1, 2, 3, 4, 5}


def test_p804_gets_gold_clips_of_both_versions_and_training_with_answers(table: Path, tmp_path: Path) -> None:
    written(table, tmp_path, "p804", "p808")
    gold = pd.read_csv(tmp_path / "gold_clips_p804.csv")
    assert list(gold) == ["gold_url", "ver", *P804_ANSWERS]
    assert set(gold.ver) == {1, 2}
    assert set(gold[P804_ANSWERS].stack().dropna()) == {1.0, 5.0}
    training = pd.read_csv(tmp_path / "training_gold_clips.csv")
    dimensions = [name.removesuffix("_ans") for name in P804_ANSWERS]
    assert {f"{name}_{part}" for name in dimensions for part in ("ans", "var", "msg")} <= set(training)


@pytest.mark.parametrize("design", PLATFORM_DESIGNS["hitapp"])
def test_hitapps_template_is_filled_by_every_row(table: Path, tmp_path: Path, design: str) -> None:
    from jinja2 import Environment

    plan = written(table, tmp_path, design, "hitapp")
    rows = pd.read_csv(tmp_path / "hitapp.csv", dtype=str)
    assert len(rows) == len(plan.sessions)
    assert not rows.isna().any().any()
    html = (tmp_path / "hitapp.html").read_text(encoding="utf-8")
    template = Environment(variable_start_string="${", variable_end_string="}").from_string(html)
    assert set(re.findall(r"\$\{(\w+)\}", html)) == set(rows)
    filled = template.render(rows.iloc[0].to_dict())
    assert all(clip_of(tmp_path, address) for address in re.findall(r'src="(https://[^"]+)"', filled))
    for scale in plan.design.scales:
        assert len(re.findall(rf'name="q0_{scale.name}" value="(-?\d)" required', filled)) == len(scale.answers)


@pytest.mark.parametrize("design", PLATFORM_DESIGNS["webmushra"])
def test_webmushras_pages_have_their_keys_and_balanced_sessions(table: Path, tmp_path: Path, design: str) -> None:
    plan = written(table, tmp_path, design, "webmushra", completion_code="CODE7")
    files = sorted(tmp_path.glob("test_*.yaml"))
    assert len(files) == len(plan.sessions)
    for file in [*files, *tmp_path.glob("tell_apart_*.yaml")]:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"^ *- - ", text, re.MULTILINE), "webMUSHRA's parser reads no list begun behind a dash"
        document = yaml.safe_load(text)
        assert {"testname", "testId", "bufferSize", "stopOnErrors", "remoteService", "pages"} <= set(document)
        *_, (first, *pages), last = document["pages"]
        assert first == "random"
        assert last["type"] == "finish"
        assert "CODE7" in last["popupContent"]
        assert last["writeResults"]
        for page in pages:
            kinds = {"mushra": "mushra", "tell": "paired_comparison"}
            kind = kinds.get(design if design == "mushra" else file.name[:4], "likert_single_stimulus")
            assert page["type"] == kind
            assert {"id", "name", "content", "stimuli"} <= set(page)
            assert ("reference" in page) == (kind != "likert_single_stimulus")
            assert all(clip_of(tmp_path, place) for place in page["stimuli"].values())
            if kind == "likert_single_stimulus":
                scales = page["response"] if isinstance(page["response"][0], list) else [page["response"]]
                assert len(scales) == len(plan.design.scales)
                assert all({"value", "label"} == set(answer) for scale in scales for answer in scale)
            elif kind == "mushra":
                assert len(page["stimuli"]) == 6
                assert page["createAnchor35"]
                assert page["strict"]


@pytest.mark.parametrize("design", PLATFORM_DESIGNS["golisten"])
def test_golisten_gets_items_of_its_model(table: Path, tmp_path: Path, design: str) -> None:
    plan = written(table, tmp_path, design, "golisten")
    test = json.loads((tmp_path / "golisten.json").read_text(encoding="utf-8"))
    assert {"name", "description", "items", "settings"} == set(test)
    assert len({item["id"] for item in test["items"]}) == len(test["items"])
    for item in test["items"]:
        assert item["type"] in (0, 1, 2, 3)
        for media in item.get("example", {}).get("medias", []):
            assert {"filename", "src", "value"} == set(media)
            assert (tmp_path / media["src"].removeprefix("/static2/")).is_file()
        if item["type"] == 2 and design == "acr":
            assert len(item["example"]["fields"]) == len(item["example"]["medias"]) == 1
        if item["type"] == 2 and design == "pairs":
            assert item["example"]["fields"][0]["options"] == ["A", "B"]
        if item["type"] == 2 and design == "mushra":
            assert len(item["example"]["medias"]) == 6 + 2 + 1
    assert plan.code in test["items"][-1]["questionControl"]["question"]


def test_a_design_a_platform_lacks_is_one_sentence(table: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no mushra test on p808: take --platform webmushra or golisten"):
        written(table, tmp_path, "mushra", "p808")


def test_a_design_by_reference_needs_references(table: Path, tmp_path: Path) -> None:
    tests = planned_test(read_scores(table).drop(columns="ref"))
    for design, platform in (("dcr", "p808"), ("mushra", "webmushra")):
        with pytest.raises(ValueError, match="column ref"):
            make_plan(tests, Settings(design, platform), ClipFolder(tmp_path / "clips"))


def test_the_plan_is_the_same_with_the_same_seed(table: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / name).mkdir()
        written(table, tmp_path / name, "acr", "hitapp", seed=seed)
    first, again, other = ((tmp_path / name / "hitapp.csv").read_bytes() for name in "abc")
    assert first == again
    assert first != other


def test_clips_that_are_not_there_are_named_and_nothing_is_made_of_them(tmp_path: Path) -> None:
    from tests.planning.made import scores

    clips = ClipFolder(tmp_path / "clips")
    plan = make_plan(planned_test(scores((3.0, 3.3))), Settings(design="acr", listeners=8), clips)
    told = write_plan(plan, clips)
    assert "30 clips weren't found (" in told
    assert "no reference conditions" in told
    assert "listeners will stretch that" in told
    assert Counter(pd.read_csv(tmp_path / "clips.csv").role) == {"rated": 20}
