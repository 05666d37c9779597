"""Meta-analysis of anybody's own table: studies with weights, the pooled line, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath

import numpy as np

from ketcli.owndata.lint import Question, question_effects
from ketcli.owndata.table import OwnTable, Request, read_table
from ketcli.report import Fact, Note, Report, Value
from ketcli.stats.effects.transforms import MEASURES
from ketcli.summaries.pool import bias as pool_bias
from ketcli.summaries.pool import explain, robustness
from ketcli.summaries.pool import groups as pool_groups
from ketcli.summaries.pool import moderators as pool_moderators
from ketcli.summaries.pool import notes as pool_notes
from ketcli.summaries.pool import sensitivity as pool_sensitivity
from ketcli.summaries.pool.absolute import absolute
from ketcli.summaries.pool.columns import COLUMNS, axis, displays
from ketcli.summaries.pool.job import Job, Part
from ketcli.summaries.pool.models import Line, beside, lead
from ketcli.summaries.pool.plan import Plan, Wanted, kind_wanted, settle
from ketcli.summaries.pool.request import Extras
from ketcli.summaries.pool.rows import Fields, pooled_row, prediction_row, study_rows, trial_row
from ketcli.summaries.pool.sample import Sample, make_sample
from ketcli.summaries.pool.words import answer_words, between_words, form, per_hundred

ALL = "All studies"


def pool(content: bytes, name: str, request: Request, wanted: Wanted, extras: Extras | None = None) -> Report:
    """Return the meta-analysis of a CSV file called `name`.

    `request` says how to read it, `wanted` how to pool it, both as typed and checked here. Raises the errors of
    `read_table` and `settle`. What overflows is refused by name or shown as undefined, without NumPy's warnings.
    """
    with np.errstate(all="ignore"):
        return _pool(content, name, request, wanted, extras or Extras())


def _pool(content: bytes, name: str, request: Request, wanted: Wanted, extras: Extras) -> Report:
    table = read_table(content, name, replace(request, kind=kind_wanted(wanted)))
    plan = settle(wanted, table.kind, clustered=bool(table.cluster) or table.apart, scale=table.scale)
    sample = make_sample(table, plan)
    shape = form(plan.measure, plan, sample.yi.tolist())
    job = Job(table, plan, sample, lead(sample, plan), shape, (*table.questions, *_questions(sample, plan)))
    parts = list(_parts(job, extras))
    rows = tuple(row for part in parts for row in part.rows)
    blocks = ("block",) if any("block" in row for row in rows) else ()
    return Report(
        title=_title(plan, table),
        columns=COLUMNS,
        rows=rows,
        displays=displays(table.kind, plan, rows, influence=extras.influence, tests=_tests(table, extras)),
        notes=tuple(note for part in parts for note in part.notes),
        facts=tuple(fact for part in parts for fact in part.facts),
        group_by=blocks,
        heading=blocks,
        emphasis=frozenset({"pooled", "subgroup"}),
        axis=axis(rows, plan),
        empty=f"{name} has no rows.",
    )


def _tests(table: OwnTable, extras: Extras) -> bool:
    """Return whether p-values and heterogeneity of many lines are what is looked for."""
    return bool(table.moderators or table.order or extras.leave_one_out or extras.bias or extras.robustness)


def _parts(job: Job, extras: Extras) -> Iterator[Part]:
    """Yield the parts of the report in the order people read them."""
    lines = pool_groups.group_lines(job, common_tau2=extras.common_tau2) if job.table.group else {}
    groups = pool_groups.subgroups(job, lines, common_tau2=extras.common_tau2) if job.table.group else None
    found, said = pool_sensitivity.influence(job) if extras.influence else ({}, Part())
    apart = pool_groups.overlapping(job)
    weights = pool_groups.group_weights(job, lines) if apart else None
    studies = _studies(job, found, weights)
    yield Part(studies if groups is None else _grouped(job, studies, groups, lines))
    if not apart:
        yield _answer(job)
    yield Part(notes=pool_notes.notes(job, beside(job.sample, job.plan)))
    if groups is not None:
        yield replace(groups, rows=tuple(row for row in groups.rows if row["kind"] == "test"))
    yield said
    if job.table.moderators:
        yield pool_moderators.moderators(job)
    if extras.leave_one_out:
        yield pool_sensitivity.leave_one_out(job)
    if job.table.order:
        yield pool_sensitivity.cumulative(job)
    if extras.bias:
        yield pool_bias.bias(job, force=extras.force)
    if extras.robustness:
        yield robustness.robustness(job)
    if extras.explain:
        yield explain.explain(job)
    yield Part(notes=tuple(Note("caution", f"Look again: {question}.") for question in job.questions))


def _questions(sample: Sample, plan: Plan) -> list[Question]:
    standardised = plan.measure in ("SMD", "SMDH", "SMD1", "SMCR", "SMCC", "SMCRH")
    return question_effects(
        sample.trials, sample.yi.tolist(), sample.vi.tolist(), standardised=standardised, ratio=plan.ratio
    )


def _studies(
    job: Job, influence: Mapping[int, dict[str, Value]], weights: Sequence[float] | None
) -> tuple[Fields, ...]:
    """Return the rows of the studies with their diagnostics and the questions about them.

    `weights` are those within groups that are not pooled together; None takes the pooled line's.
    """
    rows = study_rows(job.sample, job.plan, job.line, job.shape)
    for row, weight in zip(rows, weights or (), strict=False):
        row["weight"] = weight
    rows += [trial_row(trial, job.shape) for trial in job.table.trials if trial.reason]
    asked: dict[int, list[str]] = {}
    for question in job.questions:
        for line in question.lines:
            asked.setdefault(line, []).append(question.code)
    for row in rows:
        line = int(str(row["line"]))
        row.update(influence.get(line, {}), question=", ".join(asked.get(line, ())))
    return tuple(rows)


def _grouped(job: Job, studies: Sequence[Fields], groups: Part, lines: Mapping[str, Line]) -> tuple[Fields, ...]:
    """Return the studies group by group, each with its subgroup row and prediction behind it."""
    texts = {trial.line: trial.texts for trial in job.table.trials}
    named: dict[str, list[Fields]] = {}
    for row in studies:
        group = pool_groups.group_of(job, texts[int(str(row["line"]))])
        block: Fields = {"group": group, "block": pool_groups.heading(job, group, lines)}
        named.setdefault(group, []).append(row | block)
    for row in groups.rows:
        if row["kind"] != "test":
            named[str(row["group"])].append(row)
    return tuple(row for members in named.values() for row in members)


def _answer(job: Job) -> Part:
    """Return the pooled line, the lines beside it and the prediction interval, with the facts that sum them up."""
    if job.line is None:
        return Part()
    block: Fields = {"block": ALL} if job.table.group else {}
    row = pooled_row(job.line, job.plan, job.shape) | absolute(job.line, job.sample, job.plan) | block
    rows = [row]
    for other in beside(job.sample, job.plan):
        name = other.name if other.measure == job.plan.measure else f"{other.name}, odds ratio"
        rows.append(pooled_row(other, job.plan, job.shape, "alternative", name) | block)
    if (prediction := prediction_row(row)) is not None:
        rows.append(prediction)
    return Part(tuple(rows), facts=tuple(_facts(row, job.plan)))


def _facts(row: Fields, plan: Plan) -> list[Fact]:
    facts = [Fact("Answer", answer_words(row, plan))]
    if text := between_words(row):
        facts.append(Fact("Between studies", text))
    if text := per_hundred(row, plan):
        facts.append(Fact("Of 100 people", text))
    return facts


def _title(plan: Plan, table: OwnTable) -> str:
    """Return what is pooled and the file's bare name: its folder stands in the notes, not in a heading."""
    name = MEASURES[plan.measure].name
    return f"{name[:1].upper()}{name[1:]}: {PurePath(table.name).name or table.name}, {plan.percent} intervals"
