"""The end of a run: counts, and what the conditions get."""

from __future__ import annotations

import pandas as pd
import pytest

from sqllm.batch.progress import in_words, watched
from sqllm.batch.summary import summarise


def rated(values: list[float | None], condition: str | None = None) -> pd.DataFrame:
    columns = {"mos": pd.Series(values, dtype=float), "mos_std": 0.3, "error": ""}
    return pd.DataFrame(columns if condition is None else {**columns, "condition": condition})


def cells(line: str) -> list[str]:
    return [cell for cell in line.split("  ") if cell.strip()]


def test_a_condition_has_its_count_mean_median_sd_and_interval_in_the_order_of_the_table() -> None:
    table = pd.concat([rated([2.0, 3.0, 4.0], "worse"), rated([4.5], "better")], ignore_index=True)
    lines = [[cell.strip() for cell in cells(line)] for line in summarise(table)]
    assert lines == [
        ["4 of 4 clips scored."],
        ["n", "MOS", "median", "sd", "95% over clips", "each clip"],
        ["all clips", "4", "3.38", "3.50", "1.11", "1.61 to 5.00", "+-0.30"],
        ["worse", "3", "3.00", "3.00", "1.00", "1.00 to 5.00", "+-0.30"],
        ["better", "1", "4.50", "4.50", "-", "-", "+-0.30"],
    ]


def test_columns_are_aligned() -> None:
    table = pd.concat([rated([2.0] * 12, "a long condition"), rated([4.5, 4.5], "b")], ignore_index=True)
    _, *lines = summarise(table)
    assert len({len(line) for line in lines}) == 1


def test_an_interval_is_students_and_stays_on_the_scale() -> None:
    *_, few = summarise(rated([1.2, 4.6]))
    assert "1.00 to 5.00" in few
    *_, some = summarise(rated([3.0, 3.2, 3.4, 3.6]))
    assert "2.89 to 3.71" in some  # 3.3 +- 3.182 * .2582 / 2
    *_, copies = summarise(rated([4.47] * 125))
    assert "4.47 to 4.47" in copies


def test_clips_without_a_score_are_counted_and_enter_no_mean() -> None:
    table = rated([4.0, None, None, 2.0], "a").assign(error=["", "broken", "", ""])
    told, _, all_clips, _ = summarise(table)
    assert told == "2 of 4 clips scored; 1 without speech."
    assert [cell.strip() for cell in cells(all_clips)][1:4] == ["2", "3.00", "3.00"]
    assert list(summarise(rated([None]).assign(error="broken"))) == ["0 of 1 clips scored."]


def test_progress_tells_rate_and_time_left() -> None:
    assert in_words(100, 25, 500, 50.0) == "125 of 500 clips, 2.0 s a clip, 12 min left"
    assert in_words(0, 60, 240, 30.0) == "60 of 240 clips, 2.0 clips/s, 90 s left"
    assert in_words(0, 1, 3601, 3.0) == "1 of 3601 clips, 3.0 s a clip, 3.0 h left"
    assert in_words(40, 0, 500, 30.0) == "40 of 500 clips"


def test_a_line_comes_now_and_then_also_while_a_row_takes_long(capsys: pytest.CaptureFixture[str]) -> None:
    import time

    def rows():
        yield 1
        time.sleep(0.4)
        yield 2

    assert list(watched(rows(), total=3, done=1, every=0.1)) == [1, 2]
    lines = capsys.readouterr().err.splitlines()
    assert 2 <= len(lines) <= 4
    assert all(line.startswith("2 of 3 clips, ") and line.endswith(" left") for line in lines)
    list(watched([1, 2], total=2))
    assert capsys.readouterr().err == ""
