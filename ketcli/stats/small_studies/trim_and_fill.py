"""Trim and fill: how many studies a lopsided funnel plot lacks, and the mean with mirror images added.

Sources: Duval & Tweedie (2000a, 2000b) for the estimators L0 and R0. The iteration, the choice of the side
and the order of equal distances follow R's metafor, so results can be compared with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ketcli.stats import validate
from ketcli.stats.numeric.line import fit_line
from ketcli.stats.pooling import common_effect, random_effects
from ketcli.stats.results import Array, Pooled
from ketcli.stats.tau2 import estimate_tau2

_MAX_ITERATIONS = 100
_ROUNDING = 1e-13  # distance from the centre, relative to the largest effect, that is no distance at all


@dataclass(frozen=True, eq=False)
class TrimFill:
    """The result of trim and fill.

    Attributes:
        k: studies observed.
        missing: estimated number of missing studies k0; None when the algorithm gives none (a note says why).
        missing_se: its standard error, NaN with None.
        missing_p: p-value of "no study is missing", defined for R0 alone.
        side: left or right, where studies are missing; low or high effects.
        estimator: L0 or R0.
        observed: the pooled result of the studies as they are.
        adjusted: the pooled result with the filled studies; None when `missing` is.
        filled_yi, filled_vi: effects and variances of the filled studies, shape (missing,).
    """

    k: int
    missing: int | None
    missing_se: float
    missing_p: float
    side: str
    estimator: str
    observed: Pooled
    adjusted: Pooled | None
    filled_yi: Array
    filled_vi: Array
    notes: tuple[str, ...] = ()


def trim_and_fill(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    model: str = "REML",
    estimator: str = "L0",
    side: str = "auto",
    test: str = "adhoc",
    level: float = 0.95,
) -> TrimFill:
    """Estimate the number of studies missing on one side of the funnel and pool with their mirror images.

    `model` is "common" or a tau² estimator of `random_effects` (REML, DL ...), used for trimming, filling and
    pooling alike; `test` is that of `random_effects` (a common-effect model uses z). `side` "auto" takes the
    side opposite to the slope of the effects on their standard errors.
    """
    y, v = validate.effects(yi, vi)
    validate.one_of("estimator", estimator, ("L0", "R0"))
    validate.one_of("side", side, ("auto", "left", "right"))
    level = validate.level(level)

    def pool(effects: Array, variances: Array) -> Pooled:
        if model == "common":
            return common_effect(effects, variances, level=level)
        return random_effects(effects, variances, tau2=model, test=test, level=level)

    observed = pool(y, v)
    notes: tuple[str, ...] = (
        "Trim and fill assumes that asymmetry comes from missing studies; differences between small and "
        "large studies produce it too. Read it as a sensitivity analysis.",
    )
    side, side_notes = (side, ()) if side != "auto" else _side(y, v, model)
    notes += side_notes
    if y.size < 3:
        notes += (f"Trim and fill needs at least three studies, not {y.size}.",)
        return _undefined(y.size, side, estimator, observed, notes)
    sign = -1.0 if side == "right" else 1.0
    order = np.argsort(sign * y, kind="stable")
    ordered, variances = sign * y[order], v[order]
    trimmed = _trim(ordered, variances, estimator, pool)
    if trimmed is None:
        notes += ("The trimming does not settle on a number of missing studies.",)
        return _undefined(y.size, side, estimator, observed, notes)
    missing, missing_se, centre = trimmed
    filled_yi = sign * (2.0 * centre - ordered[y.size - missing :])
    filled_vi = variances[y.size - missing :]
    adjusted = pool(np.concatenate([y, filled_yi]), np.concatenate([v, filled_vi])) if missing else observed
    return TrimFill(
        k=y.size,
        missing=missing,
        missing_se=missing_se,
        missing_p=0.5 ** (missing + 1) if estimator == "R0" else np.nan,
        side=side,
        estimator=estimator,
        observed=observed,
        adjusted=adjusted,
        filled_yi=filled_yi,
        filled_vi=filled_vi,
        notes=notes,
    )


def _undefined(k: int, side: str, estimator: str, observed: Pooled, notes: tuple[str, ...]) -> TrimFill:
    return TrimFill(
        k=k,
        missing=None,
        missing_se=np.nan,
        missing_p=np.nan,
        side=side,
        estimator=estimator,
        observed=observed,
        adjusted=None,
        filled_yi=np.empty(0),
        filled_vi=np.empty(0),
        notes=notes,
    )


def _side(y: Array, v: Array, model: str) -> tuple[str, tuple[str, ...]]:
    """Return the side that lacks studies: right when effects fall with the standard error, else left."""
    se = np.sqrt(v)
    line = fit_line(y, se, 1.0 / v, dispersion="one")
    if line is None:
        return "left", ("Side left by convention: the standard errors do not show which side lacks studies.",)
    if model != "common":
        between = estimate_tau2(y, v, model, X=np.column_stack([np.ones_like(se), se])).value
        line = fit_line(y, se, 1.0 / (v + between), dispersion="one") or line
    return ("right" if line.slope < 0.0 else "left"), ()


def _trim(
    y: Array, v: Array, estimator: str, pool: Callable[[Array, Array], Pooled]
) -> tuple[int, float, float] | None:
    """Return missing studies, their standard error and the trimmed centre; None when the iteration cycles.

    `y` is sorted upwards and the studies to trim are the largest ones. Each step pools what is left, ranks
    all distances from that centre (equal distances in the order of `y`) and estimates anew.
    """
    k = y.size
    missing, seen = 0, set()
    for _ in range(_MAX_ITERATIONS):
        seen.add(missing)
        centre = pool(y[: k - missing], v[: k - missing]).estimate
        distance = y - centre
        distance[np.abs(distance) <= _ROUNDING * np.abs(y).max()] = 0.0
        rank = np.empty(k)
        rank[np.argsort(np.abs(distance), kind="stable")] = np.arange(1.0, k + 1.0)
        estimate, se = (_l0 if estimator == "L0" else _r0)(distance, rank)
        previous, missing = missing, min(max(0, round(estimate)), k - 1)
        if missing == previous:
            return missing, se, centre
        if missing in seen:
            return None
    return None


def _l0(distance: Array, rank: Array) -> tuple[float, float]:
    """Return the estimator L0, unrounded, and its standard error (Duval & Tweedie 2000b)."""
    k = rank.size
    above = float(rank[distance > 0.0].sum())
    k0 = (4.0 * above - k * (k + 1.0)) / (2.0 * k - 1.0)
    polynomial = k * (k + 1.0) * (2.0 * k + 1.0) + 10.0 * k0**3 + 27.0 * k0**2 + 17.0 * k0
    polynomial += 6.0 * k**2 * k0 - 18.0 * k * k0**2 - 18.0 * k * k0
    return k0, 4.0 * float(np.sqrt(max(polynomial, 0.0) / 24.0)) / (2.0 * k - 1.0)


def _r0(distance: Array, rank: Array) -> tuple[float, float]:
    """Return the estimator R0, the run of highest ranks above the centre less one, and its standard error."""
    not_above = rank[distance <= 0.0]
    k0 = rank.size - float(not_above.max(initial=0.0)) - 1.0
    return k0, float(np.sqrt(2.0 * max(k0, 0.0) + 2.0))
