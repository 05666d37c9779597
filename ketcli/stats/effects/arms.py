"""Several arms of one study: put together, or kept apart with the covariance of effects that share a control."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ketcli.stats import validate
from ketcli.stats.results import Array


class Arm(NamedTuple):
    """Mean, standard deviation and size of one arm."""

    mean: float
    sd: float
    n: float


def combine_means(arms: Sequence[Arm]) -> Arm:
    """Return the arm that arms of different people make together (Cochrane Handbook, table 6.5.2.a).

    Its SD holds the spread within the arms and that of their means; NaN for one person. ValueError without arms.
    """
    if not arms:
        raise ValueError("no arms to combine")
    n = sum(arm.n for arm in arms)
    mean = sum(arm.n * arm.mean for arm in arms) / n
    squares = sum((arm.n - 1.0) * arm.sd**2 + arm.n * (arm.mean - mean) ** 2 for arm in arms)
    return Arm(mean, math.sqrt(squares / (n - 1.0)) if n > 1.0 else math.nan, n)


def shared_by_counts(measure: str, vi: ArrayLike, events: float, total: float) -> Array:
    """Return the covariance, shape (m, m), of m effects against one control arm of `events` in `total` people.

    `vi` is its diagonal; off it stands what the control adds to every effect: RD p(1 - p)/n, RR 1/x - 1/n, OR
    1/x + 1/(n - x), AS 1/(4n) (Gleser & Olkin 2009). For RR and OR, 0.5 is added to both cells of a control without
    events or with nothing else.
    """
    validate.one_of("measure", measure, ("RR", "OR", "RD", "AS"))
    x, n = float(events), float(total)
    if measure in ("RR", "OR") and x in (0.0, n):
        x, n = x + 0.5, n + 1.0
    if measure == "RR":
        added = 1.0 / x - 1.0 / n
    elif measure == "OR":
        added = 1.0 / x + 1.0 / (n - x)
    else:
        added = x * (n - x) / n**3 if measure == "RD" else 1.0 / (4.0 * n)
    return _with_diagonal(np.full((np.size(vi), np.size(vi)), added), vi)


def shared_by_means(
    measure: str, yi: ArrayLike, vi: ArrayLike, sizes: ArrayLike, control_sd: float, control_n: float
) -> Array:
    """Return the covariance, shape (m, m), of m mean differences `yi` against one control arm.

    `vi` is its diagonal and `sizes` the people of the m arms. Off it: MD sd²/n of the control, SMD
    1/n + g_i g_j/(2N) with N all people of the study (Gleser & Olkin 2009).
    """
    validate.one_of("measure", measure, ("MD", "SMD"))
    y = validate.vector("yi", yi)
    if measure == "MD":
        return _with_diagonal(np.full((y.size, y.size), control_sd**2 / control_n), vi)
    people = float(np.sum(sizes)) + control_n
    return _with_diagonal(1.0 / control_n + np.outer(y, y) / (2.0 * people), vi)


def _with_diagonal(matrix: Array, vi: ArrayLike) -> Array:
    np.fill_diagonal(matrix, validate.vector("vi", vi))
    return matrix
