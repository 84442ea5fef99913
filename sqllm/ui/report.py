"""What the page shows of a judgement, an answer and a pair of clips, as HTML."""

from __future__ import annotations

import base64
import io
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
from sqllm.signal.alignment import align_reference
from sqllm.signal.audio import AudioError, Clip, load_clip
from sqllm.signal.plots import spectrogram_figure
from sqllm.words.questions import NO_SPEECH_ANSWERS

MOST_SPANS = 4  # told one by one
NO_ANSWER = '<p class="sq-hint">The answer appears here.</p>'


def empty_report() -> str:
    """What stands in the report's place before there is one."""
    rows = "".join(_score_html(name, None) for name in DIMENSIONS)
    return f'<section class="sq-report sq-empty"><p class="sq-about">No rating yet.</p>{_grid(rows)}</section>'


def report(judgement: Judgement, rationale: str, writing: bool = False) -> str:
    """A judgement as HTML: warnings, five scores with their uncertainty, the reason, the faults heard and what was
    measured; instead of what is heard a sentence where there is no speech.
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
        heard = (
            _grid("".join(_score_html(name, judgement.scores[name]) for name in DIMENSIONS))
            + _words_html(rationale, writing)
            + f"<h2>Faults heard</h2>{_artifacts_html(judgement.artifacts)}"
        )
    return (
        f'<section class="sq-report" aria-busy="{str(writing).lower()}">'
        f'<p class="sq-about">{" · ".join(about)}</p>{_listener_html(judgement.listener)}'
        f"{_warnings_html(judgement.warnings)}{heard}"
        f"{_measures_html(judgement.measures)}</section>"
    )


def answer_html(question: str, text: str, writing: bool = False) -> str:
    """A question and its answer as HTML."""
    return (
        f'<section class="sq-answer"><p class="sq-about">{escape(question)}</p>'
        f'<p class="sq-words{" sq-writing" if writing else ""}">{escape(text)}</p></section>'
    )


def spectrograms_html(clip: str | None, reference: str | None) -> str:
    """The spectrograms as an image, the reference's on the clip's time axis and only where it holds the same speech; or
    a sentence where there is nothing to show.
    """
    if not clip:
        return '<p class="sq-hint">Spectrograms appear here once there is a clip.</p>'
    try:
        degraded, beside = load_clip(clip), load_clip(reference) if reference else None
        alignment = align_reference(beside.samples, degraded.samples) if beside else None
        aligned = Clip(alignment.samples) if alignment and alignment.same_speech else None
        figure = spectrogram_figure(degraded, aligned)
    except AudioError as problem:
        return f'<p class="sq-hint">{escape(str(problem))}</p>'
    image = io.BytesIO()
    figure.savefig(image, format="png")
    data = base64.b64encode(image.getvalue()).decode()
    alt = "Spectrograms of the clip and its reference" if aligned else "Spectrogram of the clip"
    return f'<img class="sq-picture" alt="{alt}" src="data:image/png;base64,{data}">'


def _listener_html(listener: ListenerNotes | None) -> str:
    """What became of a user's words about the listener."""
    if listener is None or not (listener.understood or listener.ignored):
        return ""
    ignored = [f"Ignored: {'; '.join(listener.ignored)}"] if listener.ignored else []
    lines = "<br>".join(escape(line) for line in (*listener.understood, *ignored))
    return f'<p class="sq-about sq-listener">{lines}</p>'


def _grid(rows: str) -> str:
    return f'<div class="sq-scores">{rows}</div>'


def _score_html(dimension: str, score: Score | None) -> str:
    """One score: name, words of its scale, mean +- standard deviation, and its 90% interval on the 1-5 scale."""
    name = DIMENSION_WORDS[dimension][0]
    if score is None:
        word, number, drawn, between = "", "–", "", "&nbsp;"
    else:
        low, high = score.interval()
        word = describe(dimension, score.mean)
        number = f'{score.mean:.2f}<span class="sq-std"> ± {score.std:.2f}</span>'
        drawn = (
            f'<i class="sq-band" style="left:{_percent(low):.1f}%;width:{_percent(high) - _percent(low):.1f}%"></i>'
            f'<i class="sq-mark" style="left:{_percent(score.mean):.1f}%"></i>'
        )
        between = f"90% between {low:.1f} and {high:.1f}"
    return (
        f'<div class="sq-score" data-dimension="{dimension}"><div class="sq-line"><span>{name}</span>'
        f'<span class="sq-word">{word}</span></div><div class="sq-number">{number}</div>'
        f'<div class="sq-scale" aria-hidden="true">{drawn}</div>'
        f'<div class="sq-line sq-ends"><span>1</span><span>{between}</span><span>5</span></div></div>'
    )


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


def _measures_html(measures: Measures | None) -> str:
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
    return f'<h2>Measured</h2><dl class="sq-measures">{cells}</dl>'


def _spans_text(spans: tuple[tuple[float, float], ...], digits: int = 1) -> str:
    """The first moments of an artifact: "2.1–2.3 s, 4.7–4.8 s and 3 more"."""
    told = ", ".join(f"{start:.{digits}f}–{end:.{digits}f} s" for start, end in spans[:MOST_SPANS])
    return told + (f" and {len(spans) - MOST_SPANS} more" if len(spans) > MOST_SPANS else "")


def _title(profile: str) -> str:
    """A judgement's profile ("name" or "name: note") with the name as its title."""
    name, colon, note = profile.partition(":")
    return (PROFILES[name].title if name in PROFILES else name) + colon + note
