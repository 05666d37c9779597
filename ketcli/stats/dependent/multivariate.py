"""The mean of effects that depend on each other, by generalised least squares with their covariance."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ketcli.stats import validate
from ketcli.stats.dependent.multilevel import TESTS, extent, problem_of, three_level
from ketcli.stats.dependent.robust import robust_cr2
from ketcli.stats.dependent.variance_components import weighted
from ketcli.stats.heterogeneity import i2_from_q
from ketcli.stats.pooled_line import COMMON_NOTE, pooled_line
from ketcli.stats.results import Pooled

MODELS = ("random", "common")


def multivariate_effects(
    yi: ArrayLike,
    V: ArrayLike,
    cluster: Sequence[object],
    *,
    model: str = "random",
    test: str = "cr2",
    level: float = 0.95,
    prediction: str = "V",
) -> Pooled:
    """Return the mean of k effects of which those in one cluster depend on each other.

    Args:
        yi: effects, shape (k,).
        V: their covariance, shape (k, k), zero between clusters (`covariance`), or variances, shape (k,).
        cluster: k labels, usually the study.
        model: random, with variances between and within clusters by REML (`multilevel.three_level`), or common.
        test: cr2 (cluster-robust, right even where V is a guess: the default), t (clusters - 1) or z.
        level: confidence level, 0-1.
        prediction: rule of the prediction interval under random: V, HTS or z.

    Q uses the covariance: it is y'Py at V. Weights are shares in the mean and may be negative.
    """
    validate.one_of("model", model, MODELS)
    validate.one_of("test", test, TESTS)
    if model == "random":
        return three_level(yi, V, cluster, test=test, level=level, prediction=prediction).pooled
    return _common(yi, V, cluster, test, level)


def _common(yi: ArrayLike, V: ArrayLike, cluster: Sequence[object], test: str, level: float) -> Pooled:
    """Return the line of one true effect: weights V^-1."""
    problem = problem_of(yi, V, cluster, None)
    # heterogeneity of zero on top of V; the call also refuses a singular V
    mean = robust_cr2(yi, None, V, cluster, level=level)
    at = weighted(problem, np.zeros(2))
    k, count = problem.groups.number.size, problem.groups.count
    q = max(at.quadratic, 0.0)
    i2, h2 = i2_from_q(q, k - 1.0)
    shares = problem.groups.spread(at.wx[:, :, 0])
    robust = test == "cr2"
    notes = (extent(k, count), *(mean.notes if robust else ()), COMMON_NOTE)
    if k == 1:
        notes += ("One effect: heterogeneity is not defined.",)
    return pooled_line(
        model="common",
        method="GLS",
        test=test,
        level=level,
        k=k,
        estimate=float(at.beta[0]),
        se=float(mean.se[0]) if robust else math.sqrt(float(at.inverse[0, 0])),
        df=float(mean.df[0]) if robust else {"t": count - 1.0, "z": math.inf}[test],
        tau2=0.0,
        i2=i2,
        h2=h2,
        q=q,
        q_df=k - 1.0,
        weights=100.0 * shares / shares.sum(),
        notes=notes,
    )
