"""From the model's scores to those of a user's own listeners: the mapping of ITU-T P.1401, fitted to a few rated clips.

Every listening test has its own scale: its listeners, instructions and range of material shift and stretch it. ITU-T
P.1401 (2020) therefore maps predictions to a test by a monotonic polynomial before comparing. The order is
chosen by cross-validation over conditions; so is whether a ridge regression on the clip's pooled audio tokens is added.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from sqllm.scores import GRID, HIGHEST, LOWEST, Score, clamp

FORMAT = "sqllm-mapping-1"
MAPPED = "mapped"  # in the revision of scores that a mapping was applied to
LARGEST_FILE = 1_000_000  # bytes
FEWEST_CLIPS = 6
FOLDS = 10
FEWEST_CONDITIONS = 4  # to hold out conditions; with fewer, clips are held out
WORTH = 0.97  # the share of the held-out RMSE that a richer mapping may keep
PENALTIES = tuple(float(10**power) for power in np.arange(-1.5, 2.1, 0.5))
LEAST_SPAN = 0.1  # points between the worst and the best prediction
LEAST_SLOPE = 0.05
NARROWEST = 0.05  # standard deviation of the kernel that puts a mapped distribution back on the grid


@dataclass(frozen=True)
class ScaleMapping:
    """Predicted MOS to a test's MOS: `coefficients` of a polynomial from the lowest order on, monotonic from `low` to
    `high` (the predictions it was fitted to) and continued by its tangents; then, if there are `weights`, their product
    with the clip's pooled audio tokens plus `intercept`, at most `limit` points.

    `error` is the held-out RMSE a clip. `profile` and `revision` are whose scores it maps: the listener, and the model
    ("" where that isn't known).
    """

    coefficients: tuple[float, ...]
    low: float
    high: float
    weights: tuple[float, ...] = ()
    intercept: float = 0.0
    limit: float = 0.0
    error: float = 0.0
    clips: int = 0
    conditions: int = 0
    profile: str = "typical"
    revision: str = ""

    @property
    def order(self) -> int:
        return len(self.coefficients) - 1

    @property
    def name(self) -> str:
        """A name of its own, by its numbers: what scores say that were mapped by it."""
        return f"{MAPPED}-{sha256(json.dumps(asdict(self)).encode()).hexdigest()[:8]}"

    def curve(self, mos: np.ndarray) -> np.ndarray:
        """The polynomial alone, of any shape, not clamped."""
        polynomial = np.polynomial.Polynomial(self.coefficients)
        inside = np.clip(np.asarray(mos, float), self.low, self.high)
        return polynomial(inside) + polynomial.deriv()(inside) * (mos - inside)

    def predict(self, mos: np.ndarray, tokens: np.ndarray | None = None) -> np.ndarray:
        """Mapped MOS 1-5, [clips], from predicted MOS [clips] and, where the mapping has weights, pooled audio tokens
        [clips, features]. Raises `ValueError` where these are missing or of another model.
        """
        mapped = self.curve(np.asarray(mos, float))
        if self.weights:
            if tokens is None or tokens.shape[-1] != len(self.weights):
                raise ValueError("This mapping rests on the audio, not on scores alone: rate the clips with it.")
            added = tokens @ np.array(self.weights) + self.intercept
            mapped = mapped + np.clip(added, -self.limit, self.limit)
        return np.clip(mapped, LOWEST, HIGHEST)

    def apply(self, score: Score, tokens: np.ndarray | None = None) -> Score:
        """A score on the test's scale: its distribution mapped, and made as wide as the mapping's held-out error."""
        mean = float(self.predict(np.array([score.mean]), None if tokens is None else tokens[None])[0])
        shares = score.probabilities if len(score.probabilities) else (np.abs(GRID - score.mean) < 0.05).astype(float)
        values = self.curve(GRID) + mean - float(shares @ self.curve(GRID)) / max(float(shares.sum()), 1e-9)
        own = float(shares @ np.square(values - mean))
        width = max(NARROWEST, float(np.sqrt(max(0.0, self.error**2 - own))))
        kernel = np.exp(-0.5 * np.square((GRID - np.clip(values, LOWEST, HIGHEST)[:, None]) / width))
        spread = shares @ (kernel / kernel.sum(axis=1, keepdims=True))
        spread = spread / spread.sum()
        return Score(mean, float(np.sqrt(spread @ np.square(GRID - mean))), spread)

    def save(self, path: Path, about: dict[str, Any]) -> None:
        """Write it as JSON; `about` is kept beside it for people to read."""
        content = {"format": FORMAT, "mapping": asdict(self), "about": about}
        path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def load_mapping(path: str | Path) -> ScaleMapping:
    """Read a mapping; numbers and two words only, so that a file from elsewhere can do nothing but map.

    Raises `ValueError` with a sentence where it isn't one.
    """
    file = Path(path)
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise ValueError("it is too large")
        content = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError("it has another format")
        return _checked(ScaleMapping(**content["mapping"]))
    except (OSError, UnicodeDecodeError, KeyError, TypeError, ValueError, RecursionError) as problem:
        raise ValueError(f"{path} is no mapping of sqllm fit ({str(problem).splitlines()[0]}).") from problem


def _checked(mapping: ScaleMapping) -> ScaleMapping:
    """The mapping with numbers as such; raises `ValueError` or `TypeError` where they don't make one."""
    coefficients = tuple(float(number) for number in mapping.coefficients)
    weights = tuple(float(number) for number in mapping.weights)
    low, high, intercept, limit, error = map(
        float, (mapping.low, mapping.high, mapping.intercept, mapping.limit, mapping.error)
    )
    numbers = [*coefficients, *weights, low, high, intercept, limit, error]
    if not np.isfinite(numbers).all() or len(coefficients) not in (2, 4) or min(limit, error) < 0:
        raise ValueError("its numbers don't make one")
    checked = replace(
        mapping,
        coefficients=coefficients,
        low=low,
        high=high,
        weights=weights,
        intercept=intercept,
        limit=limit,
        error=error,
    )
    if not LOWEST <= checked.low <= checked.high <= HIGHEST or not _rises(checked):
        raise ValueError("it does not rise")
    if not isinstance(mapping.profile, str) or not isinstance(mapping.revision, str):
        raise ValueError("its listener is no name")
    return checked


@dataclass(frozen=True)
class RatedClips:
    """Clips with predicted and voted MOS, [clips] each; `margin` is the half width of the voted MOS's 95% interval (not
    a number where it isn't known), `condition` names each clip's, and `tokens` are pooled audio tokens [clips,
    features], where there are any.
    """

    predicted: np.ndarray
    voted: np.ndarray
    margin: np.ndarray
    condition: np.ndarray
    tokens: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.predicted)

    def chosen(self, rows: np.ndarray) -> RatedClips:
        tokens = None if self.tokens is None else self.tokens[rows]
        return RatedClips(self.predicted[rows], self.voted[rows], self.margin[rows], self.condition[rows], tokens)

    @property
    def by_condition(self) -> bool:
        """Whether there are conditions enough to hold some of them out."""
        return len(set(self.condition.tolist())) >= FEWEST_CONDITIONS

    def groups(self) -> np.ndarray:
        """The number of what is held out together, [clips]: a condition, or a clip where there are too few."""
        if not self.by_condition:
            return np.arange(len(self))
        return np.unique(self.condition, return_inverse=True)[1]

    def folds(self) -> list[np.ndarray]:
        """Which clips are held out in turn: at most ten masks, [clips] each."""
        groups = self.groups()
        order = np.random.default_rng(0).permutation(groups.max() + 1)
        return [order[groups] % FOLDS == fold for fold in range(min(FOLDS, len(order)))]


