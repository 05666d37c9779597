"""Two arms of counts: one study's effects, and pooled lines with the second method that stands beside the first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ketcli.report import Note, Value
from ketcli.summaries import pooling
from ketcli.summaries.pooling import Settings, finite

if TYPE_CHECKING:
    from ketcli.stats.results import Pooled


MH_LEADS = "Risk ratio by Mantel-Haenszel, one true ratio supposed, because an arm is without events"
MH_STRAINED = (
    "Mantel-Haenszel supposes one true ratio, but the trials differ (I² 50 % or more): its interval is too narrow"
)
_STRAIN = 50.0


@dataclass(frozen=True)
class Tables:
    """The two-by-two tables of k studies: events and totals of the drug arms and of the control arms."""

    events: tuple[int, ...]
    totals: tuple[int, ...]
    control_events: tuple[int, ...]
    control_totals: tuple[int, ...]

    @property
    def arms(self) -> tuple[tuple[int, ...], ...]:
        """Return the four columns in the order that the statistics take them."""
        return self.events, self.totals, self.control_events, self.control_totals

    @property
    def has_zero(self) -> bool:
        """Return True when a cell of any table is zero, so that a ratio needs a correction or a method without."""
        cells = zip(*self.arms, strict=True)
        return any(0 in (a, n1 - a, c, n2 - c) for a, n1, c, n2 in cells)


@dataclass(frozen=True)
class Line:
    """One pooled contrast: row values on the natural scale, the weights of the studies, what to say of it.

    `model` is that of the ratio, `rd_model` that of the difference ("" where it follows from the ratio).
    """

    model: str
    rd_model: str
    values: dict[str, Value]
    weights: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()
    spread: str = ""
    rd_prediction: tuple[float | None, float | None] = (None, None)

    @property
    def ratio(self) -> str:
        """Return the prefix of the ratio's columns: rr, or `or` for models of odds."""
        return str(self.values["measure"]).lower()


def contrast(events: int, total: int, control_events: int, control_total: int, how: Settings) -> dict[str, Value]:
    """Return one study's risk ratio (0.5 added to the cells of a table with a zero), difference and number needed.

    The ratio's interval is normal on the log scale (Katz 1978), the difference's is Newcombe's (1998, method 10).
    A study without events in either arm has no risk ratio.
    """
    from ketcli.stats.effects.two_arm import two_arm_effects
    from ketcli.stats.intervals import difference_interval, ratio_interval

    arms = ([events], [total], [control_events], [control_total])
    effects = two_arm_effects("RR", *arms)
    low, high = difference_interval(*arms, level=how.level)
    rd = events / total - control_events / control_total
    row = difference(rd, float(low[0]), float(high[0]))
    if math.isfinite(effects.yi[0]):
        ends = ratio_interval("RR", *arms, level=how.level)
        row |= {"rr": math.exp(effects.yi[0]), "rr_low": float(ends[0][0]), "rr_high": float(ends[1][0])}
    return row


def difference(rd: float, low: float, high: float) -> dict[str, Value]:
    """Return a risk difference with its limits and the number needed to harm that follows from them."""
    row: dict[str, Value] = {"rd": finite(rd), "rd_low": finite(low), "rd_high": finite(high)}
    if not (math.isfinite(rd) and math.isfinite(low) and math.isfinite(high)):
        return row
    from ketcli.stats.intervals import number_needed

    needed = number_needed(rd, low, high, event_is_good=False)
    crosses = low <= 0.0 <= high
    near, far = (high, low) if rd >= 0.0 else (low, high)
    return row | {
        "nnh": 1.0 / rd if rd else None,
        "nnh_low": 1.0 / near if near else None,
        "nnh_high": None if crosses else 1.0 / far,
        "nnh_words": needed.sentence,
    }


def lead(tables: Tables, control_risk: float, how: Settings) -> Line:
    """Return the pooled contrast by the model asked for; by default inverse variance with random effects.

    With a zero cell the default ratio is Mantel-Haenszel's, which needs no correction; a difference needs none
    either way. `control_risk` turns the odds ratio of Peto's method and of the mixed model into a difference.
    """
    if how.model in ("peto", "glmm"):
        return _odds_line(how.model, tables, control_risk, how)
    if how.model:
        return _line(how.model, how.model, tables, how)
    return _line("mh" if tables.has_zero else "random", "random", tables, how)


def beside(tables: Tables, how: Settings) -> Line | None:
    """Return Mantel-Haenszel's line, to compare the default one with; None when a model was asked for."""
    return None if how.model else _line("mh", "mh", tables, how)


def incidence(events: Sequence[int], totals: Sequence[int], how: Settings) -> Pooled:
    """Return the pooled proportion of one kind of arm: the GLMM unless --model asks for inverse variance."""
    (pooled,) = incidences([(events, totals)], how)
    return pooled


def incidences(counts: Sequence[pooling.Counts], how: Settings) -> list[Pooled]:
    """Return the pooled proportion of each of many (events, totals), solved at once."""
    model = how.model if how.model in ("random", "common") else "glmm"
    return pooling.pool_all_proportions(counts, replace(how, model=model))


