"""Simulated coverage and width of the default intervals beside the common alternatives; writes coverage.md.

Run from the project root: python -m tests.benchmarks.coverage [--quick]
"""

from __future__ import annotations

import argparse
import math
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ketcli.stats.batch import solve_many
from ketcli.stats.effects.proportions import proportion_effects
from ketcli.stats.effects.transforms import to_natural
from ketcli.stats.effects.two_arm import two_arm_effects
from ketcli.stats.mixed.glmm_proportion import glmm_proportion
from ketcli.stats.tables.mantel_haenszel import mantel_haenszel

Array = NDArray[np.float64]
Limits = tuple[Array, Array]

OUTPUT = Path(__file__).with_suffix(".md")
SEED = 20240117
REPETITIONS, QUICK_REPETITIONS = 2000, 100
LEVEL = 0.95
STUDIES, RATES, TAU2 = (5, 10, 20), (0.05, 0.2, 0.5), (0.0, 0.1, 0.5)
PATIENTS = (20, 150)
RISK_RATIO = 0.75
HIGHEST_RISK = 0.95
MOST_CAPPED = 0.005
"""A scenario where more than this share of the treated risks would exceed HIGHEST_RISK is left out."""

PROPORTION_METHODS = ("GLMM, t", "logit REML-HKSJ ad hoc", "logit DL-Wald")
RATIO_METHODS = ("REML-HKSJ ad hoc", "DL-Wald", "Mantel-Haenszel")


@dataclass(frozen=True)
class Scenario:
    """True values of one line of a table; `rate` is the event rate (of the control arm for risk ratios)."""

    k: int
    rate: float
    tau2: float

    def generator(self) -> np.random.Generator:
        """Return a generator of its own, so that one scenario can be run without the others."""
        return np.random.default_rng([SEED, self.k, round(100 * self.rate), round(10 * self.tau2)])


@dataclass(frozen=True)
class Performance:
    """Share of intervals that hold the truth, mean width, and share of datasets without an interval."""

    coverage: float
    width: float
    missing: float


def scenarios() -> Iterator[Scenario]:
    """Yield every combination of studies, event rate and between-study variance."""
    return (Scenario(k, rate, tau2) for rate in RATES for tau2 in TAU2 for k in STUDIES)


def impossible(scenario: Scenario) -> bool:
    """Whether log-normal risk ratios would carry too many treated risks beyond HIGHEST_RISK."""
    room = math.log(HIGHEST_RISK / (scenario.rate * RISK_RATIO))
    if scenario.tau2 == 0.0:
        return room <= 0.0
    return 0.5 * math.erfc(room / math.sqrt(2.0 * scenario.tau2)) > MOST_CAPPED


def proportions(scenario: Scenario, repetitions: int) -> dict[str, Performance]:
    """Simulate single-arm studies with normal logits and return how each method does.

    The truth is the logit of the median study; widths are in percentage points.
    """
    rng, shape = scenario.generator(), (repetitions, scenario.k)
    total = rng.integers(*PATIENTS, size=shape, endpoint=True)
    truth = math.log(scenario.rate / (1.0 - scenario.rate))
    logits = truth + math.sqrt(scenario.tau2) * rng.standard_normal(shape)
    events = rng.binomial(total, 1.0 / (1.0 + np.exp(-logits)))
    effects = proportion_effects("PLO", events.ravel(), total.ravel())
    yi, vi = effects.yi.reshape(shape), effects.vi.reshape(shape)
    fits = [glmm_proportion(x, n, level=LEVEL) for x, n in zip(events, total, strict=True)]
    limits = (
        (np.array([fit.ci_low for fit in fits]), np.array([fit.ci_high for fit in fits])),
        batched(yi, vi, tau2="REML", test="adhoc"),
        batched(yi, vi, tau2="DL", test="z"),
    )
    percent = to_natural("PLO")
    return {
        method: judge(pair, truth, lambda x: 100.0 * percent(x))
        for method, pair in zip(PROPORTION_METHODS, limits, strict=True)
    }


def risk_ratios(scenario: Scenario, repetitions: int) -> dict[str, Performance]:
    """Simulate two-arm studies with normal log risk ratios and return how each method does.

    Control risks vary by a fifth either way; the truth is ln RISK_RATIO and widths are on the log scale.
    """
    rng, shape = scenario.generator(), (repetitions, scenario.k)
    total1, total2 = (rng.integers(*PATIENTS, size=shape, endpoint=True) for _ in range(2))
    truth = math.log(RISK_RATIO)
    control = scenario.rate * rng.uniform(0.8, 1.2, shape)
    treated = control * np.exp(truth + math.sqrt(scenario.tau2) * rng.standard_normal(shape))
    events1, events2 = rng.binomial(total1, np.minimum(treated, HIGHEST_RISK)), rng.binomial(total2, control)
    arms = (events1, total1, events2, total2)
    effects = two_arm_effects("RR", *(arm.ravel() for arm in arms))
    yi, vi = effects.yi.reshape(shape), effects.vi.reshape(shape)
    exact = [mantel_haenszel("RR", *row, level=LEVEL) for row in zip(*arms, strict=True)]
    limits = (
        batched(yi, vi, tau2="REML", test="adhoc"),
        batched(yi, vi, tau2="DL", test="z"),
        (np.array([line.ci_low for line in exact]), np.array([line.ci_high for line in exact])),
    )
    return {method: judge(pair, truth, lambda x: x) for method, pair in zip(RATIO_METHODS, limits, strict=True)}


