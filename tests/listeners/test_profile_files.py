"""A listener of one's own in a YAML file."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqllm.listeners.profiles import PROFILES, get_profile, load_profile


def profile(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_gives_a_base_a_chain_and_habits(tmp_path: Path) -> None:
    path = profile(
        tmp_path,
        "name: mine\ntitle: Mine\nbase: strict-expert\nchain: handset\nmore: [noisiness]\nless: {loudness: 0.5}\n"
        "strictness: -0.3\ndescription: On a train.\n",
    )
    mine = load_profile(path)
    assert (mine.name, mine.title, mine.who, mine.taught_as) == ("mine", "Mine", "On a train.", "phone-speaker")
    assert mine.wordings == PROFILES["phone-speaker"].wordings
    assert mine.habits.sensitivity == {"noisiness": 1.4, "loudness": 0.5}
    assert mine.habits.strictness == pytest.approx(0.7)
    assert get_profile(str(path)) == mine


def test_habits_are_added_to_those_of_the_base(tmp_path: Path) -> None:
    mine = load_profile(profile(tmp_path, "name: mine\nbase: strict-expert\nmore: coloration\n"))
    assert (mine.taught_as, mine.habits.strictness) == ("typical", 1)
    assert mine.habits.sensitivity == {"coloration": 1.4}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has a line 'name: ...'"),
        ("[1, 2]", "has a line 'name: ...'"),
        ("base: typical", "has a line 'name: ...'"),
        ("name: typical", "one of the program's own"),
        ("name: [1]", "has to be a short text"),
        ("name: a\nears: two", "has no 'ears'; it has name, title"),
        ("name: a\nbase: expret", "There is no base 'expret'; choose one of typical"),
        ("name: a\nchain: cinema", "There is no chain 'cinema'; choose one of none"),
        ("name: a\nmore: mos", "Nobody can mind 'mos' more"),
        ("name: a\nmore: {noisiness: 9}", "has to be a number 1 to 2"),
        ("name: a\nless: {noisiness: true}", "has to be a number 0 to 1"),
        ("name: a\nmore: [noisiness]\nless: [noisiness]", "both more and less"),
        ("name: a\nstrictness: very", "has to be a number from -1"),
        ("name: a\nstrictness: .nan", "has to be a number from -1"),
        ("name: [", "can't be read"),
        ("name: !!python/object/apply:os.getcwd []", "can't be read"),
    ],
)
def test_what_is_no_profile_is_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ValueError, match=r"mine\.yaml.*") as problem:
        load_profile(profile(tmp_path, text))
    assert told in str(problem.value)
    assert "\n" not in str(problem.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="can't be read as a listener profile"):
        get_profile(str(tmp_path / "none.yaml"))
