"""The measures, each described once, and the way back from their analysis scale to the natural one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ketcli.stats.results import Array
from ketcli.stats.validate import one_of, vector

Kind = Literal["proportion", "two-arm", "mean", "change", "generic"]

PFT_WARNING = (
    "The Freeman-Tukey double arcsine has no single way back: the result rests on the harmonic mean of the "
    "sample sizes and can mislead when these differ much (Schwarzer 2019); prefer a binomial-normal model."
)


@dataclass(frozen=True)
class Measure:
    """One effect measure. `code` is the one metafor uses.

    `ratio`: the natural scale is multiplicative and the analysis scale its logarithm. `null`: the value of no
    difference on the natural scale, NaN where there is none. `source`: who proposed the form used here.
    """

    code: str
    name: str
    kind: Kind
    ratio: bool
    null: float
    natural_unit: str
    source: str


def _measures() -> Mapping[str, Measure]:
    """Return every measure by its code, in the order people meet them."""
    rate, shift, sd = "proportion", "units of the outcome", "standard deviations"
    smd, smc = "standardised mean difference", "standardised mean change"
    none = float("nan")
    rows = (
        Measure("PLO", "logit proportion", "proportion", False, none, rate, "Stijnen 2010"),
        Measure("PLN", "log proportion", "proportion", False, none, rate, "Borenstein 2009"),
        Measure("PR", "raw proportion", "proportion", False, none, rate, "Fleiss 2003"),
        Measure("PAS", "arcsine proportion", "proportion", False, none, rate, "Anscombe 1948"),
        Measure("PFT", "double arcsine proportion", "proportion", False, none, rate, "Freeman-Tukey 1950"),
        Measure("RR", "risk ratio", "two-arm", True, 1.0, "ratio", "Katz 1978"),
        Measure("OR", "odds ratio", "two-arm", True, 1.0, "ratio", "Woolf 1955"),
        Measure("RD", "risk difference", "two-arm", False, 0.0, "difference of proportions", "Fleiss 2003"),
        Measure("AS", "arcsine difference", "two-arm", False, 0.0, "radians", "Rücker 2009"),
        Measure("PETO", "Peto odds ratio", "two-arm", True, 1.0, "ratio", "Yusuf 1985"),
        Measure("MD", "mean difference", "mean", False, 0.0, shift, "Borenstein 2009"),
        Measure("SMD", smd, "mean", False, 0.0, sd, "Hedges 1981"),
        Measure("SMDH", f"{smd}, unequal variances", "mean", False, 0.0, sd, "Bonett 2009"),
        Measure("SMD1", f"{smd}, control SD", "mean", False, 0.0, sd, "Glass 1976"),
        Measure("ROM", "ratio of means", "mean", True, 1.0, "ratio", "Hedges 1999"),
        Measure("MC", "mean change", "change", False, 0.0, shift, "Borenstein 2009"),
        Measure("SMCC", f"{smc}, SD of the change", "change", False, 0.0, sd, "Gibbons 1993"),
        Measure("SMCR", f"{smc}, SD before", "change", False, 0.0, sd, "Becker 1988"),
        Measure("SMCRH", f"{smc}, SD before, unequal variances", "change", False, 0.0, sd, "Bonett 2008"),
        Measure("GEN", "effect", "generic", False, 0.0, "as given", "as given"),
    )
    return MappingProxyType({row.code: row for row in rows})


MEASURES: Mapping[str, Measure] = _measures()


def measure(code: str) -> Measure:
    """Return the description of the measure `code`; ValueError names the choices for an unknown one."""
    return MEASURES[one_of("measure", code, tuple(MEASURES))]


def is_ratio(code: str) -> bool:
    """Return whether the natural scale of the measure is multiplicative (and its axis logarithmic)."""
    return measure(code).ratio


def null_value(code: str) -> float:
    """Return the value of no difference on the natural scale: 1 of a ratio, 0 of a difference, else NaN."""
    return measure(code).null


def display_name(code: str) -> str:
    """Return the name of the measure in words."""
    return measure(code).name


def to_natural(code: str, sizes: ArrayLike | None = None) -> Callable[[ArrayLike], Array]:
    """Return the function from the analysis scale of the measure `code` to its natural scale.

    The function keeps the shape of its argument, passes NaN through and never falls: interval ends stay in
    order. Proportions always come back within 0 and 1: values no proportion can give (a limit of a pooled raw
    or log proportion, an arcsine below 0) go to the nearest end. The arcsine difference has no natural scale
    and stays as it is. `sizes` are the sample sizes of the studies behind the value, needed for PFT alone.
    """
    described = measure(code)
    if code == "PFT":
        if sizes is None:
            raise ValueError("PFT needs the sample sizes of the studies to go back to proportions")
        n = harmonic_mean(sizes)
        return lambda values: inverse_double_arcsine(values, n)
    if code == "PLO":
        return _logistic
    if code == "PLN":
        return lambda values: np.exp(np.minimum(_floats(values), 0.0))
    if code == "PR":
        return lambda values: np.clip(_floats(values), 0.0, 1.0)
    if code == "PAS":
        return lambda values: np.square(np.sin(np.clip(_floats(values), 0.0, np.pi / 2.0)))
    if described.ratio:
        return lambda values: np.exp(_floats(values))
    return _floats


def harmonic_mean(sizes: ArrayLike) -> float:
    """Return the harmonic mean of positive sample sizes."""
    n = vector("sizes", sizes)
    if n.size == 0 or not (np.isfinite(n).all() and (n > 0).all()):
        raise ValueError("sizes must be one or more positive numbers")
    return float(1.0 / np.mean(1.0 / n))


def double_arcsine(events: ArrayLike, total: ArrayLike) -> Array:
    """Return the mean of asin sqrt(x/(n+1)) and asin sqrt((x+1)/(n+1)), in radians (Freeman & Tukey 1950)."""
    x, n = _floats(events), _floats(total)
    return 0.5 * (np.arcsin(np.sqrt(x / (n + 1.0))) + np.arcsin(np.sqrt((x + 1.0) / (n + 1.0))))


def inverse_double_arcsine(values: ArrayLike, n: ArrayLike) -> Array:
    """Return the proportions whose double arcsine at sample size `n` is `values` (Miller 1978).

    `values` and `n` broadcast. Values below that of 0/n or above that of n/n give 0 and 1. For a pooled value
    `n` is the harmonic mean of the sizes, a convention that misleads when they differ much (Schwarzer 2019).
    """
    t, size = _floats(values), _floats(n)
    bottom, top = double_arcsine(0.0, size), double_arcsine(size, size)
    inside = np.clip(t, bottom, top)
    s = np.sin(2.0 * inside)
    root = np.sqrt(np.maximum(1.0 - np.square(s + (s - 1.0 / s) / size), 0.0))
    p = 0.5 * (1.0 - np.sign(np.cos(2.0 * inside)) * root)
    return np.where(t <= bottom, 0.0, np.where(t >= top, 1.0, p))


def absolute_difference(code: str, values: ArrayLike, control_risk: float) -> Array:
    """Return the risk differences that risk or odds ratios mean for people with the risk `control_risk`.

    `values` are on the natural scale: RR gives p0 (RR - 1), cut where the risk would pass 1; OR and PETO give
    p0 OR / (1 - p0 + p0 OR) - p0; RD returns as it is. ValueError for any other measure.
    """
    one_of("measure", code, ("RR", "OR", "PETO", "RD"))
    if not 0.0 <= control_risk <= 1.0:
        raise ValueError(f"control_risk must lie between 0 and 1, got {control_risk}")
    effect, p0 = _floats(values), control_risk
    if code == "RD":
        return effect
    if code == "RR":
        return np.minimum(p0 * effect, 1.0) - p0
    if p0 in (0.0, 1.0):
        return np.zeros_like(effect)
    with np.errstate(divide="ignore"):
        return p0 / (p0 + (1.0 - p0) / effect) - p0


def _logistic(values: ArrayLike) -> Array:
    """Return 1/(1 + exp(-x)) without overflow."""
    x = _floats(values)
    e = np.exp(-np.abs(x))
    return np.where(x >= 0.0, 1.0, e) / (1.0 + e)


def _floats(values: ArrayLike) -> Array:
    """Return the values as a float array of the same shape."""
    return np.asarray(values, dtype=np.float64)
