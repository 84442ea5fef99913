"""How far a mapping can be trusted: ITU-T P.1401's figures on clips and conditions that it was not fitted to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from sqllm.listeners.mapping import RatedClips, ScaleMapping, fit_mapping

DRAWS = 1000
SURE_R = 0.5  # the lower end of r's interval from which an order is worth anything
GOOD_R = 0.8


@dataclass(frozen=True)
class Figure:
    """A figure with its 95% interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class Agreement:
    """Predictions against votes over `count` clips or conditions (ITU-T P.1401): Pearson's `r`, `rmse`, the RMSE
    of what lies outside the votes' 95% intervals (`rmse_star`), and the share of `outliers`, those that lie outside.
    The last two are None where the votes' intervals aren't known.
    """

    count: int
    r: Figure
    rmse: Figure
    rmse_star: Figure | None
    outliers: Figure | None

    def cells(self) -> str:
        """The figures as cells of a table."""
        return " | ".join("-" if figure is None else str(figure) for figure in self._figures())

    def _figures(self) -> Iterator[Figure | None]:
        yield from (self.r, self.rmse, self.rmse_star, self.outliers)


def agreement(rated: RatedClips, predicted: np.ndarray, seed: int = 0) -> Agreement:
    """How predictions [clips] agree with the votes; intervals by drawing anew what is held out together (conditions, or
    clips where there are few), with replacement.

    `rmse_star` divides by the count of clips: what is held out has cost no degrees of freedom.
    """
    groups = rated.groups()
    members = [np.flatnonzero(groups == group) for group in range(groups.max() + 1)]
    rng = np.random.default_rng(seed)
    rows = [np.arange(len(rated))]
    rows += [np.concatenate([members[g] for g in rng.integers(0, len(members), len(members))]) for _ in range(DRAWS)]
    found = np.array([_figures(predicted[r], rated.voted[r], rated.margin[r]) for r in rows])  # [1 + draws, 4]
    known = np.isfinite(rated.margin).all()
    figures = []
    for column in found.T:
        drawn = column[1:][np.isfinite(column[1:])]
        low, high = np.quantile(drawn, [0.025, 0.975]) if len(drawn) else (np.nan, np.nan)
        figures.append(Figure(float(column[0]), float(low), float(high)))
    r, rmse, rmse_star, outliers = figures
    return Agreement(len(rated), r, rmse, rmse_star if known else None, outliers if known else None)


def _figures(predicted: np.ndarray, voted: np.ndarray, margin: np.ndarray) -> tuple[float, float, float, float]:
    error = np.abs(predicted - voted)
    spread = predicted.std() * voted.std()
    r = float(np.mean((predicted - predicted.mean()) * (voted - voted.mean())) / spread) if spread > 1e-12 else np.nan
    beyond = np.clip(error - margin, 0, None)
    rmse, star = (float(np.sqrt(np.mean(np.square(x)))) for x in (error, beyond))
    return r, rmse, star, float(np.mean(error > margin))


@dataclass(frozen=True)
class FitReport:
    """A mapping fitted to all rated clips, and what its way of fitting is worth: agreement of the scores as they come
    (`before`) and of held-out clips mapped by what the others say (`after`), per clip and, with four conditions or
    more, per condition.
    """

    mapping: ScaleMapping
    before: Agreement
    after: Agreement
    conditions_before: Agreement | None
    conditions_after: Agreement | None

    def trust(self) -> str:
        """A sentence on whether to use it."""
        before, after, what = self.before, self.after, "clips"
        if self.conditions_before and self.conditions_after:
            before, after, what = self.conditions_before, self.conditions_after, "conditions"
        r, rmse = after.r, after.rmse
        if not r.low >= SURE_R:
            return (
                f"Don't trust it yet: on held-out {what} r is {r.value:.2f} and may be as low as {r.low:.2f}; have "
                "more clips voted on, over more of the scale."
            )
        if rmse.value >= before.rmse.value:
            return (
                f"Leave it out: the scores as they come are as near the votes on held-out {what} (RMSE "
                f"{before.rmse.value:.2f}) as mapped ones ({rmse.value:.2f})."
            )
        firmly = "Trust it" if r.low >= GOOD_R else "Trust it with care"
        return (
            f"{firmly} on material like this: mapped scores of held-out {what} are {rmse.value:.2f} MOS from the votes "
            f"(RMSE; 95% {rmse.low:.2f} to {rmse.high:.2f}), before {before.rmse.value:.2f}, and r is {r.value:.2f} "
            f"({r.low:.2f} to {r.high:.2f})."
        )

    def lines(self) -> list[str]:
        """The mapping in words and a Markdown table of the figures."""
        mapping = self.mapping
        terms = " ".join(
            f"{c:+.3f}" + (f" x^{k}" if k > 1 else " x" if k else "") for k, c in enumerate(mapping.coefficients)
        )
        ridge = " plus what the audio adds (ridge)" if mapping.weights else ""
        rows = {
            "clips, as they come": self.before,
            "clips, mapped": self.after,
            "conditions, as they come": self.conditions_before,
            "conditions, mapped": self.conditions_after,
        }
        table = [f"| {name} | {row.count} | {row.cells()} |" for name, row in rows.items() if row]
        return [
            f"Order {mapping.order}{ridge}: votes = {terms}, fitted to {mapping.clips} clips.",
            "",
            "| held out | n | r | RMSE | RMSE* | outliers |",
            "| --- | ---: | --- | --- | --- | --- |",
            *table,
            "",
            self.trust(),
        ]

    def about(self) -> dict[str, Any]:
        """What the mapping's file says of it."""
        agreements = {
            "clips_before": self.before,
            "clips_after": self.after,
            "conditions_before": self.conditions_before,
            "conditions_after": self.conditions_after,
        }
        return {"trust": self.trust()} | {name: one and _finite(asdict(one)) for name, one in agreements.items()}


def _finite(value: Any) -> Any:
    """Numbers for JSON: rounded, None where there is none."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, float):
        return round(value, 4) if np.isfinite(value) else None
    return value


def fit_report(rated: RatedClips) -> FitReport:
    """Fit a mapping and hold it to account by cross-validation: all that is chosen is chosen anew without each fold.

    Raises `ValueError` as `fit_mapping` does.
    """
    mapping = fit_mapping(rated)
    held = np.empty(len(rated))
    for fold in rated.folds():
        test = rated.chosen(fold)
        held[fold] = fit_mapping(rated.chosen(~fold)).predict(test.predicted, test.tokens)
    after = agreement(rated, held)
    mapping = replace(mapping, error=after.rmse.value)
    if not rated.by_condition:
        return FitReport(mapping, agreement(rated, rated.predicted), after, None, None)
    return FitReport(
        mapping,
        agreement(rated, rated.predicted),
        after,
        agreement(*condition_means(rated, rated.predicted)),
        agreement(*condition_means(rated, held)),
    )


def condition_means(rated: RatedClips, predicted: np.ndarray) -> tuple[RatedClips, np.ndarray]:
    """The conditions as if each were a clip, and the predictions [clips] of them."""
    names, index = np.unique(rated.condition, return_inverse=True)
    counts = np.bincount(index)
    voted, own, mean = (np.bincount(index, x) / counts for x in (rated.voted, rated.predicted, predicted))
    margin = np.sqrt(np.bincount(index, np.square(rated.margin))) / counts
    return RatedClips(own, voted, margin, names), mean
