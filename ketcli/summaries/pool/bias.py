"""Small-study effects: tests of funnel asymmetry, and what the result becomes under models of missing studies.

No test tells missing studies from real differences between small and large ones; under ten studies they tell hardly
anything (Cochrane Handbook, chapter 13), so that they are made there only when asked for twice.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ketcli.report import Note
from ketcli.stats.effects.transforms import MEASURES
from ketcli.summaries.pool.job import Job, Part
from ketcli.summaries.pool.models import natural_scale
from ketcli.summaries.pool.rows import Fields, result_of_test, strip_of
from ketcli.summaries.pooling import finite

if TYPE_CHECKING:
    from ketcli.stats.small_studies.bias import RankTest
    from ketcli.stats.small_studies.small_study import SmallStudyTest

FEWEST = 10
BLOCK = "Small-study effects"
NAMES = {
    "egger": "Egger's test",
    "peters": "Peters's test",
    "harbord": "Harbord's test",
    "macaskill": "Macaskill's test",
    "pustejovsky": "Pustejovsky and Rodgers's test",
}


def bias(job: Job, *, force: bool) -> Part:
    """Return tests and adjusted estimates; a note alone under ten studies unless `force`, and for clusters."""
    sample = job.sample
    used = sample.present
    k = int(used.sum())
    if sample.cluster is not None and len(set(sample.cluster)) < sample.k:
        return _refused("the tests suppose that effects are independent, and these are clustered.")
    if k < FEWEST and not force:
        return _refused(
            f"{k} {'study is' if k == 1 else 'studies are'} fewer than the {FEWEST} that the Cochrane Handbook "
            "(chapter 13) asks for: the tests would hardly tell chance from asymmetry. --force makes them."
        )
    if k < 3:
        return _refused(f"{k} studies; every test needs at least three.")
    tests, notes = _tests(job, used)
    rows = [_test_row(test) for test in tests] + [_rank_row(job, used)]
    adjusted, more = _adjusted(job, used)
    rows += adjusted
    excess, said = _excess(job, used)
    rows += excess
    block: Fields = {"block": BLOCK, "measure": job.plan.measure}
    unique = dict.fromkeys((*notes, *more, *said))
    out = [Note("method", _method(job)), *(Note("method", text) for text in unique)]
    out.append(
        Note(
            "caution",
            "Asymmetry has other causes than missing studies: small studies may differ in people, doses or care. "
            "The adjusted estimates are sensitivity analyses.",
        )
    )
    if MEASURES[job.plan.measure].kind == "proportion":
        out.append(
            Note(
                "caution",
                "Proportions and their standard errors depend on each other, so that asymmetry of single "
                "arms is no sign of missing studies (Hunter 2014).",
            )
        )
    return Part(tuple(row | block for row in rows), tuple(out))


def _refused(why: str) -> Part:
    return Part(notes=(Note("caution", f"No tests for small-study effects: {why}"),))


def _tests(job: Job, used: NDArray[np.bool_]) -> tuple[list[SmallStudyTest], list[str]]:
    """Return the regression tests that suit the measure: Egger's for all, score tests for counts."""
    from ketcli.stats.small_studies import bias as stats

    sample, level = job.sample, job.plan.level
    yi, vi, ni = sample.yi[used], sample.vi[used], sample.ni[used]
    tests = [stats.egger(yi, vi, level=level)]
    counts = tuple(column[used] for column in sample.counts)
    if len(counts) == 4 and job.plan.measure in ("OR", "RR", "PETO"):
        a, n1, c, n2 = counts
        tests.append(stats.peters(yi, a, n1, c, n2, level=level))
        tests.append(stats.harbord(a, n1, c, n2, measure="RR" if job.plan.measure == "RR" else "OR", level=level))
    elif job.plan.measure in ("SMD", "SMDH", "SMD1"):
        rows = [trial for trial, here in zip(sample.trials, used, strict=True) if here]
        sizes = ([t.numbers[role] for t in rows] for role in ("total", "control_total"))
        tests.append(stats.pustejovsky(yi, vi, *sizes, level=level))
    elif np.isfinite(ni).all():
        tests.append(stats.macaskill(yi, vi, ni, level=level))
    return tests, [f"{NAMES[t.method]}: {text}" for t in tests for text in t.notes if "Cochrane" not in text]


def _test_row(test: SmallStudyTest) -> Fields:
    label = f"{NAMES[test.method]}: slope on {test.predictor}"
    row = result_of_test(test.method, label, test.statistic, test.df, test.p, df2=math.inf)
    return row | {"k": test.k, "yi": finite(test.bias), "se": finite(test.bias_se), "test": "t"}


def _rank_row(job: Job, used: NDArray[np.bool_]) -> Fields:
    from ketcli.stats.small_studies.bias import begg

    rank: RankTest = begg(job.sample.yi[used], job.sample.vi[used])
    label = f"Begg and Mazumdar's rank test{', exact' if rank.exact else ''}"
    row = result_of_test("begg", label, rank.tau, math.inf, rank.p, df2=math.inf)
    return row | {"k": rank.k, "yi": finite(rank.tau)}


