"""The engine's answer to an analysis of a worked example: every quantity that a source prints, by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from types import MappingProxyType

from ketcli.stats.effects import transforms
from ketcli.stats.results import Effects, Pooled
from ketcli.verify.examples import Analysis, Studies

Answer = dict[str, float]
FRACTIONS = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")
# a proportion can be asked of the control arms
CONTROL = " control"


def compute(analysis: Analysis, data: Studies) -> Answer:
    """Return the quantities of one analysis; KeyError for a model that is not known."""
    return MODELS[analysis.model](analysis, data)


def _effects(analysis: Analysis, data: Studies) -> Effects:
    """Return the studies' effects by the measure; tables without events tell nothing of a ratio."""
    measure = analysis.measure
    if measure == "GEN":
        from ketcli.stats.effects.means import generic_effects

        return generic_effects(data.numbers("yi"), data.numbers("vi"))
    if measure == "MD":
        from ketcli.stats.effects.means import mean_effects

        # Normand pools the standard deviations of the two arms
        return mean_effects("MD", *_arms(data, ("mean", "sd", "n")), variance="HO")
    if measure in ("SMCR", "SMCC"):
        from ketcli.stats.effects.means import change_effects

        names = ("mean", "control_mean", "sd", "control_sd", "n", "r")
        return change_effects(measure, *(data.numbers(name) for name in names))
    if measure.removesuffix(CONTROL) in ("PLO", "PFT"):
        from ketcli.stats.effects.proportions import proportion_effects

        return proportion_effects(measure.removesuffix(CONTROL), *_counts(analysis, data))
    from ketcli.stats.effects.two_arm import two_arm_effects

    return two_arm_effects(measure, *_arms(data, ("events", "total")))


def _arms(data: Studies, names: tuple[str, ...]) -> list[list[float]]:
    return [data.numbers(f"{side}{name}") for side in ("", "control_") for name in names]


def _counts(analysis: Analysis, data: Studies) -> tuple[list[float], list[float]]:
    side = "control_" if analysis.measure.endswith(CONTROL) else ""
    return data.numbers(f"{side}events"), data.numbers(f"{side}total")


def _known(analysis: Analysis, data: Studies) -> tuple[list[float], list[float]]:
    effects = _effects(analysis, data)
    pairs = [(y, v) for y, v in zip(effects.yi, effects.vi, strict=True) if math.isfinite(y)]
    return [y for y, _ in pairs], [v for _, v in pairs]


def _line(pooled: Pooled, analysis: Analysis, data: Studies) -> Answer:
    """Return a pooled line: as analysed, and its estimate and limits on the natural scale and in per cent."""
    answer = {f.name: getattr(pooled, f.name) for f in fields(pooled) if f.name not in ("weights", "notes")}
    numbers: Answer = {name: float(value) for name, value in answer.items() if isinstance(value, (int, float))}
    numbers["tau"] = math.sqrt(pooled.tau2) if pooled.tau2 >= 0.0 else math.nan
    measure = analysis.measure.removesuffix(CONTROL)
    back = transforms.to_natural(measure, data.numbers("total") if measure == "PFT" else None)
    natural = {f"natural {name}": float(back(numbers[name])) for name in FRACTIONS}
    return numbers | natural | {f"percent {name}": 100.0 * numbers[name] for name in FRACTIONS}


def _common(analysis: Analysis, data: Studies) -> Answer:
    from ketcli.stats.pooling import common_effect

    line = common_effect(*_known(analysis, data), test=analysis.test, level=analysis.level)
    return _line(line, analysis, data)


def _random(analysis: Analysis, data: Studies) -> Answer:
    from ketcli.stats.pooling import random_effects

    line = random_effects(
        *_known(analysis, data),
        tau2=analysis.method,
        test=analysis.test,
        level=analysis.level,
        # with the Hartung-Knapp test metafor takes its error into the prediction interval too
        prediction="HK" if analysis.test == "knha" else "V",
    )
    return _line(line, analysis, data)


def _mantel_haenszel(analysis: Analysis, data: Studies) -> Answer:
    from ketcli.stats.tables.mantel_haenszel import mantel_haenszel

    arms = _arms(data, ("events", "total"))
    return _line(mantel_haenszel(analysis.measure, *arms, level=analysis.level), analysis, data)


def _peto(analysis: Analysis, data: Studies) -> Answer:
    from ketcli.stats.tables.mantel_haenszel import peto

    return _line(peto(*_arms(data, ("events", "total")), level=analysis.level), analysis, data)


def _strata(_: Analysis, data: Studies) -> Answer:
    from ketcli.stats.tables.stratified_tests import stratified_tests

    found = stratified_tests(*_arms(data, ("events", "total")), continuity_corrected=False)
    return {"cmh": found.cmh, "cmh_p": found.cmh_p, "tarone": found.tarone, "tarone_p": found.tarone_p}


