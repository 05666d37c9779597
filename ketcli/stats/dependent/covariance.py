"""Covariance of effects that share patients: arms compared with one control, outcomes of one study.

The part of a variance that comes from the control arm is common to all comparisons with it (Gleser & Olkin
2009): RD p(1 - p)/n, lnRR 1/c - 1/n, lnOR 1/c + 1/d = 1/(n p (1 - p)), arcsine 1/(4n), MD s²/n,
SMD 1/n + g_i g_j/(2N), with c of the n control patients having the event, p = c/n and d = n - c.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ketcli.stats import validate
from ketcli.stats.effects import continuity
from ketcli.stats.effects.continuity import Table
from ketcli.stats.effects.two_arm import two_arm_effects
from ketcli.stats.numeric.blocks import clusters
from ketcli.stats.results import Array

MEASURES = ("RR", "OR", "RD", "AS")


def correlated_effects(vi: ArrayLike, cluster: Sequence[object], rho: float) -> Array:
    """Return V (k, k) with the variances `vi` and correlation `rho` between effects of one cluster, 0 otherwise.

    `rho` lies in [0, 1): a working guess at how outcomes or times of the same patients go together.
    """
    v = validate.vector("vi", vi)
    if not (np.isfinite(v).all() and (v > 0.0).all()):
        raise ValueError("vi must be positive finite numbers")
    if not 0.0 <= rho < 1.0:
        raise ValueError(f"rho must be at least 0 and below 1, got {rho}")
    covariance = rho * np.sqrt(np.outer(v, v)) * _together(cluster, v.size)
    np.fill_diagonal(covariance, v)
    return np.asarray(covariance)


def shared_control_covariance(
    measure: str,
    events1: ArrayLike,
    total1: ArrayLike,
    events2: ArrayLike,
    total2: ArrayLike,
    shared: Sequence[object],
    *,
    correction: float | str = 0.5,
    to: str = "only0",
    drop00: bool = True,
) -> Array:
    """Return V (k, k) of the effects `two_arm_effects` gives for the same arguments; its diagonal is their `vi`.

    Args:
        measure: RR, OR, RD or AS.
        events1: events in each active arm, shape (k,).
        total1: patients in each active arm, shape (k,).
        events2: events in the control arm it was compared with, shape (k,).
        total2: patients in that control arm, shape (k,).
        shared: k labels; equal labels mean one and the same control arm.
        correction: as for `two_arm_effects`.
        to: as for `two_arm_effects`.
        drop00: as for `two_arm_effects`.

    Where a correction went to one comparison and not to another with the same control, their covariance is the
    geometric mean of what the two control arms give, which keeps V a covariance matrix. Comparisons without an
    effect have rows and columns of NaN. ValueError when rows with one label have different control arms.
    """
    validate.one_of("measure", measure, MEASURES)
    correction = 0.0 if measure == "AS" else correction
    effects = two_arm_effects(
        measure, events1, total1, events2, total2, correction=correction, to=to, drop00=drop00
    )
    table = continuity.two_by_two(events1, total1, events2, total2)
    together = _together(shared, table.a.size)
    alike = (table.c[:, None] == table.c) & (table.d[:, None] == table.d)
    if (together & ~alike).any():
        row = int(np.argmax((together & ~alike).any(axis=1)))
        raise ValueError(f"rows that share the control of row {row + 1} have other control counts")
    missing = ~np.isfinite(effects.yi)
    used = continuity.corrected(table, correction=correction, to=to, skip=missing)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(missing, np.nan, _control_part(measure, used))
    covariance = np.sqrt(np.outer(part, part))
    covariance = np.where(together | missing | missing[:, None], covariance, 0.0)
    np.fill_diagonal(covariance, effects.vi)
    return np.asarray(covariance)


def shared_control_means(
    vi: ArrayLike,
    control_total: ArrayLike,
    shared: Sequence[object],
    *,
    control_sd: ArrayLike | None = None,
    yi: ArrayLike | None = None,
    total: ArrayLike | None = None,
) -> Array:
    """Return V (k, k) of mean differences (give `control_sd`) or standardised ones (give `yi` and `total`).

    Args:
        vi: variances of the effects, shape (k,).
        control_total: patients in the control arm of each, shape (k,).
        shared: k labels; equal labels mean one and the same control arm.
        control_sd: standard deviation of that arm, for mean differences.
        yi: the standardised differences g.
        total: N, patients in all arms of the study, for standardised differences.
    """
    v, n = validate.vector("vi", vi), validate.vector("control_total", control_total)
    k = validate.same_length(vi=v, control_total=n)
    if not (np.isfinite(v).all() and np.isfinite(n).all() and (v > 0.0).all() and (n > 0.0).all()):
        raise ValueError("vi and control_total must be positive finite numbers")
    if control_sd is not None:
        part = validate.vector("control_sd", control_sd) / np.sqrt(n)
        validate.same_length(vi=v, control_sd=part)
        covariance = np.outer(part, part)
    elif yi is None or total is None:
        raise ValueError("give control_sd for mean differences, or yi and total for standardised ones")
    else:
        g, whole = validate.vector("yi", yi), validate.vector("total", total)
        validate.same_length(vi=v, yi=g, total=whole)
        covariance = np.sqrt(np.outer(1.0 / n, 1.0 / n)) + np.outer(g, g) / (2.0 * np.sqrt(np.outer(whole, whole)))
    covariance = np.where(_together(shared, k), covariance, 0.0)
    np.fill_diagonal(covariance, v)
    return np.asarray(covariance)


def _together(labels: Sequence[object], k: int) -> NDArray[np.bool_]:
    """Return which pairs of effects have equal labels, shape (k, k)."""
    number = clusters(labels, k).number
    return np.asarray(number[:, None] == number)


def _control_part(measure: str, t: Table) -> Array:
    """Return the control arm's part of each variance."""
    if measure == "RR":
        return t.d / (t.c * t.n2)
    if measure == "OR":
        return 1.0 / t.c + 1.0 / t.d
    if measure == "RD":
        return t.c * t.d / t.n2**3
    return 1.0 / (4.0 * t.n2)
