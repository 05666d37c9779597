"""One treatment against another: randomised trials pooled, then what stands apart, each kind of evidence marked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ketcli.errors import UsageError
from ketcli.report import Axis, Display, Fact, Report, Source
from ketcli.selection import comparisons, treatments
from ketcli.selection.arm_pairs import REASONS, Comparison
from ketcli.summaries import pooling
from ketcli.summaries.columns import columns
from ketcli.summaries.compare import beside as compare_beside
from ketcli.summaries.compare import notes as compare_notes
from ketcli.summaries.compare import rows as compare_rows
from ketcli.summaries.compare import scores as compare_scores
from ketcli.summaries.compare.indirect import Indirect, indirect
from ketcli.summaries.compare.rows import Fields
from ketcli.summaries.words import spoken

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters
    from ketcli.selection.treatments import Treatment
    from ketcli.summaries.pooling import Settings

OUTCOMES = ("response", "remission")
SCORE = "score"
SINGLE_ANSWERS = 2
NO_TRIAL = Fact("Randomised, head to head", "no trial with counts of both arms at a stated time.")
COLUMNS = columns(
    *("kind", "evidence", "study_id", "label", "first", "second", "regimen", "outcome", "new_antidepressant"),
    *("events", "total", "rate", "ci_low", "ci_high"),
    *("control_events", "control_total", "control_rate", "control_low", "control_high"),
    *("measure", "rr", "rr_low", "rr_high", "or", "or_low", "or_high", "rd", "rd_low", "rd_high", "rd_model"),
    *("nnt", "nnt_low", "nnt_high", "nnt_words", "estimate", "estimate_low", "estimate_high"),
    *("mean", "sd", "control_mean", "control_sd", "time_days", "time_anchor", "scale", "definition"),
    *("analysis_set", "drug", "route", "dose", "arms", "control_drug", "control_route", "control_dose"),
    *("control_arms", "via", "population", "design", "year", "n", "percent", "crossover", "events_derived"),
    *("source_kind", "weight", "pooled", "reason", *pooling.POOLED_COLUMNS, "p_text", "notes"),
    *("source_url", "source_where"),
)


def compare(
    evidence: Evidence,
    filters: Filters,
    how: Settings,
    first: str,
    second: str,
    *,
    force_indirect: bool = False,
    control_risk: float | None = None,
    show_left_out: bool = False,
) -> Report:
    """Return two treatments side by side: trials, pooled lines, indirect estimates, and what can only be shown.

    `first` and `second` are names such as ketamine, placebo, iv, twice-weekly or conventional. `control_risk`
    (0-1) turns pooled ratios into differences at that risk; `force_indirect` computes indirect estimates whose
    trials differ in more than the treatment; `show_left_out` lists rows that the selection left out.
    """
    sides = (treatments.parse(first), treatments.parse(second))
    if sides[0] == sides[1]:
        raise UsageError(f"{first} and {second} are the same treatment", code="same-treatment", hint="ket compare")
    outcomes = tuple(name for name in filters.outcome or OUTCOMES if name != SCORE)
    chosen = comparisons.select(evidence, filters, *sides, outcomes)
    said: dict[str, list[str]] = {}
    rows, facts = _pools(chosen.kept, how, said, control_risk, sides)
    pages = [Source(p.first.study_id, p.first.label, p.first.source_url) for p in (*chosen.kept, *chosen.apart)]
    rows += _apart(chosen.apart, how, sides)
    counted = {(p.first.study_id, p.first.outcome) for p in (*chosen.kept, *chosen.apart)}
    scores, more = compare_scores.rows(evidence, filters, how, *sides)
    if SCORE in filters.outcome or not counted:
        rows, pages = rows + scores, pages + more
        counted |= {(str(row["study_id"]), SCORE) for row in scores if row["kind"] == "study"}
    linked = indirect(evidence, filters, how, *sides, outcomes, force=force_indirect) if outcomes else Indirect()
    rows += linked.rows
    pages += linked.sources
    wanted = (*outcomes, SCORE) if SCORE in filters.outcome or not counted else outcomes
    for found, where in _beside(evidence, filters, how, sides, wanted, counted):
        rows, pages = rows + found, pages + where
    if show_left_out:
        rows += [compare_rows.study_row(p, how, "Left out", kind="left-out") for p in chosen.left_out]
    names = [spoken(side.name) for side in sides]
    context = compare_notes.Context(
        filters, how, tuple(names), outcomes, control_risk, bool(scores) and not _has_scores(rows), show_left_out
    )
    return Report(
        title=f"{names[0][:1].upper()}{names[0][1:]} v {names[1]}, with {how.percent} intervals",
        columns=COLUMNS,
        rows=tuple(_shown(row) for row in rows),
        facts=tuple(facts) or (NO_TRIAL,) * bool(outcomes),
        displays=_displays(names, how),
        notes=compare_notes.notes(chosen, linked, context, rows, said),
        sources=tuple(dict.fromkeys(pages)),
        group_by=("block",),
        heading=("block",),
        emphasis=frozenset({"pooled", "indirect"}),
        axis=Axis("log", null=1.0, left=f"more with {names[1]}", right=f"more with {names[0]}"),
        empty=compare_notes.empty(chosen, context),
        data_version=evidence.version,
    )


def as_risk(percent: float | None) -> float | None:
    """Return a control risk given in per cent as a proportion; UsageError outside 0 to 100."""
    if percent is None:
        return None
    if not 0.0 < percent < 100.0:
        raise UsageError(
            f"a risk of {percent:g} % cannot be used", code="bad-risk", hint="give per cent: --control-risk 30"
        )
    return percent / 100.0


def _shown(row: Fields) -> Fields:
    """Return a row with what the table shows of counts and rates: a percent alone stands where counts would."""
    extra: Fields = {}
    for side in ("", "control_"):
        if row.get(f"{side}bare_rate") is None:
            extra[f"{side}counted_rate"] = row.get(f"{side}rate")
        if row.get("outcome") != SCORE:
            extra |= {
                f"{side}shown_events": row.get(f"{side}events"),
                f"{side}shown_total": row.get(f"{side}total"),
            }
    return {**row, **extra}


def _has_scores(rows: Sequence[Fields]) -> bool:
    return any(row.get("outcome") == SCORE for row in rows)


def _pools(
    kept: Sequence[Comparison],
    how: Settings,
    said: dict[str, list[str]],
    control_risk: float | None,
    sides: tuple[Treatment, Treatment],
) -> tuple[list[Fields], list[Fact]]:
    """Return the studies and lines of every pool, the largest kind first, and each answer in a sentence."""
    pools: dict[tuple[object, ...], list[Comparison]] = defaultdict(list)
    sizes: Counter[tuple[object, ...]] = Counter()
    for pair in kept:
        pools[pair.pool].append(pair)
        sizes[_kind(pair)] += pair.people
    rows: list[Fields] = []
    answers: list[tuple[int, Fact]] = []
    order = list(dict.fromkeys(pair.first.outcome for pair in kept))

    def place(members: list[Comparison]) -> tuple[object, ...]:
        kind = _kind(members[0])
        return (-sizes[kind], kind, order.index(members[0].first.outcome), -sum(pair.people for pair in members))

    for members in sorted(pools.values(), key=place):
        block = compare_rows.title(members)
        lines = compare_rows.pool(members, how, block, control_risk)
        weights = lines.weights or (None,) * len(members)
        rows += [compare_rows.study_row(p, how, block, weight=w) for p, w in zip(members, weights, strict=True)]
        rows += lines.rows
        answers.append((len(members), compare_notes.fact(block, members, lines.rows or rows[-1:], sides)))
        for note in lines.notes:
            said.setdefault(note, []).append(block)
    # pooled lines answer; where no pool has two studies the first ones do
    several = [answer for k, answer in answers if k > 1]
    return rows, several or [answer for _, answer in answers[:SINGLE_ANSWERS]]


def _kind(pair: Comparison) -> tuple[str, ...]:
    """Return what is compared, whatever the outcome, as a key that sorts."""
    return (pair.regimen, pair.first_is, pair.second_is, str(pair.new_antidepressant))


def _apart(pairs: Sequence[Comparison], how: Settings, sides: tuple[Treatment, Treatment]) -> list[Fields]:
    """Return pairs that are not pooled, one block per reason."""
    blocks: dict[str, list[Comparison]] = defaultdict(list)
    for pair in pairs:
        blocks[f"Not pooled: {REASONS.get(pair.reason, pair.reason)}"].append(pair)
    return [
        compare_rows.study_row(pair, how, block) | {"shown": compare_rows.named(pair, sides)}
        for block, members in blocks.items()
        for pair in members
    ]


def _beside(
    evidence: Evidence,
    filters: Filters,
    how: Settings,
    sides: tuple[Treatment, Treatment],
    outcomes: Sequence[str],
    counted: set[tuple[str, str]],
) -> list[tuple[list[Fields], list[Source]]]:
    """Return the blocks that are never pooled, each with its pages."""
    found: list[tuple[list[Fields], list[Source]]] = []
    if evidence.has("factors"):
        found.append(compare_beside.printed(evidence, filters, sides, outcomes, counted))
    if evidence.has("conventional") and any(side.step is not None for side in sides):
        found.append(compare_beside.steps(evidence, filters, how, sides, outcomes, counted))
    return found


def _displays(names: Sequence[str], how: Settings) -> tuple[Display, ...]:
    first, second = (name[:1].upper() + name[1:] for name in names)
    counts = ("shown_events", "shown_total", "bare_rate")
    odds = how.model in ("peto", "glmm")
    ratio = "or" if odds else "rr"
    return (
        Display("Study", "text", ("shown",)),
        Display(first, "fraction", counts, align="right"),
        Display("Rate", "percent-interval", ("counted_rate", "ci_low", "ci_high"), rank=4),
        Display(
            second, "fraction", ("control_shown_events", "control_shown_total", "control_bare_rate"), align="right"
        ),
        Display("Rate", "percent-interval", ("control_counted_rate", "control_low", "control_high"), rank=4),
        Display("Risk ratio", "ratio-interval", ("rr", "rr_low", "rr_high"), rank=5 if odds else 0),
        Display("Effect", "effect", ("measure", "estimate", "estimate_low", "estimate_high"), rank=1),
        Display("Mean", "number", ("mean",), rank=6, align="right"),
        Display("Mean", "number", ("control_mean",), rank=6, align="right"),
        Display("In 100", "points-interval", ("rd", "rd_low", "rd_high"), rank=1),
        Display("NNT", "needed", ("nnt", "nnt_low", "nnt_high"), rank=2),
        Display("", "strip", (ratio, f"{ratio}_low", f"{ratio}_high"), rank=3),
        Display("Odds ratio", "ratio-interval", ("or", "or_low", "or_high"), rank=0 if odds else 5),
        Display("Time", "time", ("time_days",), rank=5, align="right"),
        Display("Scale", "text", ("scale",), rank=6),
        Display("Dose", "text", ("dose",), rank=7),
        Display("Weight", "number", ("weight",), rank=7, align="right"),
        Display("Analysed", "text", ("analysis_set",), rank=8),
        Display("Design", "text", ("design",), rank=8),
        Display("Arms", "text", ("arms",), rank=9),
        Display("Why not pooled", "text", ("reason",), rank=2, only=frozenset({"left-out"})),
    )
