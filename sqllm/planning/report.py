"""A plan on disk: the platform's files, the key to the clips, and README.md that tells it in words."""

from __future__ import annotations

from collections.abc import Iterator

from sqllm.planning.clip_folder import ClipFolder
from sqllm.planning.exports import export
from sqllm.planning.exports.p808 import write_csv
from sqllm.planning.plan import Comparison, Plan, Stimulus

SURE = 0.8  # the share of panels from which two conditions count as told apart


def write_plan(plan: Plan, clips: ClipFolder) -> str:
    """Write everything into the folder above `clips`; returns the summary, which is also the top of README.md."""
    folder = clips.folder.parent
    write_csv(folder / "clips.csv", [*_key(plan)])
    write_csv(folder / "sessions.csv", [*_sessions(plan)])
    if plan.pairs:
        write_csv(folder / "pairs.csv", [*_pairs(plan)])
    how = export(plan, folder)
    told = summary(plan, clips)
    (folder / "README.md").write_text(f"# A listening test\n\n{told}\n\n{how}", encoding="utf-8")
    return told


def _key(plan: Plan) -> Iterator[dict[str, object]]:
    """What each name in the test stands for."""
    files = {(clip.condition, clip.source): clip.file for clip in plan.tests.clips}
    training = set(plan.training) - set(plan.stimuli)
    checks = [(check.stimulus, role) for role, group in (("gold", plan.gold), ("trap", plan.traps)) for check in group]
    roles = [(one, "rated") for one in plan.stimuli] + [(one, "training") for one in sorted(training, key=str)] + checks
    done = set()
    for one, role in roles:
        if one.file not in done:
            done.add(one.file)
            mos = round(one.mean["mos"], 3) if "mos" in one.mean else ""
            file = files.get((one.condition, one.source), "")
            yield {"name": one.file, "file": file, "condition": one.condition, "source": one.source} | {
                "role": role,
                "predicted_mos": mos,
            }


def _sessions(plan: Plan) -> Iterator[dict[str, object]]:
    """Which clips each session holds, and the answers of those that check the listener."""
    for number, session in enumerate(plan.sessions, 1):
        for place, item in enumerate(session, 1):
            yield {"session": number, "place": place, "clip": _name(item), "answer": ""}
    for check in (*plan.gold, *plan.traps):
        told = " ".join(f"{name}={answer}" for name, answer in sorted(check.answers.items()))
        yield {"session": "check", "place": "", "clip": check.stimulus.key, "answer": told}


def _name(item: Stimulus | Comparison) -> str:
    return item.key


def _pairs(plan: Plan) -> Iterator[dict[str, object]]:
    for pair in plan.pairs:
        yield {
            "first": pair.first,
            "second": pair.second,
            "predicted_difference": round(pair.difference, 3),
            "told_apart": round(pair.power, 3),
        }


def summary(plan: Plan, clips: ClipFolder) -> str:
    """The plan in words, as Markdown."""
    return "\n".join(_lines(plan, clips))


def _lines(plan: Plan, clips: ClipFolder) -> Iterator[str]:
    tests, cost = plan.tests, plan.cost
    made = len({one.condition for one in plan.stimuli}) - len(tests.conditions)
    yield f"{plan.design.name.upper()} ({plan.design.title}) for {plan.settings.platform}."
    yield ""
    yield (
        f"- Clips: {len(tests.clips)} of {len(tests.conditions)} conditions"
        + (f", and {made} reference conditions" if made > 0 else "")
        + f"; {len(plan.training)} for training, {len(plan.gold)} gold, {len(plan.traps)} trapping."
    )
    yield from _panel_lines(plan)
    yield (
        f"- Cost: {cost.votes} votes; {cost.minutes / 60:.1f} hours of listening in all, {cost.minutes_each:.0f} "
        f"minutes for one listener's {len(plan.sessions)} {'session' if len(plan.sessions) == 1 else 'sessions'}."
    )
    yield from (f"- Warning: {note}" for note in plan.notes)
    if clips.missing:
        yield (
            f"- Warning: {len(clips.missing)} clips weren't found ({clips.missing[0]} ...): put them into the folder "
            "clips under their names in clips.csv."
        )
    yield from _pair_table(plan)


def _panel_lines(plan: Plan) -> Iterator[str]:
    settings = plan.settings
    if plan.size is not None:
        yield (
            f"- Listeners: {plan.listeners}. {plan.size.for_difference} find a difference of {settings.difference:g} "
            f"MOS in 95% of tests, {plan.size.for_interval} bring the 95% intervals of all conditions within "
            f"±{settings.interval:g}."
        )
    else:
        all_pairs = len(plan.tests.conditions) * (len(plan.tests.conditions) - 1) // 2
        yield (
            f"- Listeners: {plan.listeners}, who compare {len(plan.asked)} of {all_pairs} pairs of conditions, those "
            "that tell most about the order: " + ", ".join(f"{one} - {other}" for one, other in plan.asked) + "."
        )


def _pair_table(plan: Plan) -> Iterator[str]:
    if not plan.pairs:
        return
    sure = [pair for pair in plan.pairs if pair.power >= SURE]
    yield f"- {len(sure)} of {len(plan.pairs)} pairs of conditions are told apart by at least 4 of 5 such panels."
    doubtful = sorted((pair for pair in plan.pairs if pair.power < SURE), key=lambda pair: pair.power)
    if doubtful:
        yield "\nNot told apart for sure (paired tests, Holm):\n\n| pair | predicted difference | panels that tell |"
        yield "|---|---:|---:|"
        for pair in doubtful[:20]:
            yield f"| {pair.first} - {pair.second} | {pair.difference:+.2f} | {pair.power:.0%} |"
