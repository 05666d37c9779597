"""Response and remission rates by study, grouped by regimen and drug, each group ending with its pooled line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from ketcli.evidence.regimens import REGIMENS
from ketcli.report import Axis, Display, Note, Report, Row, Source, Value
from ketcli.selection.rates import REASONS, Rate, Selection, pool_of, select
from ketcli.summaries import pooling
from ketcli.summaries.columns import columns
from ketcli.summaries.pooling import Settings

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.event_counts import Count
    from ketcli.selection.filters import Filters
    from ketcli.stats.results import Pooled

OUTCOMES = ("response", "remission")
COLUMNS = columns(
    *("kind", "study_id", "label", "regimen", "outcome", "events", "total", "rate", "ci_low", "ci_high"),
    *("time_days", "time_anchor", "scale", "definition", "analysis_set", "drug", "route", "dose", "arms"),
    *("population", "design", "year", "control_drug", "control_events", "control_total", "control_rate"),
    *(
        "control_low",
        "control_high",
        "crossover",
        "events_derived",
        "source_kind",
        "pooled",
        "reason",
        "percent",
    ),
    *pooling.POOLED_COLUMNS,
    *("source_url", "source_where"),
)


def rates(
    evidence: Evidence,
    filters: Filters,
    how: Settings,
    *,
    show_arms: bool = False,
    show_controls: bool = False,
    show_left_out: bool = False,
) -> Report:
    """Return rates by study with their intervals, pooled per regimen, drug, route and outcome.

    `show_arms` and `show_controls` bring arms and control rates to the front of the table, `show_left_out`
    lists the rows that the selection left out, each with its reason; the machine columns are always the same.
    """
    outcomes = filters.outcome or OUTCOMES
    selection = select(evidence, filters, outcomes)
    rows: list[Row] = []
    notes: dict[str, list[str]] = {}
    groups = [list(group) for _, group in groupby(selection.kept, key=pool_of)]
    poolable = [[rate for rate in members if not rate.reason] for members in groups]
    for members, pool, line in zip(groups, poolable, pooling.pool_groups(poolable, how), strict=True):
        rows += [_study_row(rate, how) for rate in members]
        rows += [] if line is None else _pooled_rows(pool, line, notes)
    if show_left_out:
        rows += [_study_row(rate, how, kind="left-out") for rate in selection.left_out]
    return Report(
        title=f"{_title(outcomes)} by study, with {how.percent} intervals",
        columns=COLUMNS,
        rows=tuple(rows),
        displays=_displays(show_arms=show_arms, show_controls=show_controls, show_left_out=show_left_out),
        notes=_notes(selection, filters, how, notes, listed=show_left_out),
        sources=sources(selection.kept),
        group_by=("block",),
        heading=("block",),
        emphasis=frozenset({"pooled"}),
        axis=Axis("percent", low=0.0, high=1.0),
        empty=_empty(selection, filters),
        data_version=evidence.version,
    )


def sources(rates: Sequence[Rate | Count]) -> tuple[Source, ...]:
    """Return the pages that the rates were read on, each once, in the order of the rates."""
    seen = {(r.study_id, r.source_url): Source(r.study_id, r.label, r.source_url) for r in rates}
    return tuple(seen.values())


def interval(rate: Rate | Count, how: Settings) -> tuple[float | None, float | None, float | None]:
    """Return the proportion with its limits; a rate known only as a percent has none."""
    if rate.events is None or rate.total is None:
        return (None if rate.percent is None else rate.percent / 100.0), None, None
    from ketcli.stats.intervals import proportion_interval

    low, high = proportion_interval(rate.events, rate.total, how.interval, how.level)
    return rate.events / rate.total, float(low[0]), float(high[0])


def _study_row(rate: Rate, how: Settings, kind: str = "study") -> dict[str, Value]:
    estimate, low, high = interval(rate, how)
    row: dict[str, Value] = {
        "kind": kind,
        "block": pool_title(rate) if kind == "study" else "Left out",
        "study_id": rate.study_id,
        "label": rate.label,
        "regimen": rate.regimen,
        "outcome": rate.outcome,
        "events": rate.events,
        "total": rate.total,
        "rate": estimate,
        "ci_low": low,
        "ci_high": high,
        "time_days": rate.time_days,
        "time_shown": None if rate.time_anchor == "last-dose" else rate.time_days,
        "time_anchor": rate.time_anchor,
        "scale": rate.scale,
        "definition": rate.definition,
        "analysis_set": rate.analysis_set,
        "drug": rate.drug,
        "route": rate.route,
        "dose": rate.dose,
        "arms": " ".join(rate.arms),
        "population": rate.population,
        "design": rate.design,
        "year": rate.year,
        "crossover": rate.crossover,
        "events_derived": rate.events_derived,
        "source_kind": rate.source_kind,
        "pooled": kind == "study" and not rate.reason,
        "reason": why(rate),
        "percent": rate.percent,
        "source_url": rate.source_url,
        "source_where": rate.source_where,
    }
    if rate.control is not None:
        share, low, high = interval(rate.control, how)
        row |= {
            "control_drug": rate.control.drug,
            "control_events": rate.control.events,
            "control_total": rate.control.total,
            "control_rate": share,
            "control_low": low,
            "control_high": high,
        }
    return row


def why(rate: Rate) -> str:
    """Return in words why a rate is not pooled, "" when it is."""
    text = REASONS.get(rate.reason, rate.reason)
    return f"{text} ({rate.clash})" if rate.clash else text


def group_title(regimen: str, drug: str, route: str) -> str:
    """Return in words what shares a pooled line: regimen, route and drug."""
    title = (
        REGIMENS[regimen].title if regimen in REGIMENS else f"Regimen not stated, {regimen}" if regimen else "Other"
    )
    return title if regimen == "esketamine-oral-ad" else f"{title}, {route} {drug}".replace("  ", " ")


def pool_title(rate: Rate) -> str:
    """Return the heading of the pool a rate belongs to: regimen, route, drug and outcome."""
    regimen, drug, route, outcome = pool_of(rate)
    return f"{group_title(regimen, drug, route)}: {outcome}"


def _pooled_rows(members: Sequence[Rate], pooled: Pooled, notes: dict[str, list[str]]) -> list[Row]:
    """Return the pooled line of a group and its prediction interval."""
    events, totals = pooling.counts(members)
    value = pooling.natural(pooled, "PLO")
    first = members[0]
    block = pool_title(first)
    shared: dict[str, Value] = {
        "block": block,
        "regimen": first.regimen,
        "outcome": first.outcome,
        "drug": first.drug,
        "route": first.route,
        **pooling.heterogeneity(pooled),
        "pi_low": value["pi_low"],
        "pi_high": value["pi_high"],
    }
    line: dict[str, Value] = {
        "kind": "pooled",
        "label": f"Pooled, {pooled.k} studies",
        "events": sum(events),
        "total": sum(totals),
        "rate": value["estimate"],
        "ci_low": value["ci_low"],
        "ci_high": value["ci_high"],
        **shared,
    }
    for note in pooling.cautions(pooled):
        notes.setdefault(note, []).append(block)
    between = pooling.spread(pooled)
    if value["pi_low"] is None:
        return [line | {"label": f"{line['label']}; {between}" if between else line["label"]}]
    prediction = {
        "kind": "prediction",
        "label": f"Next study may lie in; {between}",
        "ci_low": value["pi_low"],
        "ci_high": value["pi_high"],
        **shared,
    }
    return [line, prediction]


def _displays(*, show_arms: bool, show_controls: bool, show_left_out: bool) -> tuple[Display, ...]:
    control_rank = 1 if show_controls else 7
    shown = (
        Display("Study", "text", ("label",)),
        Display("n/N", "fraction", ("events", "total"), align="right"),
        Display("Rate", "percent-interval", ("rate", "ci_low", "ci_high")),
        Display("0 to 100 %", "strip", ("rate", "ci_low", "ci_high"), rank=1),
        Display("Time", "time", ("time_shown",), rank=2, align="right"),
        Display("Scale", "text", ("scale",), rank=3),
        Display("Dose", "text", ("dose",), rank=2 if show_arms else 5),
        Display("Route", "text", ("route",), rank=2 if show_arms else 6),
        Display("Arms", "text", ("arms",), rank=1 if show_arms else 10),
        Display("Control", "text", ("control_drug",), rank=control_rank),
        Display("n/N", "fraction", ("control_events", "control_total"), rank=control_rank, align="right"),
        Display("Rate", "percent-interval", ("control_rate", "control_low", "control_high"), rank=control_rank),
        Display("Analysed", "text", ("analysis_set",), rank=8),
        Display("Design", "text", ("design",), rank=8),
        Display("Definition", "text", ("definition",), rank=9),
    )
    reason = Display("Why not pooled", "text", ("reason",), rank=1 if show_left_out else 4)
    return (*shown, reason)


def _title(outcomes: Sequence[str]) -> str:
    return " and ".join(outcomes).capitalize()


def _notes(
    selection: Selection,
    filters: Filters,
    how: Settings,
    pooled_notes: Mapping[str, Sequence[str]],
    *,
    listed: bool,
) -> tuple[Note, ...]:
    notes = [
        Note("selection", f"Population: {population_words(filters)}. {_window_words(filters, selection.kept)}"),
        Note(
            "choice",
            "One row per study: nearest to the window's centre, then MADRS before HDRS, QIDS and others, itt "
            "before mitt, observed and completers, primary before secondary sources, printed before derived "
            "counts. Arms of one drug are added up.",
        ),
        Note("method", f"Single studies: {how.interval} interval. Pooled: {pooling.proportion_words(how)}"),
        Note(
            "caution",
            "Do not set the groups side by side: drug, route, regimen, control and time change together. "
            "Rates without a control arm include what placebo and time would have done.",
        ),
        *(Note("caution", f"{text} ({len(blocks)} of the groups)") for text, blocks in pooled_notes.items()),
    ]
    if selection.left_out and not listed:
        counts = Counter(REASONS.get(r.reason, r.reason) for r in selection.left_out)
        reasons = ", ".join(f"{n} {reason}" for reason, n in counts.most_common(4))
        more = "" if len(counts) <= 4 else " ..."
        notes.append(
            Note(
                "selection",
                f"{len(selection.left_out)} rows not shown: {reasons}{more}; --left-out lists them.",
            )
        )
    return tuple(notes)


def population_words(filters: Filters) -> str:
    """Return who is included, in words."""
    from ketcli.selection.filters import TRD

    if filters.population == TRD:
        return "treatment-resistant depression (trd-mdd and mixed-trd); --population adds others"
    return ", ".join(filters.population) if filters.population else "all"


def _window_words(filters: Filters, kept: Sequence[Rate]) -> str:
    if filters.at is not None:
        return f"Time: {filters.at.label}."
    codes = dict.fromkeys(r.regimen for r in kept if r.regimen in REGIMENS)
    parts = [f"{REGIMENS[c].title.lower()}: {REGIMENS[c].window.label}" for c in codes]
    return "Times: " + "; ".join(parts) + "." if parts else ""


def _empty(selection: Selection, filters: Filters) -> str:
    asked = filters.described()
    where = f" for {asked}" if asked else ""
    if selection.left_out:
        return f"No row can be shown{where}: {len(selection.left_out)} rows were left out; --left-out lists them."
    return f"No study has such a row{where}."
