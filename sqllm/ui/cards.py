"""What the page shows of a judgement, as HTML: five scores, the reason, the faults heard, and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from sqllm.listeners.profiles import PROFILES
from sqllm.scores import (
    DIMENSION_WORDS,
    DIMENSIONS,
    HIGHEST,
    LOWEST,
    HeardArtifact,
    Judgement,
    ListenerNotes,
    Measures,
    Score,
    describe,
)
from sqllm.words.questions import NO_SPEECH_ANSWERS

MOST_SPANS = 4  # told one by one
ALIKE = 0.05  # points within which two listeners agree


def empty_report() -> str:
    """What stands in the report's place before there is one."""
    rows = "".join(_score_html(name, None) for name in DIMENSIONS)
    return f'<section class="sq-report sq-empty"><p class="sq-about">No rating yet.</p>{_grid(rows)}</section>'


def report(
    judgement: Judgement, rationale: str, writing: bool = False, typical: Mapping[str, Score] | None = None
) -> str:
    """A judgement as HTML: warnings, five scores with their uncertainty, the reason and the faults heard; instead of
    these a sentence where there is no speech. `typical` are the scores of the typical listener, to be held against.
    """
    about = [escape(judgement.file), f"{judgement.seconds:.1f} s", str(judgement.speech)]
    about.append(escape(_title(judgement.profile)))
    if judgement.reference:
        about.append("with " + escape(judgement.reference))
    if judgement.alignment and (fit := judgement.alignment.text()):
        about.append(escape(fit))
    if judgement.scores is None:
        heard = f'<p class="sq-words">{NO_SPEECH_ANSWERS[0]}</p>'
    else:
        beside = typical or {}
        heard = (
            _grid("".join(_score_html(name, judgement.scores[name], beside.get(name)) for name in DIMENSIONS))
            + _listener_html(judgement, beside)
            + _words_html(rationale, writing)
            + f"<h2>Faults heard</h2>{_artifacts_html(judgement.artifacts)}"
        )
    return (
        f'<section class="sq-report" aria-live="polite" aria-busy="{str(writing).lower()}">'
        f'<p class="sq-about">{" · ".join(about)}</p>{_warnings_html(judgement.warnings)}{heard}</section>'
    )


def _grid(rows: str) -> str:
    return f'<div class="sq-scores">{rows}</div>'


def _score_html(dimension: str, score: Score | None, typical: Score | None = None) -> str:
    """One score: name, words of its scale, mean +- standard deviation, and its 90% interval on the 1-5 scale; with a
    second mark where the typical listener is, and what differs.
    """
    name = DIMENSION_WORDS[dimension][0]
    if score is None:
        word, number, drawn, between = "&nbsp;", "–", "", "&nbsp;"
    else:
        low, high = score.interval()
        word = describe(dimension, score.mean)
        number = f'{score.mean:.2f}<span class="sq-std"> ± {score.std:.2f}</span>'
        drawn = (
            f'<i class="sq-band" style="left:{_percent(low):.1f}%;width:{_percent(high) - _percent(low):.1f}%"></i>'
            + (f'<i class="sq-mark sq-typical" style="left:{_percent(typical.mean):.1f}%"></i>' if typical else "")
            + f'<i class="sq-mark" style="left:{_percent(score.mean):.1f}%"></i>'
        )
        between = f"90%: {low:.1f} to {high:.1f}"
    changed = _changed(score, typical)
    return (
        f'<div class="sq-score" data-dimension="{dimension}"><div class="sq-line sq-name"><span>{name}</span>'
        f'<span class="sq-word">{word}</span></div><div class="sq-number">{number}</div>{changed}'
        f'<div class="sq-scale" aria-hidden="true">{drawn}</div>'
        f'<div class="sq-line sq-ends"><span>1</span><span>{between}</span><span>5</span></div></div>'
    )


def _changed(score: Score | None, typical: Score | None) -> str:
    if score is None or typical is None:
        return ""
    difference = score.mean - typical.mean
    told = "as typical" if abs(difference) < ALIKE else f"{difference:+.1f} for this listener".replace("-", "−")
    return f'<div class="sq-changed">{told}</div>'


