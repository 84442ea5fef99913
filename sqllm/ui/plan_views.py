"""What the Plan tab shows: conditions, a panel's answer, and scores beside a user's own votes, as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from sqllm.planning.conditions import PlannedTest
from sqllm.ui.charts import Interval, Line, intervals_chart, lines_chart, scatter_chart, table_html, votes_chart
from sqllm.ui.plan_steps import COUNTS, FittedVotes, PanelAnswer

MOST_CONDITIONS = 16  # in the table of who differs from whom
SURE = 0.8


def conditions_view(tests: PlannedTest, notes: Sequence[str]) -> str:
    """The conditions from the best on, with what their clips span, and what to mind."""
    rows = []
    for name, mean in zip(tests.conditions, tests.condition_mos().tolist(), strict=True):
        scores = [clip.mos for clip in tests.of(name)]
        rows.append(Interval(name, mean, min(scores), max(scores), f"({len(scores)})"))
    rows.sort(key=lambda row: -row.mean)
    warned = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return (
        f'<section class="sq-report">{f"""<ul class="sq-warnings" role="alert">{warned}</ul>""" if warned else ""}'
        f"<h2>{len(tests.clips)} clips of {len(tests.conditions)} conditions: mean predicted MOS, worst to best clip "
        f"(number of clips)</h2>{intervals_chart(rows, 'Predicted MOS of the conditions')}</section>"
    )


def panel_view(answer: PanelAnswer) -> str:
    """How many listeners it takes, their votes, the interval against their number, and who differs from whom."""
    size = answer.size
    told = (
        f"<b>{answer.listeners} listeners.</b> {size.for_difference} find the wanted difference in 95% of tests, "
        f"{size.for_interval} bring the 95% intervals of all conditions within ±{answer.interval:g} MOS."
    )
    votes = votes_chart(answer.histogram, f"Votes of {answer.listeners} listeners on all clips")
    counts = np.array(COUNTS, float)
    lines = [
        Line("95% interval", counts, answer.half_widths),
        Line(f"wanted: ±{answer.interval:g}", counts[[0, -1]], np.full(2, answer.interval), "other"),
    ]
    curve = lines_chart(lines, "Interval of the widest condition by number of listeners", "listeners", "± MOS")
    return (
        f'<section class="sq-report"><div class="sq-card"><p>{told}</p></div><div class="sq-two"><div><h2>Votes of '
        f"such a panel</h2>{votes}</div><div><h2>Interval against number of listeners</h2>{curve}</div></div>"
        f"<h2>Who differs from whom: share of such panels that tell two conditions apart (paired tests, Holm)</h2>"
        f"{_pairs_table(answer)}</section>"
    )


def _pairs_table(answer: PanelAnswer) -> str:
    tests = answer.tests
    order = sorted(tests.conditions, key=lambda name: -float(tests.condition_mos()[tests.conditions.index(name)]))
    names = order[:MOST_CONDITIONS]
    rows = [[escape(one), *(_power(answer, one, other) for other in names)] for one in names]
    left = f'<p class="sq-hint">The best {MOST_CONDITIONS} conditions are shown.</p>' if len(order) > len(names) else ""
    return table_html(["", *map(escape, names)], rows, "Who differs from whom") + left


def _power(answer: PanelAnswer, one: str, other: str) -> str:
    power = None if one == other else answer.power(one, other)
    if power is None:
        return ""
    return f'<span class="sq-chance" style="--share:{power if power >= SURE else power / 3:.2f}">{power:.0%}</span>'


def votes_view(fitted: FittedVotes) -> str:
    """How the scores follow the votes before and after the mapping, and whether to trust it."""
    report, rated = fitted.report, fitted.rated
    before = scatter_chart(
        rated.predicted, rated.voted, fitted.names, "Scores as they come against votes", "score", "votes"
    )
    after = scatter_chart(
        fitted.mapped, rated.voted, fitted.names, "Mapped scores against votes", "mapped score", "votes"
    )
    kinds = {
        "clips, as they come": report.before,
        "clips, mapped (held out)": report.after,
        "conditions, as they come": report.conditions_before,
        "conditions, mapped (held out)": report.conditions_after,
    }
    rows = [[name, str(one.count), str(one.r), str(one.rmse)] for name, one in kinds.items() if one]
    notes = "".join(f"<p>{escape(note)}</p>" for note in fitted.notes)
    return (
        f'<section class="sq-report"><div class="sq-card"><p><b>{escape(report.trust())}</b></p>{notes}</div>'
        f'<div class="sq-two"><div><h2>Before</h2>{before}</div><div><h2>After</h2>{after}</div></div>'
        f"{table_html(['', 'n', 'r (95%)', 'RMSE (95%)'], rows, 'Agreement with the votes')}</section>"
    )