def _mixed(analysis: Analysis, data: Studies) -> Answer:
    if analysis.measure == "OR":
        from ketcli.stats.mixed.glmm_two_arm import glmm_two_arm

        model, _, method = analysis.method.partition(" ")
        arms = _arms(data, ("events", "total"))
        line = glmm_two_arm(*arms, model=model, method=method or "ML", test=analysis.test, level=analysis.level)
    else:
        from ketcli.stats.mixed.glmm_proportion import glmm_proportion

        line = glmm_proportion(*_counts(analysis, data), test=analysis.test, level=analysis.level)
    return _line(line, analysis, data)


def _three_level(analysis: Analysis, data: Studies) -> Answer:
    from ketcli.stats.dependent.multilevel import three_level

    yi, vi = _known(analysis, data)
    found = three_level(yi, vi, data.columns["cluster"], test=analysis.test, level=analysis.level)
    variances = {"between": found.variances.between, "within": found.variances.within}
    return _line(found.pooled, analysis, data) | variances


def _regression(analysis: Analysis, data: Studies) -> Answer:
    from ketcli.stats.regression import meta_regression

    yi, vi = _known(analysis, data)
    moderator = [[value] for value in data.numbers("moderator")]
    fit = meta_regression(yi, vi, moderator, tau2=analysis.method, test=analysis.test, level=analysis.level)
    answer: Answer = {
        name: float(getattr(fit, name)) for name in ("tau2", "tau2_se", "i2", "h2", "r2", "qm", "qm_p")
    }
    for place, name in enumerate(("intercept", "slope")):
        answer |= {
            name: float(fit.coefficients[place]),
            f"{name}_se": float(fit.se[place]),
            f"{name}_low": float(fit.ci_low[place]),
            f"{name}_high": float(fit.ci_high[place]),
        }
    return answer | {"q": fit.qe}


def _egger(analysis: Analysis, data: Studies) -> Answer:
    from ketcli.stats.small_studies.bias import egger

    effects = _known(analysis, data)
    if analysis.method == "classic":
        found = egger(*effects, level=analysis.level)
    else:
        found = egger(*effects, model="random", tau2=analysis.method, test=analysis.test, level=analysis.level)
    names = ("statistic", "p", "bias", "limit", "limit_low", "limit_high")
    return {name: float(getattr(found, name)) for name in names}


def _trim_and_fill(analysis: Analysis, data: Studies) -> Answer:
    from ketcli.stats.small_studies.trim_and_fill import trim_and_fill

    estimator, _, model = analysis.method.partition(" ")
    found = trim_and_fill(*_known(analysis, data), model=model, estimator=estimator, test=analysis.test)
    line = {} if found.adjusted is None else _line(found.adjusted, analysis, data)
    return line | {"missing": math.nan if found.missing is None else float(found.missing)}


def _tau2_interval(analysis: Analysis, data: Studies) -> Answer:
    from ketcli.stats.heterogeneity import profile_likelihood, q_profile

    effects = _known(analysis, data)
    if analysis.model == "q-profile":
        found = q_profile(*effects, level=analysis.level)
    else:
        found = profile_likelihood(*effects, method=analysis.method, level=analysis.level)
    return {"tau2_low": found.tau2.low, "tau2_high": found.tau2.high}


def _effect(analysis: Analysis, data: Studies) -> Answer:
    effects, place = _effects(analysis, data), data.labels.index(analysis.study)
    return {"yi": float(effects.yi[place]), "vi": float(effects.vi[place])}


def _interval(analysis: Analysis, data: Studies) -> Answer:
    from ketcli.stats.intervals import difference_interval, proportion_interval

    place = data.labels.index(analysis.study)
    if analysis.measure == "RD":
        arms = _arms(data, ("events", "total"))
        low, high = difference_interval(*arms, method=analysis.method, level=analysis.level)
    else:
        low, high = proportion_interval(*_counts(analysis, data), analysis.method, analysis.level)
    return {"low": float(low[place]), "high": float(high[place])}


MODELS: Mapping[str, Callable[[Analysis, Studies], Answer]] = MappingProxyType(
    {
        "common": _common,
        "random": _random,
        "mh": _mantel_haenszel,
        "peto": _peto,
        "strata": _strata,
        "glmm": _mixed,
        "three-level": _three_level,
        "regression": _regression,
        "egger": _egger,
        "trim-fill": _trim_and_fill,
        "q-profile": _tau2_interval,
        "profile-likelihood": _tau2_interval,
        "effect": _effect,
        "interval": _interval,
    }
)
