"""How fast and how long after a dose: rates and score differences by time, one line per regimen, drug and route."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from ketcli.errors import unknown_value
from ketcli.evidence import overlap
from ketcli.evidence.regimens import REGIMENS, Window
from ketcli.report import Axis, Column, Display, Note, Report, Row, Source, Value
from ketcli.selection import scores as score_rows
from ketcli.selection.rates import Rate, gather, pool_of, select
from ketcli.summaries import pooling
from ketcli.summaries.columns import columns
from ketcli.summaries.pooling import Settings
from ketcli.summaries.rates import group_title, interval, pool_title, population_words, sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters
    from ketcli.stats.results import Pooled

QUANTITIES = ("response", "remission", "effect")
WINDOWS = (
    Window(0.0, 0.0625, 40 / 1440, "40-90 min"),
    Window(0.0625, 0.5, 4 / 24, "2-12 h"),
    Window(0.5, 1.5, 1.0, "24 h"),
    Window(1.5, 4.5, 3.0, "2-4 d"),
    Window(4.5, 10.5, 7.0, "5-10 d"),
    Window(10.5, 21.5, 14.0, "11-21 d"),
    Window(21.5, 42.5, 28.0, "22-42 d"),
)
COLUMNS = (
    *columns("kind", "regimen", "drug", "route", "outcome"),
    Column("window", "Window", "code", "", "times since the first dose that count as one"),
    Column("from_days", "From", "days", "days", "window begins above this"),
    Column("to_days", "To", "days", "days", "window ends at this"),
    *columns("study_id", "label", "time_days", "scale", "events", "total", "rate", "measure", "estimate"),
    *columns("ci_low", "ci_high", "pi_low", "pi_high", "k", "model", "tau2", "i2", "control_drug"),
    *columns("control_total", "source_url", "new_antidepressant"),
)


def timeline(evidence: Evidence, filters: Filters, how: Settings, *, show_studies: bool = False) -> Report:
    """Return response, remission and effect against control by time since the first dose.

    One row per window: the pooled line of two studies or more, the study itself where there is one. Single doses
    and repeated courses are never in one line. `show_studies` lists the studies under each pooled line.
    """
    wanted = filters.outcome or QUANTITIES
    for name in wanted:
        if name not in QUANTITIES:
            raise unknown_value("outcome of the timeline", name, QUANTITIES)
    rows: list[Row] = []
    used: list[Rate] = []
    outcomes = tuple(name for name in wanted if name != "effect")
    if outcomes:
        rows, used = _rates(evidence, filters, how, outcomes, show_studies=show_studies)
    pages = list(sources(used))
    if "effect" in wanted:
        effects, effect_pages = _effects(evidence, filters, how, show_studies=show_studies)
        rows += effects
        pages += effect_pages
    return Report(
        title="By time since the first dose",
        columns=COLUMNS,
        rows=tuple(rows),
        displays=(
            Display("Time", "text", ("shown",)),
            Display("k", "integer", ("k",), align="right"),
            Display("n/N", "fraction", ("events", "counted"), align="right", rank=1),
            Display("n", "integer", ("n",), align="right", rank=3),
            Display("Rate", "percent-interval", ("rate", "rate_low", "rate_high")),
            Display("SMD", "number-interval", ("smd", "smd_low", "smd_high"), digits=2),
            Display("0 to 100 %", "strip", ("rate", "rate_low", "rate_high"), rank=2),
            Display("I²", "number", ("i2",), rank=4, digits=0, align="right"),
        ),
        notes=_notes(filters, how, rows),
        sources=tuple(dict.fromkeys(pages)),
        group_by=("block",),
        heading=("block",),
        emphasis=frozenset(),
        axis=Axis("percent"),
        picture="timeline",
        empty="No study has such a row at any time.",
        data_version=evidence.version,
    )


def _rates(
    evidence: Evidence, filters: Filters, how: Settings, outcomes: tuple[str, ...], *, show_studies: bool
) -> tuple[list[Row], list[Rate]]:
    gathered = gather(evidence, filters, outcomes)
    lines: dict[tuple[str, ...], list[tuple[Window, list[Rate]]]] = defaultdict(list)
    for window in WINDOWS:
        groups: dict[tuple[str, ...], list[Rate]] = defaultdict(list)
        for rate in select(evidence, replace(filters, at=window), outcomes, gathered).kept:
            if not rate.reason:
                groups[pool_of(rate)].append(rate)
        for key, members in groups.items():
            lines[key].append((window, members))
    rows: list[Row] = []
    used: list[Rate] = []
    ordered = [line for key in sorted(lines, key=_order) for line in lines[key]]
    pooled = pooling.pool_groups([members for _, members in ordered], how)
    for (window, members), line in zip(ordered, pooled, strict=True):
        rows.append(_rate_row(window, members, line, how))
        if show_studies and len(members) > 1:
            rows += [_rate_row(window, [member], None, how, indent="  ") for member in members]
        used += members
    return rows, used


def _order(key: tuple[str, ...]) -> tuple[object, ...]:
    """Return the sorting key of a line: regimen, drug, route, then response before remission, placebo first."""
    regimen, drug, route, last = key
    place = list(REGIMENS).index(regimen) if regimen in REGIMENS else len(REGIMENS)
    return (place, drug != "ketamine", route, last not in ("response", "placebo"), last)


def _rate_row(
    window: Window, members: Sequence[Rate], pooled: Pooled | None, how: Settings, indent: str = ""
) -> Row:
    """Return the pooled line of a window, or without one its only study."""
    first = members[0]
    row: dict[str, Value] = {
        "block": pool_title(first),
        "kind": "study" if pooled is None else "pooled",
        "regimen": first.regimen,
        "drug": first.drug,
        "route": first.route,
        "outcome": first.outcome,
        "window": window.label,
        "from_days": window.low,
        "to_days": window.high,
        "shown": window.label if not indent else f"{indent}{first.label}",
        "k": len(members),
        "events": sum(r.events or 0 for r in members),
        "total": sum(r.total or 0 for r in members),
        "counted": sum(r.total or 0 for r in members),
        "n": sum(r.total or 0 for r in members),
    }
    if pooled is None:
        share, low, high = interval(first, how)
        return row | {
            "study_id": first.study_id,
            "label": first.label,
            "time_days": first.time_days,
            "scale": first.scale,
            "rate": share,
            "ci_low": low,
            "ci_high": high,
            "rate_low": low,
            "rate_high": high,
            "source_url": first.source_url,
        }
    value = pooling.natural(pooled, "PLO")
    spread = pooling.heterogeneity(pooled)
    return row | {
        "rate": value.pop("estimate"),
        **value,
        "rate_low": value["ci_low"],
        "rate_high": value["ci_high"],
        **{name: spread[name] for name in ("model", "tau2", "i2")},
    }


def _effects(
    evidence: Evidence, filters: Filters, how: Settings, *, show_studies: bool
) -> tuple[list[Row], list[Source]]:
    """Return the standardised mean difference against control per window; negative favours the drug."""
    found = score_rows.contrasts(evidence, filters)
    overlaps = overlap.build(evidence.rows("studies"))
    lines: dict[tuple[str, ...], list[tuple[Window, list[score_rows.ScoreContrast]]]] = defaultdict(list)
    for window in WINDOWS:
        groups: dict[tuple[str, ...], list[score_rows.ScoreContrast]] = defaultdict(list)
        for contrast in score_rows.choose(found, window):
            groups[score_rows.pool_of(contrast)].append(contrast)
        for key, members in groups.items():
            sizes = {c.study_id: c.active.n + c.control.n for c in members}
            dropped = overlap.keep_one_each(list(sizes), sizes, overlaps)
            lines[key].append((window, [c for c in members if c.study_id not in dropped]))
    rows: list[Row] = []
    pages: list[Source] = []
    for key in sorted(lines, key=_order):
        for window, contrasts in lines[key]:
            rows.append(_effect_row(window, contrasts, how))
            if show_studies and len(contrasts) > 1:
                rows += [_effect_row(window, [c], how, indent="  ") for c in contrasts]
            pages += [Source(c.study_id, c.label, c.source_url) for c in contrasts]
    return rows, pages


def _effect_row(
    window: Window, members: Iterable[score_rows.ScoreContrast], how: Settings, indent: str = ""
) -> Row:
    from ketcli.stats.effects.means import mean_effects

    contrasts = list(members)
    first = contrasts[0]
    effects = mean_effects(
        "SMD",
        *([getattr(c.active, name) for c in contrasts] for name in ("mean", "sd", "n")),
        *([getattr(c.control, name) for c in contrasts] for name in ("mean", "sd", "n")),
    )
    pooled = pooling.pool_effects(effects.yi, effects.vi, how)
    spread = pooling.heterogeneity(pooled)
    single = len(contrasts) == 1
    value = pooling.natural(pooled, "SMD")
    title = group_title(first.regimen, first.drug, first.route)
    return {
        "block": f"{title}: score difference from {first.against}",
        "kind": "study" if single else "pooled",
        "regimen": first.regimen,
        "drug": first.drug,
        "route": first.route,
        "outcome": "effect",
        "window": window.label,
        "from_days": window.low,
        "to_days": window.high,
        "shown": f"{indent}{first.label}" if indent else window.label,
        "study_id": first.study_id if single else "",
        "label": first.label if single else "",
        "time_days": first.time_days if single else None,
        "scale": first.scale if single else "",
        "total": sum(c.active.n for c in contrasts),
        "control_total": sum(c.control.n for c in contrasts),
        "control_drug": first.control_drug,
        "new_antidepressant": first.new_antidepressant,
        "n": sum(c.active.n + c.control.n for c in contrasts),
        "measure": "SMD",
        **value,
        "smd": value["estimate"],
        "smd_low": value["ci_low"],
        "smd_high": value["ci_high"],
        "k": len(contrasts),
        **({} if single else {name: spread[name] for name in ("model", "tau2", "i2")}),
        "source_url": first.source_url if single else "",
    }


def _notes(filters: Filters, how: Settings, rows: Sequence[Row]) -> tuple[Note, ...]:
    notes = [
        Note("selection", f"Population: {population_words(filters)}."),
        Note(
            "choice",
            "One row per study and window, nearest to its centre; the studies differ from window to window, so a "
            "difference between two windows is not a change within people.",
        ),
        Note(
            "caution",
            "After one dose the later windows show its decay; in a repeated course they show doses adding up, and "
            "an early row of a course follows its first dose alone. Two studies give an interval that says little.",
        ),
    ]
    effects = [row for row in rows if row["outcome"] == "effect"]
    if len(effects) < len(rows):
        notes.append(Note("method", f"Windows of two studies or more: {pooling.proportion_words(how)}"))
    if effects:
        notes.append(
            Note(
                "method",
                "SMD: Hedges' g of change or end-point scores, drug minus control, so negative favours the drug; "
                f"pooled by random effects, τ² by {how.tau2}, {pooling.TEST_WORDS[how.test]}.",
            )
        )
    return tuple(notes)