def _adjusted(job: Job, used: NDArray[np.bool_]) -> tuple[list[Fields], list[str]]:
    """Return the estimates under trim and fill, PET-PEESE and the three-parameter selection model."""
    from ketcli.stats.small_studies.bias import pet_peese
    from ketcli.stats.small_studies.selection import selection_model
    from ketcli.stats.small_studies.trim_and_fill import trim_and_fill

    plan = job.plan
    yi, vi = job.sample.yi[used], job.sample.vi[used]
    common = plan.model in ("common", "mh", "peto")
    test = plan.test if plan.test in ("adhoc", "knha", "t", "z") and plan.model != "glmm" else "adhoc"
    filled = trim_and_fill(yi, vi, model="common" if common else plan.tau2, test=test, level=plan.level)
    notes = [f"Trim and fill: {text}" for text in filled.notes if "Read it as" not in text]
    rows: list[Fields] = []
    if filled.adjusted is not None and filled.missing is not None:
        count = f"{filled.missing} {'study' if filled.missing == 1 else 'studies'} filled in on the {filled.side}"
        line = filled.adjusted
        rows.append(
            _estimate(
                job,
                "trim-and-fill",
                f"Trim and fill, {count}",
                line.estimate,
                line.se,
                line.ci_low,
                line.ci_high,
                line.p,
            )
        )
        rows[-1] |= {"k": line.k, "tau2": finite(line.tau2), "model": line.model}
    pet = pet_peese(yi, vi, level=plan.level)
    if pet.chosen:
        label = f"PET-PEESE ({pet.chosen}): a study without error"
        rows.append(_estimate(job, "pet-peese", label, pet.estimate, pet.se, pet.ci_low, pet.ci_high, pet.p))
        rows[-1] |= {"k": pet.k, "statistic": finite(pet.statistic), "df": finite(pet.df)}
    notes += [f"PET-PEESE: {text}" for text in pet.notes if "Cochrane" not in text]
    side = _favoured(job)
    model = selection_model(yi, vi, alternative=side, level=plan.level)
    notes += [f"Selection model: {text}" for text in model.notes]
    label = "Selection model, one step at p 0.025"
    row = _estimate(job, "selection-model", label, model.estimate, model.se, model.ci_low, model.ci_high, model.p)
    rows.append(row | {"k": model.k, "tau2": finite(model.tau2)})
    label = "Selection model: is there selection?"
    rows.append(result_of_test("selection-test", label, model.lrt, float(model.lrt_df), model.lrt_p, df2=math.inf))
    return rows, notes


def _estimate(
    job: Job, term: str, label: str, estimate: float, se: float, low: float, high: float, p: float
) -> Fields:
    """Return the row of an adjusted estimate on the scale that is shown."""
    sizes = job.sample.ni[job.sample.present]
    back = natural_scale(job.plan.measure, job.plan, sizes if job.plan.measure == "PFT" else None)

    def shown(value: float) -> float | None:
        return finite(float(back(value))) if math.isfinite(value) else None

    ends: Fields = {"estimate": shown(estimate), "ci_low": shown(low), "ci_high": shown(high)}
    return {
        "kind": "adjusted",
        "term": term,
        "label": label,
        "ci_level": job.plan.level,
        "yi": finite(estimate),
        "se": finite(se),
        **ends,
        **strip_of(ends),
        "form": job.shape,
        "p": finite(p),
    }


def _excess(job: Job, used: NDArray[np.bool_]) -> tuple[list[Fields], list[str]]:
    """Return the test of excess significance; nothing for measures without a null value."""
    if math.isnan(MEASURES[job.plan.measure].null):
        return [], []
    from ketcli.stats.small_studies.excess_significance import excess_significance

    found = excess_significance(job.sample.yi[used], job.sample.vi[used])
    label = f"Excess significance: {found.observed} significant, {found.expected:.1f} expected"
    row = result_of_test("excess-significance", label, found.statistic, math.inf, found.p, df2=math.inf)
    return [row | {"k": found.k}], [f"Excess significance: {text}" for text in found.notes]


def _favoured(job: Job) -> str:
    """Return the direction that selection would favour: that of the pooled effect."""
    return "greater" if job.line is None or job.line.pooled.estimate >= 0.0 else "less"


def _method(job: Job) -> str:
    side = "positive" if _favoured(job) == "greater" else "negative"
    tests = "Egger's regression on the standard error"
    if job.plan.measure in ("OR", "RR", "PETO"):
        tests += " (linked with the effect for ratios: prefer Peters's or Harbord's)"
    return (
        f"Small-study effects: {tests}; Begg and Mazumdar; trim and fill (L0); conditional PET-PEESE; one-step "
        f"selection model favouring {side} effects, with its likelihood-ratio test."
    )
