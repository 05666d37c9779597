"""Pooling two-by-two tables without weights from estimated variances: Mantel-Haenszel's and Peto's methods.

a events and b others of n1 treated patients, c and d of n2 controls, N = n1 + n2; sums run over studies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ketcli.stats import validate
from ketcli.stats.effects import continuity
from ketcli.stats.effects.assembly import studies
from ketcli.stats.effects.continuity import Table
from ketcli.stats.effects.two_arm import two_arm_effects
from ketcli.stats.heterogeneity import i2_from_q
from ketcli.stats.pooled_line import COMMON_NOTE, pooled_line
from ketcli.stats.results import Array, Effects, Pooled
from ketcli.stats.tables.strata import FORMULAS, Mean, hypergeometric, only

MEASURES = ("OR", "RR", "RD")


def mantel_haenszel(
    measure: str,
    events1: ArrayLike,
    total1: ArrayLike,
    events2: ArrayLike,
    total2: ArrayLike,
    *,
    correction: float = 0.0,
    to: str = "only0",
    drop00: bool = False,
    level: float = 0.95,
) -> Pooled:
    """Return the Mantel-Haenszel odds ratio (OR), risk ratio (RR), both as logarithms, or risk difference (RD).

    Args:
        measure: OR, RR or RD.
        events1: events in the treated arm, shape (k,).
        total1: patients in the treated arm, shape (k,).
        events2: events in the control arm, shape (k,).
        total2: patients in the control arm, shape (k,).
        correction: number added to the cells of the tables that `to` names; 0, the default, is MH exact.
        to: only0, all, if0all or none, as in `continuity`.
        drop00: leave out tables without events, or with events in everyone, before anything is added. Without a
            correction neither moves the odds ratio; both pull the risk difference to 0, and events in everyone
            pull the risk ratio to 1.
        level: confidence level, 0-1.

    Variances: OR Robins, Breslow & Greenland (1986); RR Greenland & Robins (1985); RD Sato (1989). Q sums the
    squared distances of the studies' own effects (0.5 added to tables with a zero, uninformative tables left out)
    from the mean, in units of their variances, with one degree of freedom fewer than such effects; this, the
    weights and the test are as in metafor's rma.mh. NaN with a note where the counts leave the ratio without a
    finite logarithm. ValueError for counts that are missing or impossible.
    """
    formula = FORMULAS[validate.one_of("measure", measure, MEASURES)]
    validate.level(level)
    table = continuity.two_by_two(events1, total1, events2, total2)
    dull = continuity.no_events(table) | continuity.all_events(table)
    used = ~dull if drop00 else np.ones_like(dull)
    with_zeros = continuity.corrected(table, correction=correction, to=to, skip=dull if drop00 else None)
    if not used.any():
        mean = Mean(math.nan, math.nan, np.zeros(used.shape), NO_TABLE)
    else:
        mean = formula(only(with_zeros, used))
    weights = np.zeros(used.shape)
    weights[used] = _percent(mean.parts[: used.sum()])
    informative = used & ~_silent(measure, with_zeros)
    left_out = int((~informative).sum())
    notes = continuity.told(correction, to, with_zeros.corrected, "all four cells")
    if left_out:
        notes += (f"{studies(left_out).capitalize()} told nothing of the effect and took no part.",)
    own = two_arm_effects(measure, events1, total1, events2, total2)
    # a risk difference exists for tables without events too, but metafor's Q leaves them out for every measure
    effects = replace(own, yi=np.where(dull, np.nan, own.yi))
    return _line(_Summary("mh", measure, level, int(informative.sum()), mean, weights), effects, None, notes)


def peto(
    events1: ArrayLike, total1: ArrayLike, events2: ArrayLike, total2: ArrayLike, *, level: float = 0.95
) -> Pooled:
    """Return Peto's one-step log odds ratio: sum(a - E) / sum(V), variance 1/sum(V), weights V.

    E = (a + c) n1/N and V = (a + c)(b + d) n1 n2 / (N²(N - 1)) are the hypergeometric mean and variance (Yusuf et
    al. 1985). Good for rare events and arms of similar size with small effects; biased otherwise. Q as metafor's
    rma.peto. NaN with a note when one of the two outcomes never occurs.
    """
    validate.level(level)
    table = continuity.two_by_two(events1, total1, events2, total2)
    effects = two_arm_effects("PETO", events1, total1, events2, total2)
    above, v = hypergeometric(table)
    notes: tuple[str, ...] = ()
    k = int((v > 0.0).sum())
    if k < v.size:
        notes = (f"{studies(v.size - k).capitalize()} told nothing of the effect and took no part.",)
    if k == 0:
        mean = Mean(math.nan, math.nan, v, "One of the two outcomes never occurs: Peto's method has no estimate.")
        return _line(_Summary("peto", "", level, k, mean, np.zeros(v.shape)), effects, math.nan, notes)
    mean = Mean(float(above.sum() / v.sum()), float(1.0 / np.sqrt(v.sum())), v)
    some = v > 0.0
    q = float((above[some] ** 2 / v[some]).sum() - above[some].sum() ** 2 / v.sum())
    return _line(_Summary("peto", "", level, k, mean, _percent(v)), effects, max(q, 0.0), notes)


NO_TABLE = "No table has both events and non-events: there is nothing to pool."


def _silent(measure: str, t: Table) -> NDArray[np.bool_]:
    """Return which tables, as corrected, cannot move the estimate of `measure`."""
    if measure == "RD":
        return np.zeros(t.a.shape, dtype=np.bool_)
    bare = continuity.no_events(t)
    return bare | continuity.all_events(t) if measure == "OR" else bare


def _percent(parts: Array) -> Array:
    total = parts.sum()
    return 100.0 * parts / total if total > 0.0 else np.zeros_like(parts)


@dataclass(frozen=True)
class _Summary:
    model: str
    measure: str
    level: float
    k: int
    mean: Mean
    weights: Array


def _line(summary: _Summary, effects: Effects, q: float | None, notes: tuple[str, ...]) -> Pooled:
    """Return the pooled line; `q` None asks for the sum over the studies' own effects."""
    mean = summary.mean
    present = np.isfinite(effects.yi)
    df = float(present.sum() - 1)
    if df <= 0.0:
        q, df = 0.0, 0.0
    elif q is None:
        q = float(((effects.yi[present] - mean.estimate) ** 2 / effects.vi[present]).sum())
    i2, h2 = (math.nan, math.nan) if math.isnan(q) else i2_from_q(q, df)
    if mean.why:
        notes += (mean.why,)
    elif mean.se == 0.0:
        notes += ("Every arm has events in nobody or in everybody: the standard error is 0 and says nothing.",)
    if df <= 0.0 and not mean.why:
        notes += ("One study has an effect of its own: heterogeneity is not defined.",)
    return pooled_line(
        model=summary.model,
        method=summary.measure,
        test="z",
        level=summary.level,
        k=summary.k,
        estimate=mean.estimate,
        se=mean.se,
        df=math.inf,
        tau2=0.0,
        i2=i2,
        h2=h2,
        q=q,
        q_df=df,
        weights=summary.weights,
        notes=(*notes, COMMON_NOTE),
    )
