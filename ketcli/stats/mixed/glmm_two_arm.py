"""Pooled odds ratio from mixed models with exact likelihoods: no continuity correction, zero cells welcome.

Study i has the log odds ratio theta + tau u_i, u_i ~ N(0, 1). Three ways to treat its baseline risk (Stijnen, Hamza
& Özdemir 2010; Jackson, Law, Stijnen, Viechtbauer & White 2018), named as in metafor's rma.glmm:

    UM.FS  binomial arms, a fixed intercept for every study (Jackson's model 2, 4 by the coding)
    UM.RS  binomial arms, normal random intercepts (models 3 and 5), independent of the effect
    CM.EL  the treated events given both margins: non-central hypergeometric, no baseline at all (model 7)
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
from ketcli.stats.heterogeneity import cochran_q
from ketcli.stats.mixed import glmm_result
from ketcli.stats.mixed.glmm_families import Binomial, Hypergeometric
from ketcli.stats.mixed.glmm_fit import Fit, fit, study_covariance
from ketcli.stats.mixed.glmm_likelihood import Model
from ketcli.stats.mixed.glmm_result import Estimates, HeterogeneityTests, Options
from ketcli.stats.results import Pooled
from ketcli.stats.tables.strata import only

MODELS = ("UM.FS", "UM.RS", "CM.EL")
METHODS = ("ML", "EE")
# How the random part of the effect is shared between the treated and the control logit.
CODINGS = {0.5: (0.5, -0.5), 1.0: (1.0, 0.0), 0.0: (0.0, -1.0)}

NO_MAXIMUM = "No finite estimate: the likelihood still rises where a standard deviation passes all sense."


def glmm_two_arm(
    events1: ArrayLike,
    total1: ArrayLike,
    events2: ArrayLike,
    total2: ArrayLike,
    *,
    model: str = "UM.FS",
    method: str = "ML",
    coding: float = 0.5,
    test: str = "t",
    level: float = 0.95,
    prediction: str = "V",
    nodes: int | None = None,
) -> Pooled:
    """Return the pooled log odds ratio of k tables with tau², by maximum likelihood.

    Args:
        events1: events in the treated arm, shape (k,).
        total1: patients in the treated arm, shape (k,).
        events2: events in the control arm, shape (k,).
        total2: patients in the control arm, shape (k,).
        model: UM.FS, UM.RS or CM.EL (see the module).
        method: ML, or EE for one true odds ratio (tau² = 0).
        coding: of the random effect in UM models: 0.5 shares it between the arms (metafor's default; swapping arms
            changes nothing but the sign), 1 puts it in the treated and 0 in the control arm.
        test: t (k - 1 degrees of freedom) or z; see `glmm_proportion`.
        level: confidence level, 0-1.
        prediction: rule of the prediction interval: V (t, k - 1), HTS (t, k - 2) or z.
        nodes: points per random effect of each study's integral; by default as many as exactness takes.

    Tables without events, or with events in everyone, are left out, as metafor does. `q` is Wald's test of equal
    odds ratios in the model with one for every study; with ML, I² sets tau² against the typical variance of the log
    odds ratios, with EE it comes from Q. NaN with a note where the likelihood has no finite maximum. ValueError for
    counts that are missing or impossible, and with CM.EL for counts that are not whole numbers.
    """
    options = Options.checked(test, level, prediction)
    plan = _Plan.checked(model, method, coding)
    table, kept = _informative(events1, total1, events2, total2, plan)
    notes: tuple[str, ...] = ()
    if not kept.all():
        notes = (
            f"{studies(int((~kept).sum()))} without events, or with events in everyone, told nothing of the effect "
            "and took no part.",
        )
    t = only(table, kept)
    obstacle = _separation(t, plan)
    best = None if obstacle else fit(_model(t, plan), nodes)
    if best is not None and not best.converged:
        obstacle = NO_MAXIMUM
    if best is None or obstacle:
        weights = np.where(kept, math.nan, 0.0)
        return glmm_result.undefined(plan.name, options, int(kept.sum()), weights, (*notes, obstacle))
    q, _ = _saturated(t, plan)
    effects = replace(two_arm_effects("OR", events1, total1, events2, total2), notes=())
    return glmm_result.line(
        plan.name,
        options,
        _estimates(best, plan),
        effects,
        q,
        (*notes, *_about_baseline(best, plan), *_about_q(t, plan)),
        common=method == "EE",
    )


def two_arm_heterogeneity(
    events1: ArrayLike,
    total1: ArrayLike,
    events2: ArrayLike,
    total2: ArrayLike,
    *,
    model: str = "UM.FS",
    coding: float = 0.5,
) -> HeterogeneityTests:
    """Return the tests of equal odds ratios and of tau² = 0 in one of the models; NaN where it has no finite fit.

    In Wald's test a study whose own odds ratio is 0 or infinite weighs nothing; the likelihood ratio uses it.
    """
    plan = _Plan.checked(model, "ML", coding)
    table, kept = _informative(events1, total1, events2, total2, plan)
    t = only(table, kept)
    df = max(float(kept.sum()) - 1.0, 0.0)
    obstacle = _separation(t, plan)
    if obstacle:
        return glmm_result.heterogeneity_tests(math.nan, math.nan, df, math.nan, obstacle)
    common, best = fit(_model(t, replace(plan, method="EE"))), fit(_model(t, plan))
    wald, saturated = _saturated(t, plan)
    gain = 2.0 * (best.loglik - common.loglik) if best.converged else math.nan
    note = "" if best.converged and math.isfinite(saturated) else NO_MAXIMUM
    return glmm_result.heterogeneity_tests(wald, 2.0 * (saturated - common.loglik), df, gain, note)


@dataclass(frozen=True)
class _Plan:
    model: str
    method: str
    coding: float

    @classmethod
    def checked(cls, model: str, method: str, coding: float) -> _Plan:
        validate.one_of("model", model, MODELS)
        validate.one_of("method", method, METHODS)
        if coding not in CODINGS:
            raise ValueError(f"coding must be 0.5, 1 or 0; got {coding}")
        return cls(model, method, coding)

    @property
    def name(self) -> str:
        return self.model if self.method == "ML" else f"{self.model} {self.method}"


def _informative(
    events1: ArrayLike, total1: ArrayLike, events2: ArrayLike, total2: ArrayLike, plan: _Plan
) -> tuple[Table, NDArray[np.bool_]]:
    """Return all tables, and which of them tell anything of an odds ratio."""
    table = continuity.two_by_two(events1, total1, events2, total2)
    cells = np.stack([table.a, table.b, table.c, table.d])
    if plan.model == "CM.EL" and (cells != np.round(cells)).any():
        raise ValueError("CM.EL needs counts that are whole numbers")
    return table, ~(continuity.no_events(table) | continuity.all_events(table))


def _separation(t: Table, plan: _Plan) -> str:
    """Say why theta has no finite estimate, "" when it has one."""
    if t.a.size == 0:
        return "No table has both events and non-events: there is nothing to pool."
    if plan.model == "UM.RS":
        # studies lend each other their baseline: only an arm that never varies leaves nothing to estimate from
        lowest, highest = t.a.sum() == 0.0 or t.d.sum() == 0.0, t.b.sum() == 0.0 or t.c.sum() == 0.0
    else:
        lowest = bool(((t.a == 0.0) | (t.d == 0.0)).all())
        highest = bool(((t.b == 0.0) | (t.c == 0.0)).all())
    if lowest or highest:
        return f"The odds ratio of these studies together is {'0' if lowest else 'infinite'}: no finite estimate."
    return ""


def _model(t: Table, plan: _Plan) -> Model:
    """Return the model with the parameters theta (and the mean baseline), tau (and sigma)."""
    k = t.a.size
    random = plan.method == "ML"
    if plan.model == "CM.EL":
        family = Hypergeometric.of(t.a, t.n1, t.c, t.n2)
        return Model.of(family, k, np.ones((1, 1)), np.ones((1, 1 if random else 0)))
    arms = _arms(t)
    effect = np.array(CODINGS[plan.coding])[:, None] if random else np.zeros((2, 0))
    if plan.model == "UM.FS":
        return Model.of(arms, k, np.array([[1.0], [0.0]]), effect, np.ones((k, 2)))
    return Model.of(arms, k, np.array([[1.0, 1.0], [0.0, 1.0]]), np.hstack([effect, np.ones((2, 1))]))


def _arms(t: Table) -> Binomial:
    return Binomial.of(np.column_stack([t.a, t.c]), np.column_stack([t.n1, t.n2]))


def _estimates(best: Fit, plan: _Plan) -> Estimates:
    se = np.sqrt(np.diagonal(best.covariance))
    at = best.beta.size
    tau, tau_se = (float(best.sd[0]), float(se[at])) if plan.method == "ML" else (0.0, math.nan)
    return Estimates(float(best.beta[0]), float(se[0]), tau, tau_se, best.converged)


def _saturated(t: Table, plan: _Plan) -> tuple[float, float]:
    """Return Wald's Q and the log-likelihood of the model that gives every study an odds ratio of its own."""
    if plan.model == "UM.RS":
        return _saturated_random_baseline(t)
    if plan.model == "UM.FS":
        whole = ~continuity.has_zero(t)
        inside = only(t, whole)
        effects = two_arm_effects("OR", inside.a, inside.n1, inside.c, inside.n2) if whole.any() else None
        q = 0.0 if effects is None else cochran_q(effects.yi, effects.vi).q
        return q, _perfect(_arms(t))
    # a count at the end of its range is fitted perfectly by an infinite odds ratio: log-likelihood 0
    some = (t.a > np.maximum(0.0, t.c + t.a - t.n2)) & (t.a < np.minimum(t.n1, t.a + t.c))
    if not some.any():
        return 0.0, 0.0
    inside = only(t, some)
    family = Hypergeometric.of(inside.a, inside.n1, inside.c, inside.n2)
    own = fit(Model.of(family, inside.a.size, np.zeros((1, 0)), np.zeros((1, 0)), np.ones((inside.a.size, 1))))
    return cochran_q(own.alpha, -1.0 / own.evaluation.hessian[:, -1, -1]).q, own.loglik