def fit_mapping(rated: RatedClips) -> ScaleMapping:
    """The mapping that cross-validation prefers: first order; third where it is monotonic and lowers the held-out RMSE
    by 3%; and a ridge on the tokens where that does so again.

    Raises `ValueError` where fewer than six clips have both a score and votes, or the scores are all alike.
    """
    if len(rated) < FEWEST_CLIPS:
        raise ValueError(f"Clips with both a score and votes: {len(rated)}. A mapping takes {FEWEST_CLIPS} or more.")
    if np.ptp(rated.predicted) < LEAST_SPAN:
        raise ValueError("The scores of these clips are all alike: rate clips of different quality.")
    order = 1
    if held_out_rmse(rated, 3) < WORTH * held_out_rmse(rated, 1):
        order = 3
    mapping = _fitted(rated, order)
    if rated.tokens is None:
        return mapping
    found = {penalty: held_out_rmse(rated, order, penalty) for penalty in PENALTIES}
    best = min(found, key=lambda penalty: found[penalty])
    return _fitted(rated, order, best) if found[best] < WORTH * held_out_rmse(rated, order) else mapping


def held_out_rmse(rated: RatedClips, order: int, penalty: float | None = None) -> float:
    """RMSE a clip of a kind of mapping on what it was not fitted to."""
    errors = np.empty(len(rated))
    for held in rated.folds():
        mapping, test = _fitted(rated.chosen(~held), order, penalty), rated.chosen(held)
        errors[held] = mapping.predict(test.predicted, test.tokens) - test.voted
    return float(np.sqrt(np.mean(np.square(errors))))


