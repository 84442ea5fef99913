"""What a fault costs: how much of the way from the lowest MOS to the best one it takes away, and what mending gives.

Costs multiply: MOS = 1 + (TOP_MOS - 1) * prod(1 - cost), so that a second fault costs less on a clip that is poor.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sqllm.scores import LOWEST, SEVERITIES, HeardArtifact

TOP_MOS = 4.6  # what clean clips are rated, on average
# Which dimensions a kind of fault touches.
TOUCHES: Mapping[str, frozenset[str]] = {
    "noisiness": frozenset({"background-noise", "hum", "competing-speaker", "clicks", "interference"}),
    "coloration": frozenset(
        {
            "codec",
            "band-limited",
            "amplitude-clipping",
            "reverberation",
            "echo",
            "noise-suppression",
            "packet-loss",
            "time-warp",
            "unknown",
        }
    ),
    "discontinuity": frozenset({"packet-loss", "time-clipping", "clicks", "interference", "time-warp", "unknown"}),
    "loudness": frozenset({"too-quiet", "too-loud", "level-change", "packet-loss", "time-clipping"}),
}
UNKNOWN_WEIGHT = 0.3  # faults that nobody named, in units of -log(1 - cost)

COSTS: Mapping[str, Mapping[str, float]] = {
    "background-noise": {"slight": 0.25, "moderate": 0.50, "strong": 0.80},
    "hum": {"slight": 0.10, "moderate": 0.20, "strong": 0.45},
    "competing-speaker": {"slight": 0.20, "moderate": 0.35, "strong": 0.50},
    "packet-loss": {"slight": 0.25, "moderate": 0.40, "strong": 0.70},
    "time-clipping": {"slight": 0.30, "moderate": 0.50, "strong": 0.70},
    "amplitude-clipping": {"slight": 0.15, "moderate": 0.25, "strong": 0.60},
    "codec": {"slight": 0.15, "moderate": 0.30, "strong": 0.65},
    "noise-suppression": {"slight": 0.10, "moderate": 0.30, "strong": 0.55},
    "band-limited": {"slight": 0.15, "moderate": 0.30, "strong": 0.50},
    "reverberation": {"slight": 0.30, "moderate": 0.60, "strong": 0.75},
    "echo": {"slight": 0.10, "moderate": 0.25, "strong": 0.50},
    "too-quiet": {"slight": 0.20, "moderate": 0.45, "strong": 0.75},
    "too-loud": {"slight": 0.10, "moderate": 0.15, "strong": 0.30},
    "level-change": {"slight": 0.10, "moderate": 0.15, "strong": 0.20},
    "clicks": {"slight": 0.15, "moderate": 0.30, "strong": 0.55},
    "interference": {"slight": 0.15, "moderate": 0.35, "strong": 0.60},
    "time-warp": {"slight": 0.10, "moderate": 0.25, "strong": 0.45},
    "unknown": {"slight": 0.15, "moderate": 0.35, "strong": 0.65},
}


def cost(artifact: HeardArtifact) -> float:
    """The share (0-1) of the distance to the top that an artifact takes away."""
    return COSTS[artifact.kind][artifact.severity]


def by_importance(artifacts: Sequence[HeardArtifact]) -> list[HeardArtifact]:
    """The artifacts that are certain before the others, then by severity, then by what they cost, worst first."""
    return sorted(artifacts, key=lambda a: (not a.certain, -SEVERITIES.index(a.severity), -cost(a)))


def mos_without(mos: float, artifacts: Sequence[HeardArtifact], kind: str) -> float:
    """The MOS that a clip would have once all artifacts of `kind` were mended.

    The costs predict a MOS with and without `kind`. What the present MOS differs from the prediction (as a ratio of
    distances to 1) is shared by the artifacts, and by faults that nobody named, in proportion to their weights
    -log(1 - cost); the share of what remains stays. Never below the present `mos`, nor above `TOP_MOS` unless the
    clip is above it already.
    """
    return _mended(mos, _weight(artifacts), _weight([artifact for artifact in artifacts if artifact.kind != kind]))


def mos_without_any(mos: float, artifacts: Sequence[HeardArtifact]) -> float:
    """The MOS that a clip would have once all artifacts were mended, computed likewise."""
    return _mended(mos, _weight(artifacts), 0.0)


def _weight(artifacts: Sequence[HeardArtifact]) -> float:
    return sum(-math.log(1 - cost(artifact)) for artifact in artifacts)


def _mended(mos: float, total: float, remaining: float) -> float:
    """The MOS once artifacts of a `total` weight are mended but for those of the `remaining`."""
    if remaining == total:
        return mos
    present = max(mos - LOWEST, 0.05)
    residual = math.log(present / (TOP_MOS - LOWEST)) + total
    kept = (remaining + UNKNOWN_WEIGHT) / (total + UNKNOWN_WEIGHT)
    mended = LOWEST + (TOP_MOS - LOWEST) * math.exp(-remaining + residual * kept)
    return max(mos, min(TOP_MOS, mended))


def first_fix(mos: float, artifacts: Sequence[HeardArtifact]) -> tuple[str, float] | None:
    """The kind whose mending gains most and the MOS that gives; of certain artifacts only, where there are any."""
    ordered = by_importance(artifacts)
    kinds = [a.kind for a in ordered if a.certain] or [a.kind for a in ordered]
    if not kinds:
        return None
    gains = {kind: mos_without(mos, ordered, kind) for kind in kinds}
    best = max(gains, key=lambda kind: gains[kind])
    return best, gains[best]
