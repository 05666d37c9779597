"""Effects of means: of two arms (MD, SMD, ROM and kin), of change within a group, or given as they are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ketcli.stats import validate
from ketcli.stats.effects.assembly import assemble
from ketcli.stats.results import Array, Effects

VARIANCES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "MD": ("LS", "HO"),
        "SMD": ("LS", "LS2", "UB", "RevMan"),
        "SMDH": ("LS",),
        "SMD1": ("LS", "LS2", "UB"),
        "ROM": ("LS", "HO"),
    }
)
CHANGES = ("MC", "SMCC", "SMCR", "SMCRH")
CORRECTIONS = ("exact", "approx", "none")


class Group(NamedTuple):
    """Means, standard deviations and sizes of one arm (or one time) in k studies, each of shape (k,)."""

    mean: Array
    sd: Array
    n: Array


def mean_effects(
    measure: str,
    m1: ArrayLike,
    sd1: ArrayLike,
    n1: ArrayLike,
    m2: ArrayLike,
    sd2: ArrayLike,
    n2: ArrayLike,
    *,
    variance: str = "LS",
    correction: str = "exact",
) -> Effects:
    """Return effects of the means of arm 1 against arm 2 in k studies; ROM is on the log scale.

    MD: m1 - m2; variance LS (each arm its own SD) or HO (pooled SD).
    SMD: J(m) (m1 - m2)/pooled SD, m = n1 + n2 - 2; variance LS 1/n1 + 1/n2 + g^2/(2N), LS2
    J^2 (1/n1 + 1/n2 + d^2/(2N)) (Borenstein 2009), UB unbiased (Hedges 1983), RevMan
    1/n1 + 1/n2 + g^2/(2(N - 3.94)), which goes with the approximate J.
    SMDH: the standardiser is the root of the mean of both variances (Bonett 2009).
    SMD1: the standardiser is the SD of arm 2, m = n2 - 1 (Glass 1976).
    ROM: ln(m1/m2), variance the sum of both sd^2/(n m^2) (Hedges 1999); HO pools the SD.
    All but RevMan's as the escalc of metafor 5 (older ones differ in SMDH and ROM).

    `correction` of the small-sample bias of the standardised forms: exact (gamma functions, Hedges 1981),
    approx (1 - 3/(4m - 1)), none. ROM gets half the difference of both sd^2/(n m^2) added (Lajeunesse 2015,
    equation 8) unless it is none. A study without an effect stays as a row of NaN with the reason in
    `excluded`: SDs of zero, too few people to standardise, means of different sign for ROM. ValueError for
    missing numbers, negative SDs and groups below 1.
    """
    allowed = VARIANCES[validate.one_of("measure", measure, tuple(VARIANCES))]
    validate.one_of("variance", variance, allowed)
    validate.one_of("correction", correction, CORRECTIONS)
    if variance == "UB" and correction != "exact":
        raise ValueError("the unbiased variance (UB) goes with the exact correction alone")
    one, two = _group(m1=m1, sd1=sd1, n1=n1), _group(m2=m2, sd2=sd2, n2=n2)
    validate.same_length(m1=one.mean, m2=two.mean)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        if measure == "MD":
            yi, vi = one.mean - two.mean, _of_shift(one, two, variance)
        elif measure == "ROM":
            yi, vi = _ratio_of_means(one, two, variance, correction)
        elif measure == "SMDH":
            yi, vi = _bonett(one, two, correction)
        else:
            yi, vi = _standardised(measure, one, two, variance, correction)
    reason = {
        "MD": "no spread in either arm",
        "ROM": "the means have not the same sign, or there is no spread",
    }.get(measure, "no spread, or too few people to standardise")
    return assemble(measure, yi, vi, one.n + two.n, reasons=_unusable(yi, vi, reason))


def change_effects(
    measure: str,
    post: ArrayLike,
    pre: ArrayLike,
    sd_post: ArrayLike,
    sd_pre: ArrayLike,
    n: ArrayLike,
    r: ArrayLike,
    *,
    variance: str = "LS",
    correction: str = "exact",
) -> Effects:
    """Return effects of the change post - pre within a group of n people in k studies; r is the correlation.

    MC: the change itself. SMCC: over the SD of the change. SMCR: over the SD before, variance
    2(1 - r)/n + g^2/(2n) (Becker 1988). SMCRH: as SMCR with both SDs in the variance (Bonett 2008). The
    standardised forms are multiplied by J(n - 1); `variance` LS2 (SMCC, SMCR) has J^2 and the uncorrected
    effect in it. A fall has a negative sign. As metafor's escalc with post first (SMCRH: from its version 4.6 on).

    A study without an effect stays as a row of NaN with the reason in `excluded`. ValueError for missing
    numbers, negative SDs, n below 1, |r| above 1.
    """
    validate.one_of("measure", measure, CHANGES)
    validate.one_of("variance", variance, ("LS", "LS2") if measure in ("SMCC", "SMCR") else ("LS",))
    validate.one_of("correction", correction, CORRECTIONS)
    after, before = _group(post=post, sd_post=sd_post, n=n), _group(pre=pre, sd_pre=sd_pre, n=n)
    rho = _finite("r", r)
    validate.same_length(post=after.mean, r=rho)
    if (np.abs(rho) > 1.0).any():
        raise ValueError(f"r must lie between -1 and 1 (study {int(np.argmax(np.abs(rho) > 1.0)) + 1})")
    size, shift = after.n, after.mean - before.mean
    j = bias_correction(size - 1.0, "none" if measure == "MC" else correction)
    of_change = np.maximum(after.sd**2 + before.sd**2 - 2.0 * rho * after.sd * before.sd, 0.0)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        if measure == "MC":
            yi, vi = shift, of_change / size
        elif measure == "SMCRH":
            yi = j * shift / before.sd
            vi = (of_change / before.sd**2 + yi**2 / 2.0) / (size - 1.0)
        elif measure == "SMCC":
            d = shift / np.sqrt(of_change)
            yi, vi = j * d, _with_effect(1.0 / size, d, size, j, variance)
        else:
            d = shift / before.sd
            yi, vi = j * d, _with_effect(2.0 * (1.0 - rho) / size, d, size, j, variance)
    reason = "no spread in the change" if measure == "MC" else "no spread, or too few people to standardise"
    return assemble(measure, yi, vi, size, reasons=_unusable(yi, vi, reason))


def generic_effects(yi: ArrayLike, vi: ArrayLike, ni: ArrayLike | None = None) -> Effects:
    """Return effects and variances given as they are; `ni` are total sample sizes where known.

    A missing effect or variance, or a variance of zero, leaves a row of NaN with the reason in `excluded`.
    ValueError for negative variances and infinite numbers.
    """
    y, v = validate.vector("yi", yi), validate.vector("vi", vi)
    k = validate.same_length(yi=y, vi=v)
    if np.isinf(y).any() or np.isinf(v).any():
        raise ValueError("yi and vi must not be infinite")
    if (v < 0.0).any():
        raise ValueError(f"variances must not be negative (study {int(np.argmax(v < 0.0)) + 1})")
    sizes = np.full(k, np.nan) if ni is None else validate.vector("ni", ni)
    validate.same_length(yi=y, ni=sizes)
    missing = np.isnan(y) | np.isnan(v)
    return assemble("GEN", y, v, sizes, reasons=["effect or variance missing" if gone else "" for gone in missing])


def bias_correction(df: ArrayLike, correction: str = "exact") -> Array:
    """Return Hedges' J, by which a standardised difference with `df` degrees of freedom is multiplied.

    exact: Gamma(m/2) / (sqrt(m/2) Gamma((m-1)/2)) (Hedges 1981), NaN for m <= 1; approx: 1 - 3/(4m - 1), NaN
    for m <= 1 too; none: 1.
    """
    validate.one_of("correction", correction, CORRECTIONS)
    m = np.asarray(df, dtype=np.float64)
    if correction == "none":
        return np.ones_like(m)
    safe = np.where(m > 1.0, m, np.nan)
    if correction == "approx":
        return 1.0 - 3.0 / (4.0 * safe - 1.0)
    return np.array([_exact_j(value) for value in safe.ravel().tolist()]).reshape(m.shape)


def _exact_j(m: float) -> float:
    """Return Gamma(m/2) / (sqrt(m/2) Gamma((m-1)/2)); NaN stays NaN.

    From m = 100 on by the asymptotic series of the ratio (Tricomi & Erdelyi 1951), whose first term left out is
    below 1e-17; a difference of two log-gammas would lose digits there.
    """
    if m <= 100.0 or math.isnan(m):
        return math.gamma(m / 2.0) / (math.sqrt(m / 2.0) * math.gamma((m - 1.0) / 2.0))
    z = (m - 1.0) / 2.0
    series = -1.0 / (8.0 * z) + 1.0 / (192.0 * z**3) - 1.0 / (640.0 * z**5) + 17.0 / (14336.0 * z**7)
    return math.sqrt((m - 1.0) / m) * math.exp(series)


def _of_shift(one: Group, two: Group, variance: str) -> Array:
    """Return the variance of a difference of means."""
    if variance == "HO":
        return _pooled_variance(one, two) * (1.0 / one.n + 1.0 / two.n)
    return one.sd**2 / one.n + two.sd**2 / two.n


def _ratio_of_means(one: Group, two: Group, variance: str, correction: str) -> tuple[Array, Array]:
    """Return the log ratio of means and its variance; NaN unless the means have the same sign."""
    square1, square2 = one.sd**2, two.sd**2
    if variance == "HO":
        square1 = square2 = _pooled_variance(one, two)
    yi = np.log(np.where(one.mean * two.mean > 0.0, one.mean / two.mean, np.nan))
    part1, part2 = square1 / (one.n * one.mean**2), square2 / (two.n * two.mean**2)
    if correction != "none":
        yi = yi + 0.5 * (part1 - part2)
    return yi, part1 + part2


def _standardised(measure: str, one: Group, two: Group, variance: str, correction: str) -> tuple[Array, Array]:
    """Return SMD or SMD1 and its variance."""
    if measure == "SMD1":
        m, spread, people = two.n - 1.0, two.sd, two.n
    else:
        people = one.n + two.n
        m, spread = people - 2.0, np.sqrt(_pooled_variance(one, two))
    j, d, first = bias_correction(m, correction), (one.mean - two.mean) / spread, 1.0 / one.n + 1.0 / two.n
    g = j * d
    if variance == "UB":
        return g, first + (1.0 - (m - 2.0) / (m * j**2)) * g**2
    if variance == "RevMan":
        return g, first + g**2 / (2.0 * (people - 3.94))
    return g, _with_effect(first, d, people, j, variance)


def _bonett(one: Group, two: Group, correction: str) -> tuple[Array, Array]:
    """Return SMDH and its variance (Bonett 2009)."""
    square1, square2 = one.sd**2, two.sd**2
    both, j = square1 + square2, bias_correction(one.n + two.n - 2.0, correction)
    g = j * (one.mean - two.mean) / np.sqrt(both / 2.0)
    of_spread = g**2 * (square1**2 / (one.n - 1.0) + square2**2 / (two.n - 1.0)) / (2.0 * both**2)
    of_means = 2.0 * (square1 / (one.n - 1.0) + square2 / (two.n - 1.0)) / both
    return g, of_spread + of_means


def _with_effect(first: Array, d: Array, n: Array, j: Array, variance: str) -> Array:
    """Return first + g^2/(2n) (LS), or J^2 (first + d^2/(2n)) (LS2)."""
    if variance == "LS":
        return first + (j * d) ** 2 / (2.0 * n)
    return j**2 * (first + d**2 / (2.0 * n))


def _pooled_variance(one: Group, two: Group) -> Array:
    """Return the pooled variance of two arms."""
    return ((one.n - 1.0) * one.sd**2 + (two.n - 1.0) * two.sd**2) / (one.n + two.n - 2.0)


def _group(**columns: ArrayLike) -> Group:
    """Return three named columns, mean, SD and size, as a group; ValueError for impossible numbers."""
    arrays = {name: _finite(name, values) for name, values in columns.items()}
    validate.same_length(**arrays)
    (_, _), (sd_name, sd), (n_name, n) = arrays.items()
    if (sd < 0.0).any():
        raise ValueError(f"{sd_name} must not be negative (study {int(np.argmax(sd < 0.0)) + 1})")
    if (n < 1.0).any():
        raise ValueError(f"{n_name} must be at least 1 (study {int(np.argmax(n < 1.0)) + 1})")
    return Group(*arrays.values())


def _finite(name: str, values: ArrayLike) -> Array:
    """Return the values as a vector of finite numbers."""
    array = validate.vector(name, values)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} is missing or infinite (study {int(np.argmax(~np.isfinite(array))) + 1})")
    return array


def _unusable(yi: Array, vi: Array, reason: str) -> list[str]:
    """Return `reason` for every study without a finite effect and a positive variance, "" for the others."""
    usable = np.isfinite(yi) & np.isfinite(vi) & (vi > 0.0)
    return ["" if fine else reason for fine in usable]
