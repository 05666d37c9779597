"""Estimators of the between-study variance tau², for one meta-analysis or many.

REML and ML: every local maximum of the (restricted) likelihood is found and the highest taken. PM (the same
equation as EB), and the closed forms DL, HE, HS, SJ. Formulas with a design: Viechtbauer, López-López,
Sánchez-Meca & Marín-Martínez 2015 (Psychological Methods 20:360); for the mean alone, Veroniki et al. 2016
(Research Synthesis Methods 7:55).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ketcli.stats import least_squares as ls
from ketcli.stats import validate
from ketcli.stats.design import orthonormal
from ketcli.stats.numeric.roots import Rows, falling_roots
from ketcli.stats.results import Array
from ketcli.stats.studies import Studies

METHODS = ("REML", "ML", "DL", "PM", "EB", "SJ", "HS", "HE")

# One study enters the score through 1/(v + tau²), a step about a decade and a half wide on the log scale:
# five points to a decade cannot jump over a maximum that stands out.
POINTS_PER_DECADE = 5
MOST_POINTS = 400
# Below a thirtieth of the smallest variance the score is a straight line in tau².
FINEST = 1.0 / 30.0
CHUNK = 400_000


@dataclass(frozen=True)
class Tau2:
    """tau² with its asymptotic standard error (NaN when undefined) and how it was reached."""

    value: float
    se: float
    iterations: int
    converged: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Tau2Many:
    """tau² of B meta-analyses: arrays of shape (B,); `maxima` counts local maxima of the likelihood."""

    value: Array
    se: Array
    iterations: int
    converged: NDArray[np.bool_]
    maxima: NDArray[np.intp]


def estimate_tau2(yi: ArrayLike, vi: ArrayLike, method: str, X: ArrayLike | None = None) -> Tau2:
    """Estimate tau² of effects `yi` with sampling variances `vi` around a mean or a design X.

    `yi` and `vi` have shape (k,), X (k, p), with its own column of ones for an intercept. `method` is one
    of METHODS. With no degrees of freedom (k = 1, or k = p) tau² is 0 and a note says so.
    """
    validate.one_of("tau2", method, METHODS)
    y, v = validate.effects(yi, vi)
    columns = None if X is None else orthonormal(X, k=y.size).columns
    studies = ls.arrange(y[None, :], v[None, :], columns)
    return single(solve(studies, method), studies, method)


def single(many: Tau2Many, studies: Studies, method: str) -> Tau2:
    """Return the first of many solutions, with the notes a reader needs."""
    notes: list[str] = []
    if studies.df[0] <= 0:
        k = int(studies.k[0])
        what = "one study" if k == 1 else f"{k} studies and as many coefficients"
        notes.append(f"tau² cannot be estimated from {what}; it is taken as 0.")
    notes += remarks(method, many.converged, many.maxima)
    return Tau2(float(many.value[0]), float(many.se[0]), many.iterations, bool(many.converged[0]), tuple(notes))


def remarks(method: str, converged: NDArray[np.bool_], maxima: NDArray[np.intp]) -> list[str]:
    """Say in sentences what is unusual about one solution, or how many of several are unusual."""
    several = f" in {{}} of {converged.size} fits" if converged.size > 1 else ""
    notes = []
    if not converged.all():
        where = several.format(int((~converged).sum()))
        notes.append(f"The {method} estimate of tau² did not reach its tolerance{where}.")
    if (maxima > 1).any():
        name = "restricted likelihood" if method == "REML" else "likelihood"
        where = several.format(int((maxima > 1).sum()))
        notes.append(f"The {name} has more than one local maximum in tau²{where}; the highest was taken.")
    return notes


def solve(studies: Studies, method: str) -> Tau2Many:
    """Estimate tau² of B arranged meta-analyses by one of METHODS; NaN where the design is singular."""
    b = studies.k.size
    value, se = np.zeros(b), np.full(b, np.nan)
    value[studies.singular] = np.nan
    converged, maxima = np.ones(b, dtype=bool), np.ones(b, dtype=np.intp)
    rows = np.flatnonzero((studies.df > 0) & ~studies.singular)
    iterations = 0
    if rows.size:
        part = studies if rows.size == b else studies.take(rows)
        if method in ("REML", "ML"):
            value[rows], iterations, converged[rows], maxima[rows] = _maximise(part, method == "REML")
            se[rows] = _likelihood_se(part, value[rows], method == "REML")
        elif method in ("PM", "EB"):
            value[rows], iterations, converged[rows] = where_q_equals(part, part.df)
            se[rows] = _paule_mandel_se(part, value[rows])
        else:
            value[rows], se[rows] = _CLOSED[method](part)
    return Tau2Many(value, se, iterations, converged, maxima)


def log_likelihood(studies: Studies, tau2: Array, *, restricted: bool) -> Array:
    """Return the (restricted) log-likelihood at `tau2`, shape (B,), without constants free of tau²."""
    fit = ls.weighted_fit(studies, tau2)
    logs = np.log(studies.vi + tau2[:, None])
    if studies.present is not None:
        logs = np.where(studies.present, logs, 0.0)
    total = logs.sum(axis=1) + ls.q_statistic(fit)
    return np.asarray(-0.5 * (total + ls.log_determinant(fit) if restricted else total))


def score(fit: ls.Fit, *, restricted: bool) -> Array:
    """Return the derivative of the (restricted) log-likelihood in tau², shape (B,)."""
    expected = ls.trace(fit) if restricted else fit.weights.sum(axis=1)
    return np.asarray(0.5 * (ls.q_slope(fit) - expected))


def where_q_equals(studies: Studies, target: Array) -> tuple[Array, int, NDArray[np.bool_]]:
    """Return the tau² at which the generalised Q y'Py equals `target` (> 0), 0 where it never does.

    Q falls and is convex in tau², and 1/Q is nearly straight: Newton on 1/Q from the left never overshoots.
    At tau² = S / target, S the unweighted residual sum of squares, Q is below the target: no cap is needed.
    """
    zero = np.zeros_like(target)
    value, converged = zero.copy(), np.ones(target.shape, dtype=bool)
    above = np.flatnonzero(ls.q_statistic(ls.weighted_fit(studies, zero)) > target)
    if not above.size:
        return value, 0, converged
    part, wanted = studies.take(above), target[above]
    high = ls.dot(part.yi, part.yi) / wanted

    def evaluate(tau2: Array, rows: Rows) -> tuple[Array, Array]:
        fit = ls.weighted_fit(part.take(rows), tau2)
        q, goal = ls.q_statistic(fit), wanted[rows]
        return q - goal, (q / goal - 1.0) * q / ls.q_slope(fit)

    roots = falling_roots(evaluate, zero[above], high, zero[above], _smallest_variance(part))
    value[above], converged[above] = roots.value, roots.converged
    return value, roots.iterations, converged


def _smallest_variance(studies: Studies) -> Array:
    v = studies.vi if studies.present is None else np.where(studies.present, studies.vi, np.inf)
    return np.asarray(v.min(axis=1))


def _largest_variance(studies: Studies) -> Array:
    v = studies.vi if studies.present is None else np.where(studies.present, studies.vi, 0.0)
    return np.asarray(v.max(axis=1))


def score_bound(studies: Studies) -> Array:
    """Return a tau², shape (B,), beyond which both likelihoods only fall.

    With S the unweighted residual sum of squares, y'PPy <= S/(tau² + min v)² and
    tr P >= (k - p)/(tau² + max v).
    """
    df, s = studies.df, ls.dot(studies.yi, studies.yi)
    return np.asarray((s + np.sqrt(s * s + 4.0 * df * s * _largest_variance(studies))) / (2.0 * df))


def _maximise(studies: Studies, restricted: bool) -> tuple[Array, int, NDArray[np.bool_], NDArray[np.intp]]:
    """Return the tau² of the highest maximum, iterations, convergence and the number of maxima per row."""
    row, low, high = _brackets(studies, restricted)
    inner = np.flatnonzero(high > 0.0)
    candidate, fine, iterations = np.zeros(row.size), np.ones(row.size, dtype=bool), 0
    if inner.size:
        part = studies.take(row[inner])

        def evaluate(tau2: Array, rows: Rows) -> tuple[Array, Array]:
            fit = ls.weighted_fit(part.take(rows), tau2)
            slope = score(fit, restricted=restricted)
            square = ls.trace_square(fit) if restricted else ls.dot(fit.weights, fit.weights)
            bend = 0.5 * square - ls.q_curvature(fit)
            step = np.full(slope.shape, np.nan)
            np.divide(-slope, bend, out=step, where=bend < 0.0)
            return slope, step

        start = np.where(low[inner] > 0.0, np.sqrt(low[inner] * high[inner]), 0.5 * high[inner])
        roots = falling_roots(evaluate, low[inner], high[inner], start, _smallest_variance(part))
        candidate[inner], fine[inner], iterations = roots.value, roots.converged, roots.iterations
    count = np.bincount(row, minlength=studies.k.size)
    level = np.zeros(row.size)
    rival = np.flatnonzero(count[row] > 1)
    if rival.size:
        level[rival] = log_likelihood(studies.take(row[rival]), candidate[rival], restricted=restricted)
    order = np.lexsort((-candidate, level, row))
    best = order[np.cumsum(count) - 1]
    return candidate[best], iterations, fine[best], count


def _brackets(studies: Studies, restricted: bool) -> tuple[Rows, Array, Array]:
    """Return one row number and bracket per local maximum; the bracket 0..0 stands for a maximum at 0."""
    b, k = studies.yi.shape
    top = score_bound(studies)
    bottom = np.minimum(FINEST * _smallest_variance(studies), top)
    with np.errstate(invalid="ignore", divide="ignore"):
        decades = np.where(bottom > 0.0, np.log10(top / bottom), 0.0)
    points = int(min(MOST_POINTS, 2 + np.ceil(POINTS_PER_DECADE * decades.max(initial=0.0))))
    share = np.linspace(0.0, 1.0, points)
    grid = np.zeros((b, points + 1))
    grid[:, 1:] = bottom[:, None] * 10.0 ** (share * decades[:, None])
    slope = np.empty_like(grid)
    size = max(1, CHUNK // (k * (points + 1)))
    for first in range(0, b, size):
        some: Rows = np.arange(first, min(b, first + size))
        part = studies.take(np.repeat(some, points + 1))
        slope[some] = score(ls.weighted_fit(part, grid[some].ravel()), restricted=restricted).reshape(
            some.size, points + 1
        )
    rising = slope > 0.0
    # By the bound the last point cannot rise but for rounding.
    rising[:, -1] = False
    at_zero = np.flatnonzero(~rising[:, 0])
    row, cell = np.nonzero(rising[:, :-1] & ~rising[:, 1:])
    none = np.zeros(at_zero.size)
    return (
        np.concatenate((at_zero, row)),
        np.concatenate((none, grid[row, cell])),
        np.concatenate((none, grid[row, cell + 1])),
    )


def _likelihood_se(studies: Studies, tau2: Array, restricted: bool) -> Array:
    """Return the standard error from the expected information: tr(PP)/2 (REML) or sum w²/2 (ML)."""
    fit = ls.weighted_fit(studies, tau2)
    square = ls.trace_square(fit) if restricted else ls.dot(fit.weights, fit.weights)
    return np.asarray(np.sqrt(2.0 / square))


def _paule_mandel_se(studies: Studies, tau2: Array) -> Array:
    total = ls.weighted_fit(studies, tau2).weights.sum(axis=1)
    return np.asarray(np.sqrt(2.0 * studies.k**2 / studies.df) / total)


def _der_simonian_laird(studies: Studies) -> tuple[Array, Array]:
    fit = ls.weighted_fit(studies, np.zeros_like(studies.k))
    trace = ls.trace(fit)
    tau2 = np.maximum((ls.q_statistic(fit) - studies.df) / trace, 0.0)
    variance = 2.0 * studies.df + 4.0 * tau2 * trace + 2.0 * tau2**2 * ls.trace_square(fit)
    return tau2, np.sqrt(variance) / trace


def _hunter_schmidt(studies: Studies) -> tuple[Array, Array]:
    fit = ls.weighted_fit(studies, np.zeros_like(studies.k))
    total = fit.weights.sum(axis=1)
    tau2 = np.maximum((ls.q_statistic(fit) - studies.k) / total, 0.0)
    variance = 2.0 * studies.df + 4.0 * tau2 * ls.trace(fit) + 2.0 * tau2**2 * ls.trace_square(fit)
    return tau2, np.sqrt(variance) / total


def _hedges(studies: Studies) -> tuple[Array, Array]:
    fit, df = ls.unweighted_fit(studies), studies.df
    trace = ls.trace(fit, studies.vi)
    tau2 = np.maximum((ls.q_statistic(fit) - trace) / df, 0.0)
    variance = 2.0 * ls.trace_square(fit, studies.vi, studies.vi) + 4.0 * tau2 * trace + 2.0 * tau2**2 * df
    return tau2, np.sqrt(variance) / df


def _sidik_jonkman(studies: Studies) -> tuple[Array, Array]:
    first = studies.scatter
    fit, df = ls.weighted_fit(studies, first), studies.df
    tau2 = first * ls.q_statistic(fit) / df
    variance = (
        2.0 * ls.trace_square(fit, studies.vi, studies.vi)
        + 4.0 * tau2 * ls.trace_square(fit, studies.vi)
        + 2.0 * tau2**2 * ls.trace_square(fit)
    )
    return tau2, first * np.sqrt(variance) / df


_CLOSED = {
    "DL": _der_simonian_laird,
    "HS": _hunter_schmidt,
    "HE": _hedges,
    "SJ": _sidik_jonkman,
}
