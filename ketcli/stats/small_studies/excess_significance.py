"""The test of excess significance: are more studies significant than their power lets expect?

Source: Ioannidis & Trikalinos (2007). The number of significant studies is a sum of k independent trials with
unequal chances, so its distribution is computed exactly for any k.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ketcli.stats import validate
from ketcli.stats.numeric import distributions
from ketcli.stats.results import Array

_HALVINGS = 200  # more than a bracket of doubles can take


@dataclass(frozen=True, eq=False)
class ExcessSignificance:
    """Observed against expected numbers of significant studies.

    Attributes:
        k, observed, expected, ratio: studies, significant ones, sum of their power, observed / expected.
        statistic: chi-square of the test "chi2", NaN for the exact test.
        p: one-sided p-value of at least as many significant studies.
        theta, tau2: true effect and between-study variance the power is computed at.
        limit: the effect at which `p` reaches `limit_alpha`; NaN when `p` is no smaller without effect.
        power: shape (k,).
    """

    k: int
    alpha: float
    alternative: str
    test: str
    observed: int
    expected: float
    ratio: float
    statistic: float
    p: float
    theta: float
    tau2: float
    limit: float
    limit_alpha: float
    power: Array
    notes: tuple[str, ...] = ()


def excess_significance(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    alpha: float = 0.05,
    alternative: str = "two-sided",
    theta: float | None = None,
    tau2: float = 0.0,
    test: str = "exact",
    limit_alpha: float = 0.10,
) -> ExcessSignificance:
    """Compare the number of significant studies with the number expected at the true effect.

    A study is significant when its z statistic reaches the critical value of `alpha` in the direction of
    `alternative` (greater, less, two-sided). `theta` is the true effect, by default the weighted mean with
    weights 1/(vi + tau2); with `tau2` > 0 the power is averaged over the normal distribution of true effects.
    `test` is "exact" or "chi2" (without continuity correction).
    """
    y, v = validate.effects(yi, vi)
    alpha, limit_alpha = validate.fraction("alpha", alpha), validate.fraction("limit_alpha", limit_alpha)
    validate.one_of("alternative", alternative, ("greater", "less", "two-sided"))
    validate.one_of("test", test, ("exact", "chi2"))
    if not (np.isfinite(tau2) and tau2 >= 0.0):
        raise ValueError(f"tau2 must be a finite number of at least 0, got {tau2}")
    if theta is not None and not np.isfinite(theta):
        raise ValueError(f"theta must be finite, got {theta}")
    w = 1.0 / (v + tau2)
    centre = float(w @ y / w.sum()) if theta is None else float(theta)
    observed = int(_significant(y / np.sqrt(v), alpha, alternative).sum())

    def p_at(effect: float) -> float:
        return _test(observed, _power(effect, v, tau2, alpha, alternative), test)[1]

    power = _power(centre, v, tau2, alpha, alternative)
    statistic, p = _test(observed, power, test)
    expected = float(power.sum())
    direction = {"greater": 1.0, "less": -1.0, "two-sided": 1.0 if centre >= 0.0 else -1.0}[alternative]
    limit = _limit(p_at, direction, abs(centre), limit_alpha)
    notes: tuple[str, ...] = ()
    if np.isnan(limit):
        notes += ("No more studies are significant than may be without any effect, so there is no limit.",)
    if expected == 0.0:
        notes += ("No study has any power at this effect, so observed / expected is undefined.",)
    return ExcessSignificance(
        k=y.size,
        alpha=alpha,
        alternative=alternative,
        test=test,
        observed=observed,
        expected=expected,
        ratio=observed / expected if expected > 0.0 else np.nan,
        statistic=statistic,
        p=p,
        theta=centre,
        tau2=float(tau2),
        limit=limit,
        limit_alpha=limit_alpha,
        power=power,
        notes=notes,
    )


def _critical(alpha: float, alternative: str) -> float:
    return float(distributions.normal_quantile(1.0 - (alpha / 2.0 if alternative == "two-sided" else alpha)))


def _significant(z: Array, alpha: float, alternative: str) -> Array:
    directed = {"greater": z, "less": -z, "two-sided": np.abs(z)}[alternative]
    return np.asarray(directed >= _critical(alpha, alternative), dtype=np.float64)


def _power(theta: float, v: Array, tau2: float, alpha: float, alternative: str) -> Array:
    """Return each study's chance to be significant: y ~ N(theta, v + tau2) beyond critical value times se."""
    spread = np.sqrt(v + tau2)
    bar = _critical(alpha, alternative) * np.sqrt(v)
    above = distributions.normal_cdf((theta - bar) / spread)
    below = distributions.normal_cdf((-theta - bar) / spread)
    return np.asarray({"greater": above, "less": below, "two-sided": above + below}[alternative])


def _test(observed: int, power: Array, test: str) -> tuple[float, float]:
    """Return chi-square and the one-sided p-value of at least `observed` successes.

    Chi-square is NaN for the exact test, which also stands in where every power is 0 or 1.
    """
    if test == "exact":
        return np.nan, _upper_tail(observed, power)
    k, expected = power.size, float(power.sum())
    variance = expected * (k - expected) / k
    if variance <= 0.0:
        return np.nan, _upper_tail(observed, power)
    z = (observed - expected) / float(np.sqrt(variance))
    return z**2, float(distributions.normal_cdf(-z))


def _upper_tail(observed: int, chances: Array) -> float:
    """Return P(S >= observed) for the sum S of independent trials with the given chances, by convolution."""
    if observed == 0:
        return 1.0
    pmf = np.ones(1)
    for chance in chances:
        pmf = np.append(pmf, 0.0) * (1.0 - chance) + np.append(0.0, pmf) * chance
    return min(1.0, float(pmf[observed:].sum()))


def _limit(p_at: Callable[[float], float], direction: float, size: float, alpha: float) -> float:
    """Return the effect, from zero in `direction`, at which the p-value rises to `alpha`; NaN if at zero.

    The p-value rises with the effect, since power does. `size` is where the search begins.
    """
    if p_at(0.0) >= alpha:
        return float("nan")
    low, high = 0.0, size or 1.0
    while p_at(direction * high) < alpha:
        low, high = high, 2.0 * high
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (low, middle) if p_at(direction * middle) >= alpha else (middle, high)
    return direction * high
