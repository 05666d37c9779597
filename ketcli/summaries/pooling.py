"""Pooled lines from study counts: the chosen model, its result on the natural scale, what to say of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from ketcli.errors import InputError, UsageError, unknown_value
from ketcli.report import Value

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ketcli.stats.results import Pooled

PROPORTION_MODELS = ("glmm", "random", "common")
TWO_ARM_MODELS = ("random", "common", "mh", "peto", "glmm")
TAU2_METHODS = ("REML", "ML", "DL", "PM", "EB", "SJ", "HS", "HE")
TEST_WORDS = {
    "adhoc": "Hartung-Knapp interval, never below the classic one",
    "knha": "Hartung-Knapp interval",
    "t": "t interval",
    "z": "normal interval",
}
TESTS = tuple(TEST_WORDS)
INTERVALS = ("wilson", "wilson-cc", "clopper-pearson", "agresti-coull", "jeffreys", "mid-p")

Counts = tuple[Sequence[int], Sequence[int]]
POOLED_COLUMNS = ("k", "model", "se", "p", "pi_low", "pi_high", "tau2", "i2", "q", "q_df", "q_p")


class Counted(Protocol):
    """A row that says how many of how many."""

    @property
    def events(self) -> int | None:
        """People with the event."""

    @property
    def total(self) -> int | None:
        """People who could have had it."""


@dataclass(frozen=True)
class Settings:
    """How intervals and pooled lines are computed; the defaults are those printed in the notes."""

    model: str = ""
    tau2: str = "REML"
    test: str = "adhoc"
    level: float = 0.95
    interval: str = "wilson"

    @property
    def percent(self) -> str:
        """Return the level as people write it: 95 %."""
        return f"{100 * self.level:g} %"


def settings(
    models: Sequence[str],
    *,
    model: str | None = None,
    tau2: str | None = None,
    test: str | None = None,
    level: float | None = None,
    interval: str | None = None,
    only_proportions: bool = False,
) -> Settings:
    """Check what was typed for the statistics and return it; unknown names get their nearest.

    `only_proportions` says that all pooled lines are proportions, for which τ² and its test are part of the
    mixed model unless another is chosen; `option-without-effect` for what would then change nothing.
    """
    chosen = Settings()
    for name, value, valid in (
        ("model", model and model.lower(), models),
        ("tau2", tau2 and tau2.upper(), TAU2_METHODS),
        ("test", test and test.lower(), TESTS),
        ("interval", interval and interval.lower(), INTERVALS),
    ):
        if not value:
            continue
        if value not in valid:
            raise unknown_value(f"--{name}", value, valid)
        chosen = replace(chosen, **{name: value})  # type: ignore[arg-type]
    if tau2 or test:
        _refuse_unused(chosen.model, "--tau2" if tau2 else "--test", only_proportions=only_proportions)
    return replace(chosen, level=as_level(level)) if level is not None else chosen


def _refuse_unused(model: str, option: str, *, only_proportions: bool) -> None:
    if model == "common":
        reason, hint = "the common-effect model", "leave it out, or choose --model random"
    elif only_proportions and model in ("", "glmm"):
        reason, hint = "the mixed model that pools these proportions", "add --model random"
    else:
        return
    raise UsageError(f"{option} has no part in {reason}", code="option-without-effect", hint=hint)


def as_level(value: float) -> float:
    """Return a confidence level as a fraction; 95 and 0.95 mean the same."""
    fraction = value / 100.0 if value >= 1.0 else value
    if not 0.5 <= fraction < 1.0:
        raise UsageError(f"a level of {value:g} is not usable", code="bad-level", hint="give 95, 0.95, 90 or 99")
    return fraction


def pool_proportions(events: Sequence[int], totals: Sequence[int], how: Settings) -> Pooled:
    """Return the pooled proportion on the logit scale: the GLMM by default, inverse variance on request."""
    (pooled,) = pool_all_proportions([(events, totals)], how)
    return pooled


def pool_all_proportions(counts: Sequence[Counts], how: Settings) -> list[Pooled]:
    """Return the pooled proportion of each of many (events, totals): the GLMMs of a report are solved at once."""
    if how.model in ("", "glmm"):
        from ketcli.stats.mixed.glmm_proportion import glmm_proportions

        return glmm_proportions(counts, level=how.level)
    from ketcli.stats.effects.proportions import proportion_effects

    every = [proportion_effects("PLO", events, totals) for events, totals in counts]
    return [pool_effects(effects.yi, effects.vi, how) for effects in every]


def pool_groups(groups: Sequence[Sequence[Counted]], how: Settings) -> list[Pooled | None]:
    """Return the pooled proportion of each group of counted rows; None for fewer than two."""
    pooled = iter(pool_all_proportions([counts(group) for group in groups if len(group) > 1], how))
    return [next(pooled) if len(group) > 1 else None for group in groups]


def counts(rows: Sequence[Counted]) -> Counts:
    """Return the events and the totals of counted rows."""
    return [row.events or 0 for row in rows], [row.total or 0 for row in rows]


def pool_effects(yi: ArrayLike, vi: ArrayLike, how: Settings) -> Pooled:
    """Return the pooled effect by inverse variance: random effects unless the common-effect model is asked for.

    Raises InputError `not-computable` for effects and variances beyond the reach of the arithmetic.
    """
    from ketcli.stats.pooling import common_effect, random_effects

    try:
        if how.model == "common":
            return common_effect(yi, vi, level=how.level)
        return random_effects(yi, vi, tau2=how.tau2, test=how.test, level=how.level)
    except ValueError as error:
        raise InputError(
            f"the studies cannot be pooled: {error}",
            code="not-computable",
            hint="look for a slip of the pen in a mean, a standard deviation or a count",
        ) from None


def proportion_words(how: Settings) -> str:
    """Return in a sentence how single-arm proportions are pooled."""
    match how.model or "glmm":
        case "glmm":
            return "binomial-normal GLMM (logit link, maximum likelihood), t interval with k-1 df."
        case "common":
            return "common-effect inverse variance on the logit scale."
        case _:
            return f"random effects on the logit scale, τ² by {how.tau2}, {TEST_WORDS[how.test]}."


def natural(pooled: Pooled, measure: str) -> dict[str, Value]:
    """Return estimate, limits and prediction interval on the natural scale of the measure; undefined is None."""
    from ketcli.stats.effects.transforms import to_natural

    back = to_natural(measure)
    return {
        name: finite(float(back(getattr(pooled, name))))
        for name in ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")
    }


def heterogeneity(pooled: Pooled) -> dict[str, Value]:
    """Return the columns of a pooled row that are not on the natural scale."""
    names = ("se", "p", "tau2", "i2", "q", "q_df", "q_p")
    return {"k": pooled.k, "model": pooled.model, **{n: finite(getattr(pooled, n)) for n in names}}


def finite(value: float) -> float | None:
    """Return a number, or None for an undefined one."""
    return None if math.isnan(value) else float(value)


def cautions(pooled: Pooled) -> tuple[str, ...]:
    """Return what a reader must know before trusting a pooled line; routine remarks stay out."""
    if not pooled.converged or math.isnan(pooled.tau2):
        return pooled.notes
    if pooled.k == 2:
        return ("Two studies: the interval, from t with 1 degree of freedom, says little; look at both.",)
    return ("The prediction interval rests on fewer than five studies.",) if pooled.k < 5 else ()


def spread(pooled: Pooled) -> str:
    """Return the heterogeneity of a pooled line in words: I² and tau², or that there is none to estimate."""
    if pooled.k < 2 or math.isnan(pooled.tau2):
        return ""
    i2 = "" if math.isnan(pooled.i2) else f"I² {pooled.i2:.0f} %, "
    return f"{i2}τ² {pooled.tau2:.2g}"
