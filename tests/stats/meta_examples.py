"""Studies for the tests of pooling: hypothesis strategies, extreme examples and dense textbook algebra."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

QUICK = settings(derandomize=True, max_examples=40, deadline=None)

# Rounded, so that no two studies differ by less than anything the code should notice.
EFFECT = st.integers(-3000, 3000).map(lambda n: n / 1000.0)
VARIANCE = st.integers(1, 2000).map(lambda n: n / 1000.0)


def meta_analyses(least: int = 2, most: int = 9) -> st.SearchStrategy[tuple[np.ndarray, np.ndarray]]:
    """Effects and variances of some studies."""
    study = st.tuples(EFFECT, VARIANCE)
    return st.lists(study, min_size=least, max_size=most).map(
        lambda rows: (np.array([y for y, _ in rows]), np.array([v for _, v in rows]))
    )


HETEROGENEOUS = (
    np.array([0.12, 0.55, -0.21, 0.83, 0.31, 0.02, 0.94]),
    np.array([0.02, 0.05, 0.03, 0.11, 0.008, 0.06, 0.2]),
)
HOMOGENEOUS = (np.array([0.50, 0.51, 0.49]), np.array([0.04, 0.05, 0.06]))

# Variances 24 orders of magnitude apart, alone and in pairs.
EXTREME = {
    "spread": ([1.0, 2.0, -1.0, 0.5], [1e-12, 1.0, 1e12, 1e-3]),
    "pairs": ([1.0, 1.5, 1.0, 5.0], [1e-12, 1e-12, 1e12, 1e12]),
    "one dominates": ([0.0, 1.0, 2.0, 3.0], [1e-12, 1e12, 1e12, 1e12]),
    "one is lost": ([0.3, 0.9, -0.4, 7.0], [0.01, 0.02, 0.01, 1e12]),
    "two scales": ([0.0, 1e-6, 3.0, 9.0], [1e-12, 1e-12, 1.0, 1.0]),
    "large": ([-1e8, 1e8, 3e7], [1.0, 2.0, 3.0]),
}


def projection(x: np.ndarray, v: np.ndarray, tau2: float) -> np.ndarray:
    """P = W - WX(X'WX)^-1 X'W as a k x k matrix."""
    w = np.diag(1.0 / (v + tau2))
    return w - w @ x @ np.linalg.inv(x.T @ w @ x) @ x.T @ w


def restricted_log_likelihood(y: np.ndarray, v: np.ndarray, tau2: float) -> float:
    """REML log-likelihood of the mean model, from its textbook formula."""
    w = 1.0 / (v + tau2)
    mean = (w * y).sum() / w.sum()
    return float(-0.5 * (np.log(v + tau2).sum() + np.log(w.sum()) + (w * (y - mean) ** 2).sum()))


def exact_reml_score(y: list[float], v: list[float], tau2: float) -> Fraction:
    """Twice the REML score of the mean model in rational arithmetic, without rounding."""
    w = [1 / (Fraction(vi) + Fraction(tau2)) for vi in v]
    total = sum(w)
    mean = sum(wi * Fraction(yi) for wi, yi in zip(w, y, strict=True)) / total
    squares = sum((wi * (Fraction(yi) - mean)) ** 2 for wi, yi in zip(w, y, strict=True))
    return squares - (total - sum(wi * wi for wi in w) / total)
