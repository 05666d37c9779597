"""One pooled line from a sample by any of the models, and the lines that stand beside the first."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ketcli.errors import InputError
from ketcli.summaries.pool.plan import MH_MEASURES, Plan
from ketcli.summaries.pool.sample import Sample

if TYPE_CHECKING:
    from ketcli.stats.heterogeneity import HeterogeneityIntervals
    from ketcli.stats.results import Array, Interval, Pooled

NAMES = MappingProxyType(
    {
        "random": "Random effects",
        "common": "Common effect",
        "mh": "Mantel-Haenszel",
        "peto": "Peto's method",
        "glmm": "Mixed model",
        "three-level": "Three-level model",
    }
)
_HINT = "look for a slip in an effect or its error; a change of unit can help"
# Rare events, for which Peto's method is good, and arms of about the same size (Handbook 10.4.4.1).
RARE = 0.01
BALANCED = 1.5


@dataclass(frozen=True, eq=False)
class Line:
    """One pooled line; `pooled` is on the analysis scale of `measure`, its weights in the sample's order.

    `interval` are the limits of tau², `i2_interval` those of I², None where undefined; `within` and `between`
    the variances within and between clusters. `sizes` are those of the studies, for the double arcsine's way back.
    """

    pooled: Pooled
    measure: str
    name: str
    interval: HeterogeneityIntervals | None = None
    i2_interval: Interval | None = None
    within: float = math.nan
    between: float = math.nan
    clusters: int = 0
    sizes: Array | None = None


def fit(sample: Sample, plan: Plan, model: str = "") -> Line | None:
    """Return the pooled line by `model` (the plan's by default); None when no trial can take part.

    Models of counts take every complete trial, the others those with an effect; weights of the others are 0.
    Raises InputError for numbers that cannot be computed with.
    """
    model = model or plan.model
    try:
        match model:
            case "glmm" | "mh" | "peto":
                return _by_counts(sample, plan, model) if sample.k else None
            case "three-level":
                return _three_level(sample, plan)
            case _:
                return _inverse_variance(sample, plan, model)
    except ValueError as error:  # numbers beyond the reach of the arithmetic
        raise InputError(f"the studies cannot be pooled: {error}", code="not-computable", hint=_HINT) from None


def lead(sample: Sample, plan: Plan) -> Line | None:
    """Return the line of the plan's model: the answer."""
    return fit(sample, plan)


def beside(sample: Sample, plan: Plan) -> list[Line]:
    """Return the lines to compare the answer with, [] when the user chose a model.

    Proportions: inverse variance of logits. Two arms: Mantel-Haenszel, and when a cell is zero the mixed model, and
    Peto's method where events are rarer than 1 % and arms of similar size. Three-level: Student's t for CR2. Two
    studies: the common effect.
    """
    if "model" in plan.typed or sample.k < 2:
        return []
    lines: list[Line | None] = []
    if plan.model == "glmm" and plan.measure == "PLO":
        line = fit(sample, replace(plan, test=_iv_test(plan)), "random")
        lines.append(line and replace(line, name="Logits, inverse variance"))
    elif plan.model == "random" and plan.measure in MH_MEASURES:
        lines.append(fit(sample, plan, "mh"))
        if sample.has_zero and plan.measure != "RD":
            odds = replace(plan, measure="OR", test="t" if plan.glmm_test == "t" else "z")
            lines.append(fit(replace(sample, measure="OR"), odds, "glmm"))
            if _rare(sample):
                lines.append(fit(replace(sample, measure="PETO"), replace(plan, measure="PETO"), "peto"))
    elif plan.model == "three-level" and plan.test == "cr2":
        lines.append(fit(sample, replace(plan, test="t")))
    if plan.model == "random" and sample.present.sum() == 2:
        lines.append(fit(sample, plan, "common"))
    return [line for line in lines if line is not None]


def to_natural(line: Line, plan: Plan) -> Callable[[ArrayLike], Array]:
    """Return the function from the line's analysis scale to the scale that the plan shows."""
    return natural_scale(line.measure, plan, line.sizes)


def natural_scale(measure: str, plan: Plan, sizes: Array | None = None) -> Callable[[ArrayLike], Array]:
    """Return the function from a measure's analysis scale to the scale that the plan shows."""
    from ketcli.stats.effects.transforms import to_natural as back

    if not plan.natural:
        return lambda values: np.asarray(values, dtype=np.float64)
    if measure == "GEN" and plan.ratio:
        return back("RR")
    return back(measure, sizes) if measure == "PFT" else back(measure)


def _iv_test(plan: Plan) -> str:
    """Return the test of an inverse-variance line beside a mixed model: the default, or the preset's normal one."""
    return "z" if plan.glmm_test == "z" and plan.style else "adhoc"


def _inverse_variance(sample: Sample, plan: Plan, model: str) -> Line | None:
    from ketcli.stats.heterogeneity import q_profile
    from ketcli.stats.pooling import common_effect, random_effects

    used = sample.present
    if not used.any():
        return None
    yi, vi = sample.yi[used], sample.vi[used]
    if model == "common":
        pooled = common_effect(yi, vi, level=plan.level)
    elif plan.mh_q and plan.tau2 == "DL" and plan.measure in MH_MEASURES:
        from ketcli.stats.tables.mantel_haenszel_random import mantel_haenszel_random

        a, n1, c, n2 = (column[used] for column in sample.counts)
        pooled = mantel_haenszel_random(
            plan.measure, yi, vi, (a, n1, c, n2), correction=plan.mh_correction, level=plan.level
        )
    else:
        pooled = random_effects(
            yi,
            vi,
            tau2=plan.tau2,
            test=plan.test,
            level=plan.level,
            prediction="V" if plan.prediction == "none" else plan.prediction,
            i2=plan.i2,
        )
    interval = q_profile(yi, vi, level=plan.level)
    share = _share_interval(pooled, plan) if model == "common" or plan.i2 == "q" else interval.i2
    pooled = _spread(pooled, used, plan)
    return Line(pooled, sample.measure, NAMES[model], interval, share, sizes=_sizes(sample))


def _by_counts(sample: Sample, plan: Plan, model: str) -> Line:
    prediction = plan.prediction if plan.prediction in ("V", "HTS", "z") else "V"
    if model == "mh":
        from ketcli.stats.tables.mantel_haenszel import mantel_haenszel

        # a correction must not make tables without events say that there is no effect
        drop00 = plan.mh_correction > 0.0 and plan.measure != "RD"
        pooled = mantel_haenszel(
            plan.measure,
            *sample.counts,
            correction=plan.mh_correction,
            to=plan.where,
            drop00=drop00,
            level=plan.level,
        )
    elif model == "peto":
        from ketcli.stats.tables.mantel_haenszel import peto

        pooled = peto(*sample.counts, level=plan.level)
    elif len(sample.counts) == 2:
        from ketcli.stats.mixed.glmm_proportion import glmm_proportion

        pooled = glmm_proportion(*sample.counts, test=plan.test, level=plan.level, prediction=prediction)
    else:
        from ketcli.stats.mixed.glmm_two_arm import glmm_two_arm

        pooled = glmm_two_arm(*sample.counts, test=plan.test, level=plan.level, prediction=prediction)
    everyone = np.ones(sample.k, dtype=np.bool_)
    share = None if model == "glmm" else _share_interval(pooled, plan)
    return Line(_spread(pooled, everyone, plan), sample.measure, NAMES[model], i2_interval=share)


def _three_level(sample: Sample, plan: Plan) -> Line | None:
    from ketcli.stats.dependent.multilevel import three_level

    used = sample.present
    if not used.any() or sample.cluster is None:
        return None
    cluster = [label for label, here in zip(sample.cluster, used, strict=True) if here]
    variances = sample.vi[used] if sample.covariance is None else sample.covariance[np.ix_(used, used)]
    result = three_level(
        sample.yi[used],
        variances,
        cluster,
        test=plan.test,
        level=plan.level,
        prediction=plan.prediction if plan.prediction in ("V", "HTS", "z") else "V",
    )
    name = f"{NAMES['three-level']}, {'CR2' if plan.test == 'cr2' else plan.test}"
    return Line(
        _spread(result.pooled, used, plan),
        sample.measure,
        name,
        within=result.variances.within,
        between=result.variances.between,
        clusters=result.variances.clusters,
        sizes=_sizes(sample),
    )


def _share_interval(pooled: Pooled, plan: Plan) -> Interval | None:
    """Return the test-based limits of an I² that comes from Q; None where it is not defined."""
    from ketcli.stats.heterogeneity import i2_test_based

    if not pooled.q_df >= 2.0 or math.isnan(pooled.q):
        return None
    return i2_test_based(pooled.q, pooled.q_df, level=plan.level)


def _spread(pooled: Pooled, used: NDArray[np.bool_], plan: Plan) -> Pooled:
    """Return the line with weights for the whole sample, without a prediction interval where none is wanted."""
    weights = np.zeros(used.size)
    weights[used] = pooled.weights
    if plan.prediction == "none":
        notes = tuple(note for note in pooled.notes if "prediction interval" not in note or "One study" in note)
        return replace(pooled, weights=weights, pi_low=math.nan, pi_high=math.nan, notes=notes)
    return replace(pooled, weights=weights)


def _sizes(sample: Sample) -> Array | None:
    sizes = sample.ni[sample.present]
    return sizes if sizes.size and np.isfinite(sizes).all() else None


def _rare(sample: Sample) -> bool:
    """Return whether events are rare and the arms of similar size, so that Peto's method can be trusted."""
    a, n1, c, n2 = (float(column.sum()) for column in sample.counts)
    return (a + c) / (n1 + n2) < RARE and max(n1, n2) / min(n1, n2) < BALANCED
