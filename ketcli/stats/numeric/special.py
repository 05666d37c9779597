"""Incomplete gamma and beta functions and their inverses for single numbers, in plain Python.

A command that pools a dozen studies needs a handful of these values; importing scipy.special for them would
cost more than everything else it does. Large arrays go to SciPy (see `distributions`), and a test holds the
two against each other.

Sources: Abramowitz & Stegun (1964), 6.5.29 (series of the incomplete gamma), 6.5.31 (its continued fraction),
26.5.8 (continued fraction of the incomplete beta); fractions by the modified method of Lentz (1976).
"""

from __future__ import annotations

import math
from collections.abc import Callable

_TINY = 1e-300
_EPS = 1e-16
_STEPS = 20_000


def normal_lower(x: float) -> float:
    """Return P(Z <= x) for a standard normal Z."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def normal_inverse(p: float) -> float:
    """Return z with P(Z <= z) = p: a rational start (A&S 26.2.23), then Halley steps to the last digit."""
    if not 0.0 < p < 1.0:
        return math.nan if not 0.0 <= p <= 1.0 else math.copysign(math.inf, p - 0.5)
    tail = min(p, 1.0 - p)
    t = math.sqrt(-2.0 * math.log(tail))
    top = 2.515517 + t * (0.802853 + t * 0.010328)
    z = t - top / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
    for _ in range(4):
        error = tail - normal_lower(-z)
        step = error / (math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi))
        z -= step / (1.0 + 0.5 * z * step)
    return z if p > 0.5 else -z


def _lentz(first: float, term: Callable[[int], tuple[float, float]]) -> float:
    """Evaluate first + a1/(b1 + a2/(b2 + ...)) with term(i) = (a_i, b_i)."""
    value = first or _TINY
    c, d = value, 0.0
    for i in range(1, _STEPS):
        a, b = term(i)
        d = 1.0 / ((b + a * d) or _TINY)
        c = (b + a / c) or _TINY
        factor = c * d
        value *= factor
        if abs(factor - 1.0) < _EPS:
            break
    return value


def gamma_upper(a: float, x: float) -> float:
    """Return the regularised upper incomplete gamma function Q(a, x), a > 0, x >= 0."""
    if x <= 0.0:
        return 1.0
    if math.isinf(x):
        return 0.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1.0:
        return 1.0 - front * _gamma_series(a, x)
    return front / _lentz(x + 1.0 - a, lambda i: (-i * (i - a), x + 2.0 * i + 1.0 - a))


def gamma_lower(a: float, x: float) -> float:
    """Return the regularised lower incomplete gamma function P(a, x), a > 0, x >= 0."""
    if x <= 0.0:
        return 0.0
    if x < a + 1.0:
        return math.exp(a * math.log(x) - x - math.lgamma(a)) * _gamma_series(a, x)
    return 1.0 - gamma_upper(a, x)


def _gamma_series(a: float, x: float) -> float:
    total = term = 1.0 / a
    for i in range(1, _STEPS):
        term *= x / (a + i)
        total += term
        if term < total * _EPS:
            break
    return total


def beta_lower(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b), a, b > 0, 0 <= x <= 1."""
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    if x < (a + 1.0) / (a + b + 2.0):
        return math.exp(log_front) / (a * _beta_fraction(a, b, x))
    return 1.0 - math.exp(log_front) / (b * _beta_fraction(b, a, 1.0 - x))


def _beta_fraction(a: float, b: float, x: float) -> float:
    def term(i: int) -> tuple[float, float]:
        m = i // 2
        if i % 2 == 0:
            return m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m)), 1.0
        return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0)), 1.0

    return _lentz(1.0, term)


def _invert(cdf: Callable[[float], float], p: float, low: float, high: float) -> float:
    """Return x in [low, high] with cdf(x) = p for an increasing cdf: Illinois steps kept by bisection."""
    f_low, f_high = cdf(low) - p, cdf(high) - p
    side = 0
    for step in range(400):
        width = high - low
        if width <= 4e-16 * max(abs(low), abs(high)) or f_low == 0.0:
            break
        x = high - f_high * width / (f_high - f_low) if f_high != f_low else 0.5 * (low + high)
        if step % 4 == 3 or not low < x < high:
            x = 0.5 * (low + high)
        f = cdf(x) - p
        if f == 0.0:
            return x
        if f < 0.0:
            low, f_low = x, f
            f_high = f_high * 0.5 if side < 0 else f_high
            side = -1
        else:
            high, f_high = x, f
            f_low = f_low * 0.5 if side > 0 else f_low
            side = 1
    return 0.5 * (low + high)


def gamma_inverse(a: float, p: float) -> float:
    """Return x with P(a, x) = p; 0 and infinity at the ends."""
    if p <= 0.0:
        return 0.0
    if p >= 1.0:
        return math.inf
    high = a + 1.0
    while gamma_lower(a, high) < p:
        high *= 2.0
    return _invert(lambda x: gamma_lower(a, x), p, 0.0, high)


def beta_inverse(a: float, b: float, p: float) -> float:
    """Return x with I_x(a, b) = p; 0 and 1 at the ends."""
    if p <= 0.0 or p >= 1.0:
        return 0.0 if p <= 0.0 else 1.0
    return _invert(lambda x: beta_lower(a, b, x), p, 0.0, 1.0)
