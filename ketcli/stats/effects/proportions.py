"""Effects of single-arm counts: raw, log, logit, arcsine and double arcsine proportions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ketcli.stats import validate
from ketcli.stats.effects import continuity
from ketcli.stats.effects.assembly import assemble
from ketcli.stats.effects.transforms import PFT_WARNING, double_arcsine
from ketcli.stats.results import Array, Effects

MEASURES = ("PLO", "PLN", "PR", "PAS", "PFT")
UNCORRECTED = ("PAS", "PFT")


def proportion_effects(
    measure: str,
    events: ArrayLike,
    total: ArrayLike,
    *,
    correction: float = 0.5,
    to: str = "only0",
    correct_effect: bool = True,
) -> Effects:
    """Return proportions x/n of k studies on the analysis scale of `measure` with sampling variances.

    PLO: ln(x/(n-x)), 1/x + 1/(n-x). PLN: ln(x/n), 1/x - 1/n. PR: x/n, p(1-p)/n. PAS: asin sqrt(x/n), 1/(4n).
    PFT: Freeman & Tukey's double arcsine, 1/(4n+2). All as metafor's escalc.

    `correction` is added to events and to non-events where `to` says (only0, all, if0all, none; zero means no
    or all events). The arcsine forms are defined everywhere and never corrected. With `correct_effect` false
    the correction enters the variance alone. A study left without a finite effect or with variance zero stays
    as a row of NaN with the reason in `excluded`. ValueError for counts that are missing or impossible.
    """
    validate.one_of("measure", measure, MEASURES)
    x, n = validate.counts(events, total)
    added = continuity.amount(correction)
    where = continuity.chosen((x == 0) | (x == n), "none" if measure in UNCORRECTED else to)
    validate.one_of("to", to, continuity.TO)
    add = np.where(where, added, 0.0)
    xv, nv = x + add, n + 2.0 * add
    xy, ny = (xv, nv) if correct_effect else (x, n)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        yi, vi = _effect(measure, xy, ny), _variance(measure, xv, nv)
    marked = add > 0.0
    notes = continuity.told(correction, to, marked, "events and non-events")
    return assemble(
        measure,
        yi,
        vi,
        n,
        reasons=[_reason(*row) for row in zip(yi, vi, x, strict=True)],
        corrected=marked,
        notes=notes + ((PFT_WARNING,) if measure == "PFT" else ()),
    )


def _effect(measure: str, x: Array, n: Array) -> Array:
    """Return the transformed proportions."""
    if measure == "PLO":
        return np.log(x / (n - x))
    if measure == "PLN":
        return np.log(x / n)
    if measure == "PR":
        return x / n
    return np.arcsin(np.sqrt(x / n)) if measure == "PAS" else double_arcsine(x, n)


def _variance(measure: str, x: Array, n: Array) -> Array:
    """Return the sampling variances of the transformed proportions."""
    if measure == "PLO":
        return 1.0 / x + 1.0 / (n - x)
    if measure == "PLN":
        return 1.0 / x - 1.0 / n
    if measure == "PR":
        return x * (n - x) / n**3
    return 1.0 / (4.0 * n) if measure == "PAS" else 1.0 / (4.0 * n + 2.0)


def _reason(y: float, v: float, x: float) -> str:
    """Return why a proportion of 0 or 1 has no usable effect, "" for any other."""
    if np.isfinite(y) and np.isfinite(v) and v > 0.0:
        return ""
    found = "no events" if x == 0 else "events in everyone"
    return f"{found} and no correction, so the " + ("variance is zero" if np.isfinite(y) else "effect is infinite")
