"""The HITApp server of the P.910 toolkit (github.com/microsoft/P.910): an HTML template and its table of variables.

The server fills `${NAME}` of the template from each row, serves a page a row, stores what the form holds, and gives
every listener a verification code. The page here is ours and needs nothing else.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

import numpy as np

from sqllm.planning.designs import Scale
from sqllm.planning.exports.p808 import write_csv
from sqllm.planning.plan import Comparison, Plan, Stimulus

STYLE = """\
<style>
 .item, .intro { max-width: 44em; margin: 1em auto; font-family: sans-serif; border-bottom: 1px solid #999; }
 .item fieldset { border: 0; } .item label { margin-right: 1.2em; display: inline-block; }
</style>"""


def write(plan: Plan, folder: Path) -> str:
    """Write `hitapp.html` and `hitapp.csv`, a row a session; returns how to run them."""
    rows = session_rows(plan)
    write_csv(folder / "hitapp.csv", rows)
    length = sum(column.startswith("Q") and column[1:].isdigit() for column in rows[0])
    (folder / "hitapp.html").write_text(page(plan, length), encoding="utf-8")
    return f"""\
## Running it with the HITApp server

1. Upload the folder `clips` so that each is found at its address in hitapp.csv ({plan.url("NAME.wav")}); the server's
   own `static` folder will do.
2. Set the server up (`hitapp_server` of github.com/microsoft/P.910: `docker-compose up --build -d`).
3. Create a project there: HTML file `hitapp.html`, CSV file `hitapp.csv`, {plan.listeners} assignments, and the
   platform you recruit on ("Open call" for Prolific and your own lists).
4. Send listeners the addresses it lists, with their name added as `&user_id=NAME` so that votes can be told apart by
   listener. After handing in they see a verification code of their own, which the server stores as `Answer.v_code`:
   have them enter it on the platform, and pay for the codes that you find in the answers.
5. Download the answers ("Batch_N.csv"): `sqllm fit` and `sqllm combine` read them as they are. Gold and trapping
   clips are among the answers under conditions of these names; leave out listeners who miss them (sessions.csv has
   the right answers).
"""


def session_rows(plan: Plan) -> list[dict[str, str]]:
    """A row of variables a session: Q0, Q1 ... are addresses (R0 ... those of what is heard first in a pair), K0 ...
    the clips' names. All sessions are of one length, with a gold and a trapping clip hidden where the plan has any.
    """
    rng = np.random.default_rng([plan.settings.seed, 910])
    longest = max(len(session) for session in plan.sessions)
    rows = []
    for number, session in enumerate(plan.sessions):
        items = [*session, *plan.sessions[0][: longest - len(session)]]
        for check in plan.checks(number):
            items.insert(int(rng.integers(1, len(items))), check)
        row: dict[str, str] = {}
        for place, item in enumerate(items):
            row |= _variables(plan, place, item)
        rows.append(row)
    return rows


def _variables(plan: Plan, place: int, item: Stimulus | Comparison) -> dict[str, str]:
    if isinstance(item, Comparison):
        return {
            f"Q{place}": plan.url(item.second.file),
            f"R{place}": plan.url(item.first.file),
            f"K{place}": item.key,
        }
    row = {f"Q{place}": plan.url(item.file), f"K{place}": item.key}
    return row | ({f"R{place}": plan.url(item.reference)} if plan.design.by_reference else {})


def page(plan: Plan, length: int) -> str:
    """The template of a session of `length` clips."""
    pair = plan.design.name == "pairs" or plan.design.by_reference
    items = "\n".join(_item(place, pair, plan.design.scales) for place in range(length))
    trap = " Where a clip breaks off and you hear beeps, give as many points as there are beeps." if plan.traps else ""
    return f"""\
{STYLE}
<div class="intro"><h2>Listening test</h2>
<p>Use headphones in a quiet place, set the level with the first clip and leave it there. Listen to every clip to
its end before you answer.{trap}</p></div>
{items}
"""


def _item(place: int, pair: bool, scales: tuple[Scale, ...]) -> str:
    first = f'<p>First: <audio controls preload="none" src="${{R{place}}}"></audio></p>\n' if pair else ""
    second = "Second: " if pair else ""
    questions = "\n".join(_question(place, scale) for scale in scales)
    return (
        f'<div class="item"><p>Clip {place + 1}</p>\n{first}'
        f'<p>{second}<audio controls preload="none" src="${{Q{place}}}"></audio></p>\n'
        f'<input type="hidden" name="q{place}_clip" value="${{K{place}}}">\n{questions}</div>'
    )


def _question(place: int, scale: Scale) -> str:
    choices = "\n".join(
        f'<label><input type="radio" name="q{place}_{scale.name}" value="{scale.lowest + step}" required> '
        f"{escape(answer)}</label>"
        for step, answer in enumerate(scale.answers)
    )
    return f"<fieldset><legend>{escape(scale.question)}</legend>\n{choices}\n</fieldset>"