def _fitted(rated: RatedClips, order: int, penalty: float | None = None) -> ScaleMapping:
    """A polynomial by least squares, of first order where the third falls somewhere, and a ridge on what it leaves."""
    low, high = clamp(float(rated.predicted.min())), clamp(float(rated.predicted.max()))
    mapping = ScaleMapping(tuple(np.polynomial.polynomial.polyfit(rated.predicted, rated.voted, order)), low, high)
    if order > 1 and not _rises(mapping):
        mapping = ScaleMapping(tuple(np.polynomial.polynomial.polyfit(rated.predicted, rated.voted, 1)), low, high)
    if not _rises(mapping):  # votes that contradict the scores can't turn the scale around
        middle = float(rated.voted.mean()) - LEAST_SLOPE * float(rated.predicted.mean())
        mapping = ScaleMapping((middle, LEAST_SLOPE), low, high)
    conditions = len(set(rated.condition.tolist()))
    mapping = replace(
        mapping, coefficients=tuple(map(float, mapping.coefficients)), clips=len(rated), conditions=conditions
    )
    return mapping if penalty is None else _with_ridge(mapping, rated, penalty)


def _rises(mapping: ScaleMapping) -> bool:
    slopes = np.polynomial.Polynomial(mapping.coefficients).deriv()(np.linspace(mapping.low, mapping.high, 101))
    return bool((slopes >= LEAST_SLOPE - 1e-9).all())


def _with_ridge(mapping: ScaleMapping, rated: RatedClips, penalty: float) -> ScaleMapping:
    """Ridge regression of what the curve leaves on standardised tokens, in its dual form: fewer clips than features."""
    assert rated.tokens is not None
    centre, scale = rated.tokens.mean(axis=0), rated.tokens.std(axis=0)
    scale = np.where(scale > 1e-9, scale, np.inf)
    features = (rated.tokens - centre) / scale / np.sqrt(rated.tokens.shape[1])
    left = rated.voted - np.clip(mapping.curve(rated.predicted), LOWEST, HIGHEST)
    dual = np.linalg.solve(features @ features.T + penalty * np.eye(len(left)), left - left.mean())
    weights = features.T @ dual / scale / np.sqrt(rated.tokens.shape[1])
    intercept = float(left.mean() - centre @ weights)
    limit = float(np.abs(rated.tokens @ weights + intercept).max())
    return replace(mapping, weights=tuple(weights.tolist()), intercept=intercept, limit=limit)


def check_fits(mapping: ScaleMapping, profile: str, revision: str) -> None:
    """Raises `ValueError` where a mapping belongs to another listener or another model than the one that rates."""
    if mapping.profile != profile:
        raise ValueError(f"The mapping was fitted to the {mapping.profile} listener's scores, not to {profile}'s.")
    revision = revision.split(f"-{MAPPED}")[0]
    if mapping.revision and revision and mapping.revision != revision:
        raise ValueError(
            f"The mapping was fitted to model revision {mapping.revision}, not to {revision}: fit it again (sqllm fit)."
        )