def batched(yi: Array, vi: Array, *, tau2: str, test: str) -> Limits:
    """Return the limits of all meta-analyses at once, NaN where no study has an effect."""
    present = np.isfinite(yi) & np.isfinite(vi)
    some = present.any(axis=1)
    fits = solve_many(yi[some], vi[some], mask=present[some], tau2=tau2, test=test, level=LEVEL)
    low, high = np.full(some.size, np.nan), np.full(some.size, np.nan)
    low[some], high[some] = fits.ci_low[:, 0], fits.ci_high[:, 0]
    return low, high


def judge(limits: Limits, truth: float, scale: Callable[[Array], Array]) -> Performance:
    """Return coverage of `truth` and mean width on `scale`; a dataset without an interval does not cover."""
    low, high = limits
    has = ~(np.isnan(low) | np.isnan(high))
    return Performance(
        coverage=float((has & (low <= truth) & (truth <= high)).mean()),
        width=float((scale(high[has]) - scale(low[has])).mean()) if has.any() else math.nan,
        missing=float(1.0 - has.mean()),
    )


Simulation = Callable[[Scenario, int], dict[str, Performance]]


def table(lines: dict[Scenario, dict[str, Performance]], methods: tuple[str, ...], digits: int) -> list[str]:
    """Return a markdown table: a line per scenario, coverage and width of each method."""
    names = [f"{method}: {what}" for what in ("coverage %", "width") for method in methods]
    rows = ["| rate | tau² | k | " + " | ".join(names) + " |", "| --- " * (3 + len(names)) + "|"]
    for scenario, results in lines.items():
        cells = [f"{100 * results[method].coverage:.1f}" for method in methods]
        cells += [f"{results[method].width:.{digits}f}" for method in methods]
        rows.append(f"| {scenario.rate:g} | {scenario.tau2:g} | {scenario.k} | " + " | ".join(cells) + " |")
    return rows


def summary(lines: dict[Scenario, dict[str, Performance]], methods: tuple[str, ...]) -> list[str]:
    """Return a markdown table of each method's lowest, mean and highest coverage over the scenarios."""
    rows = ["| method | lowest % | mean % | highest % | datasets without an interval % |", "| --- " * 5 + "|"]
    for method in methods:
        coverage = [100 * results[method].coverage for results in lines.values()]
        missing = np.mean([100 * results[method].missing for results in lines.values()])
        spread = f"{min(coverage):.1f} | {np.mean(coverage):.1f} | {max(coverage):.1f}"
        rows.append(f"| {method} | {spread} | {missing:.2f} |")
    return rows


def report(repetitions: int, chosen: list[Scenario]) -> str:
    """Run all simulations and return the page."""
    error = 100 * math.sqrt(LEVEL * (1.0 - LEVEL) / repetitions)
    single = {scenario: proportions(scenario, repetitions) for scenario in chosen}
    left_out = [scenario for scenario in chosen if impossible(scenario)]
    paired = {scenario: risk_ratios(scenario, repetitions) for scenario in chosen if scenario not in left_out}
    lines = [
        "# Coverage of the intervals",
        "",
        f"{repetitions} simulated meta-analyses per line. The nominal level is {100 * LEVEL:g} %, the standard",
        f"error of the simulation {error:.1f} points. Arms have {PATIENTS[0]} to {PATIENTS[1]} patients, evenly",
        f"spread. Seed {SEED}; NumPy {np.__version__}, Python {platform.python_version()}. Made by",
        "`python -m tests.benchmarks.coverage`.",
        "",
        "## Pooled proportions",
        "",
        "Study logits are normal around logit(rate) with variance tau²; covered or not is the median study's",
        "proportion. Width is the mean width of the interval in percentage points.",
        "",
        "The inverse-variance methods add 0.5 where a study has no event and weigh studies by variances that",
        "depend on their own events. With rare events that shifts the mean, and more studies only make them surer",
        "of it.",
        "",
        *summary(single, PROPORTION_METHODS),
        "",
        *table(single, PROPORTION_METHODS, 1),
        "",
        "## Risk ratios",
        "",
        f"True log risk ratios are normal around ln {RISK_RATIO:g} with variance tau²; control risks are the rate,",
        "give or take a fifth. Width is the mean width of the interval of the log risk ratio. Mantel-Haenszel",
        "supposes one true effect: under tau² > 0 its interval promises less than it is often read for.",
        "",
        *summary(paired, RATIO_METHODS),
        "",
        *table(paired, RATIO_METHODS, 2),
        "",
    ]
    if left_out:
        which = sorted({(scenario.rate, scenario.tau2) for scenario in left_out})
        named = "; ".join(f"rate {rate:g} with tau² {tau2:g}" for rate, tau2 in which)
        lines += [f"Left out, because such risk ratios would carry risks beyond 1: {named}.", ""]
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark and write its page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK_REPETITIONS} repetitions, printed, not written"
    )
    quick = parser.parse_args().quick
    page = report(QUICK_REPETITIONS if quick else REPETITIONS, list(scenarios()))
    if quick:
        print(page)
    else:
        OUTPUT.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
