"""Subgroups of studies: a pooled line each, and the test between them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ketcli.owndata.choose import repeats
from ketcli.owndata.read import is_missing
from ketcli.report import Note
from ketcli.summaries.pool.job import Job, Part
from ketcli.summaries.pool.models import Line, fit
from ketcli.summaries.pool.rows import Fields, pooled_row, prediction_row, result_of_test
from ketcli.summaries.pool.words import test_words
from ketcli.summaries.pooling import spread

if TYPE_CHECKING:
    from ketcli.stats.subgroups import Between

MISSING = "not stated"


def group_of(job: Job, texts: Mapping[str, str]) -> str:
    """Return the group of a trial's cells: the value of the --by column."""
    cell = texts[job.table.group]
    return MISSING if is_missing(cell) else cell


def heading(job: Job, group: str, lines: Mapping[str, Line]) -> str:
    """Return the heading of a group's block: its value, and how much its studies differ."""
    line = lines.get(group)
    differ = spread(line.pooled) if line is not None else ""
    return f"{job.table.group}: {group}" + (f" ({differ})" if differ else "")


def overlapping(job: Job) -> bool:
    """Return whether groups share people: arms, outcomes or times of one study stand in several groups."""
    if not job.table.group:
        return False
    if not job.table.layout.arms:
        return not job.table.cluster and repeats(job.sample.trials)
    groups: dict[str, set[str]] = {}
    for trial in job.sample.trials:
        groups.setdefault(trial.study, set()).add(group_of(job, trial.texts))
    return any(len(found) > 1 for found in groups.values())


def group_lines(job: Job, *, common_tau2: bool) -> dict[str, Line]:
    """Return the pooled line of each group, in order of first appearance."""
    groups = _groups(job)
    if common_tau2:
        return _shared(job, groups)
    members = {label: np.array([g == label for g in groups]) for label in dict.fromkeys(groups)}
    return {label: line for label, rows in members.items() if (line := fit(job.sample.take(rows), job.plan))}


def group_weights(job: Job, lines: dict[str, Line]) -> list[float]:
    """Return the weight of each trial within its group, in percent."""
    groups = _groups(job)
    left = {label: iter(line.pooled.weights.tolist()) for label, line in lines.items()}
    return [next(left[group]) if group in left else math.nan for group in groups]


def subgroups(job: Job, lines: dict[str, Line], *, common_tau2: bool) -> Part:
    """Return a subgroup row (and prediction) per group, and the test between the groups."""
    groups = _groups(job)
    rows: list[Fields] = []
    for label, line in lines.items():
        row = pooled_row(line, job.plan, job.shape, "subgroup")
        row |= {"group": label, "block": heading(job, label, lines)}
        rows.append(row)
        if (prediction := prediction_row(row)) is not None:
            rows.append(prediction)
    if overlapping(job):
        text = (
            "Studies stand in several groups, which then share people or controls: the groups are neither "
            "pooled together nor compared."
        )
        return Part(tuple(rows), (Note("caution", text),))
    notes = [Note("method", _how(job, common_tau2))]
    between = _between(job, lines, common_tau2, groups)
    rows.append(_between_row(between, list(lines)))
    if between.note:
        notes.append(Note("method", between.note))
    if len(lines) > 1:
        notes.append(
            Note(
                "caution",
                "A difference between groups of studies is an observation: whatever else differs between "
                "them may be behind it.",
            )
        )
    return Part(tuple(rows), tuple(notes))


def _groups(job: Job) -> list[str]:
    return [group_of(job, trial.texts) for trial in job.sample.trials]


def _shared(job: Job, groups: Sequence[str]) -> dict[str, Line]:
    """Return the lines of groups that share one tau²."""
    from ketcli.errors import UsageError
    from ketcli.stats.subgroups import subgroup_analysis
    from ketcli.summaries.pool.models import NAMES

    plan, sample = job.plan, job.sample
    if plan.model != "random":
        raise UsageError(
            f"--common-tau2 has no meaning with --model {plan.model}",
            code="option-conflict",
            hint="use --model random",
        )
    used = sample.present
    labels = [group for group, here in zip(groups, used, strict=True) if here]
    prediction = "V" if plan.prediction == "none" else plan.prediction
    result = subgroup_analysis(
        sample.yi[used],
        sample.vi[used],
        labels,
        tau2=plan.tau2,
        test=plan.test if plan.test != "iqwig6" else "adhoc",
        level=plan.level,
        prediction=prediction,
        i2=plan.i2,
        common_tau2=True,
    )
    return {
        label: Line(pooled, sample.measure, NAMES["random"])
        for label, pooled in zip(result.labels, result.groups, strict=True)
    }


def _between(job: Job, lines: dict[str, Line], common_tau2: bool, groups: Sequence[str]) -> Between:
    from ketcli.stats.subgroups import compare_groups, subgroup_analysis

    plan, sample = job.plan, job.sample
    if not common_tau2:
        return compare_groups([line.pooled for line in lines.values()], plan.test)
    used = sample.present
    labels = [group for group, here in zip(groups, used, strict=True) if here]
    test = plan.test if plan.test != "iqwig6" else "adhoc"
    return subgroup_analysis(
        sample.yi[used], sample.vi[used], labels, tau2=plan.tau2, test=test, common_tau2=True
    ).between


def _between_row(between: Between, labels: Sequence[str]) -> Fields:
    words = test_words(between.name, between.statistic, between.df1, between.df2, between.p)
    row = result_of_test(
        "between-groups", " v ".join(labels), between.statistic, between.df1, between.p, df2=between.df2
    )
    return row | {"block": f"Do the groups differ? {words}"}


def _how(job: Job, common_tau2: bool) -> str:
    spread_of = "one τ² for all" if common_tau2 else "each with its own τ²"
    if job.plan.model in ("common", "mh", "peto"):
        spread_of = "no τ²"
    test = "Q" if job.plan.test == "z" else "F" if common_tau2 else "Welch's F"
    return f"Subgroups by {job.table.group}: the model of the pooled line, {spread_of}; between them: {test}."