def _listener_html(judgement: Judgement, typical: Mapping[str, Score]) -> str:
    """Who a listener is that is not the typical one, and what that changes of the MOS."""
    if not typical or judgement.scores is None:
        return ""
    name = judgement.profile.partition(": ")[0]
    about = [PROFILES[name].who if name in PROFILES else "", *_notes_on(judgement.listener)]
    own, usual = judgement.scores["mos"].mean, typical["mos"].mean
    return (
        f'<aside class="sq-who"><b>{escape(_title(name))}</b> {escape(" ".join(filter(None, about)))} '
        f"<span>MOS {own:.2f}, typical listener {usual:.2f} (hollow mark).</span></aside>"
    )


def _notes_on(listener: ListenerNotes | None) -> list[str]:
    """What became of a user's words about the listener, in sentences."""
    if listener is None:
        return []
    understood = [f"Understood: {'; '.join(listener.understood)}."] if listener.understood else []
    return understood + ([f"Ignored: {'; '.join(listener.ignored)}."] if listener.ignored else [])


def _percent(score: float) -> float:
    return 100 * (score - LOWEST) / (HIGHEST - LOWEST)


def _warnings_html(warnings: tuple[str, ...]) -> str:
    items = "".join(f"<li>{escape(warning)}</li>" for warning in warnings)
    return f'<ul class="sq-warnings" role="alert">{items}</ul>' if items else ""


def _words_html(rationale: str, writing: bool) -> str:
    if not rationale and not writing:
        return ""
    return f'<h2>In words</h2><p class="sq-words{" sq-writing" if writing else ""}">{escape(rationale)}</p>'


def _artifacts_html(artifacts: tuple[HeardArtifact, ...]) -> str:
    if not artifacts:
        return '<p class="sq-hint">None stands out.</p>'
    chips = []
    for artifact in artifacts:
        spans = _spans_text(artifact.spans)
        kind = artifact.kind.replace("-", " ").capitalize()
        chips.append(f"<li><b>{kind}</b> {artifact.severity}{', ' + spans if spans else ''}</li>")
    return f'<ul class="sq-faults">{"".join(chips)}</ul>'


def measures_html(measures: Measures | None) -> str:
    """The measured facts as a table of pairs; what can't be told is said so."""
    if measures is None:
        return ""
    level, crest = measures.active_level_dbov, measures.crest_db
    rows = {
        "Active level": "silent" if level is None else f"{level:.1f} dBov",
        "Noise floor": f"{measures.noise_floor_dbov:.0f} dBov",
        "Signal-to-noise ratio": measures.snr_in_words(),
        "Bandwidth": "7.4 kHz or more" if measures.bandwidth_hz is None else f"{measures.bandwidth_hz / 1000:.1f} kHz",
        "Clipped samples": f"{measures.clipped_percent:.1f}%",
        "Peak": f"{measures.peak_dbov:.1f} dBov" + (f", {crest:.1f} dB over the level" if crest is not None else ""),
        "DC": f"{100 * measures.dc:.1f}%".replace("-0.0", "0.0"),
        "File": measures.source_in_words(),
        "Gaps": _spans_text(measures.gaps, 2) or "none",
    }
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows.items())
    return f'<dl class="sq-measures">{cells}</dl>'


def _spans_text(spans: tuple[tuple[float, float], ...], digits: int = 1) -> str:
    """The first moments of an artifact: "2.1–2.3 s, 4.7–4.8 s and 3 more"."""
    told = ", ".join(f"{start:.{digits}f}–{end:.{digits}f} s" for start, end in spans[:MOST_SPANS])
    return told + (f" and {len(spans) - MOST_SPANS} more" if len(spans) > MOST_SPANS else "")


def _title(profile: str) -> str:
    """A judgement's profile ("name" or "name: note") with the name as its title."""
    name, colon, note = profile.partition(":")
    return (PROFILES[name].title if name in PROFILES else name) + colon + note