def _perfect(arms: Binomial) -> float:
    """Return the binomial log-likelihood of arms whose logits are their own."""
    inside = (arms.events > 0.0) & (arms.events < arms.total)
    x, n = arms.events[inside], arms.total[inside]
    family = Binomial.of(x[:, None], n[:, None])
    return float(family.terms(np.log(x / (n - x))[:, None, None])[0].sum())


def _saturated_random_baseline(t: Table) -> tuple[float, float]:
    """Return the same with random baselines: the treated arm of every study has a parameter of its own."""
    extreme = (t.a == 0.0) | (t.b == 0.0)
    arms = _arms(t)
    # an infinite odds ratio fits its treated arm whatever the baseline: the arm falls silent
    hush = np.column_stack([~extreme, np.ones_like(extreme)])
    family = Binomial.of(arms.events * hush, arms.total * hush)
    own = np.column_stack([~extreme, np.zeros_like(extreme)]).astype(np.float64)
    full = fit(Model.of(family, t.a.size, np.ones((2, 1)), np.ones((2, 1)), own))
    if not full.converged:
        return math.nan, math.nan
    own_effect = np.flatnonzero(~extreme)
    if own_effect.size < 2:
        return 0.0, full.loglik
    contrast = np.eye(t.a.size)[own_effect[1:]] - np.eye(t.a.size)[own_effect[0]]
    differences = contrast @ full.alpha
    spread = contrast @ study_covariance(full) @ contrast.T
    return float(differences @ np.linalg.solve(spread, differences)), full.loglik


def _about_baseline(best: Fit, plan: _Plan) -> tuple[str, ...]:
    if plan.model != "UM.RS":
        return ()
    return (f"The studies' baseline logits vary with variance {best.sd[-1] ** 2:.4g}.",)


def _about_q(t: Table, plan: _Plan) -> tuple[str, ...]:
    """Say which studies Wald's Q cannot use."""
    ends = continuity.has_zero(t) if plan.model != "UM.RS" else (t.a == 0.0) | (t.b == 0.0)
    if not ends.any() or ends.size == 1:
        return ()
    return (
        f"Q cannot use {studies(int(ends.sum()))} with a zero cell; the likelihood-ratio test of heterogeneity "
        "uses all.",
    )