def _line(model: str, rd_model: str, tables: Tables, how: Settings) -> Line:
    ratio, rd = pool("RR", model, tables, how), pool("RD", rd_model, tables, how)
    values: dict[str, Value] = {"model": model, "measure": "RR", "rd_model": rd_model}
    if ratio is not None:
        values |= ratio_values(ratio, "RR")
    if rd is not None:
        values |= difference(rd.estimate, rd.ci_low, rd.ci_high)
        values |= {"rd_tau2": finite(rd.tau2), "rd_i2": finite(rd.i2)}
    values["k"] = len(tables.events)
    return Line(
        model,
        rd_model,
        values,
        weights=() if ratio is None else tuple(float(w) for w in ratio.weights),
        notes=() if ratio is None else ratio.notes + (why_mh(finite(ratio.i2)) if model != rd_model else ()),
        spread=_spread(ratio, rd),
        rd_prediction=(None, None) if rd is None else (finite(rd.pi_low), finite(rd.pi_high)),
    )


def why_mh(i2: Value) -> tuple[str, ...]:
    """Return what is to be said where Mantel-Haenszel leads; `i2` is the I² of the ratio, in percent."""
    return (MH_LEADS, MH_STRAINED) if isinstance(i2, float) and i2 >= _STRAIN else (MH_LEADS,)


def said_notes(said: Mapping[str, Sequence[str]]) -> list[Note]:
    """Return what is to be said of pooled lines, each with the blocks it is about."""
    return [
        Note("caution" if text == MH_STRAINED else "method", f"{text} ({'; '.join(blocks)})")
        for text, blocks in said.items()
    ]


def _spread(ratio: Pooled | None, rd: Pooled | None) -> str:
    """Return the heterogeneity of both measures in words: a difference can vary where a ratio does not."""
    parts = [
        f"{name} {pooled.i2:.0f} %"
        for name, pooled in (("ratio", ratio), ("difference", rd))
        if pooled is not None and pooled.k > 1 and math.isfinite(pooled.i2)
    ]
    return "I² of " + ", ".join(parts) if parts else ""


def ratio_values(pooled: Pooled, measure: str) -> dict[str, Value]:
    """Return a pooled ratio under the columns of its measure, with its test, heterogeneity and prediction."""
    back, name = pooling.natural(pooled, measure), measure.lower()
    return {
        **pooling.heterogeneity(pooled),
        name: back["estimate"],
        f"{name}_low": back["ci_low"],
        f"{name}_high": back["ci_high"],
        "pi_low": back["pi_low"],
        "pi_high": back["pi_high"],
    }


def pool(measure: str, model: str, tables: Tables, how: Settings) -> Pooled | None:
    """Pool one measure; None when no study tells anything of it."""
    if model == "mh":
        from ketcli.stats.pooled_line import COMMON_NOTE
        from ketcli.stats.tables.mantel_haenszel import mantel_haenszel

        pooled = mantel_haenszel(measure, *tables.arms, level=how.level)
        return replace(pooled, notes=tuple(note for note in pooled.notes if note != COMMON_NOTE))
    import numpy as np

    from ketcli.stats.effects.two_arm import two_arm_effects
    from ketcli.stats.pooling import common_effect, random_effects

    # a difference is as observed; only its variance would be zero in tables without (or full of) events
    effects = two_arm_effects(measure, *tables.arms, correct_effect=measure != "RD")
    known = np.isfinite(effects.yi)
    if not known.any():
        return None
    yi, vi = effects.yi[known], effects.vi[known]
    if model == "common":
        pooled = common_effect(yi, vi, level=how.level)
    else:
        pooled = random_effects(yi, vi, tau2=how.tau2, test=how.test, level=how.level)
    weights = np.zeros(known.size)
    weights[known] = pooled.weights
    return replace(pooled, weights=weights, notes=(*effects.notes, *pooled.notes))


def _odds_line(model: str, tables: Tables, control_risk: float, how: Settings) -> Line:
    """Pool odds ratios and give the risk difference they mean at the control risk."""
    if model == "peto":
        from ketcli.stats.tables.mantel_haenszel import peto

        pooled = peto(*tables.arms, level=how.level)
    else:
        from ketcli.stats.mixed.glmm_two_arm import glmm_two_arm

        pooled = glmm_two_arm(*tables.arms, level=how.level)
    limits = [_at_risk(value, control_risk) for value in (pooled.estimate, pooled.ci_low, pooled.ci_high)]
    values: dict[str, Value] = {"measure": "OR", **ratio_values(pooled, "OR"), **difference(*limits)}
    values["k"] = len(tables.events)
    weights = tuple(float(w) for w in pooled.weights)
    return Line(model, "", values, weights, pooled.notes, pooling.spread(pooled))


def _at_risk(log_odds_ratio: float, risk: float) -> float:
    """Return the risk difference that an odds ratio makes of a control risk; a risk of 0 has none."""
    odds_of_no_event = math.exp(-log_odds_ratio) * (1.0 - risk)
    return risk / (risk + odds_of_no_event) - risk if risk > 0.0 else math.nan
