"""Side effects of the drug against control: an overview of the commonest events, or every study of some events."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from ketcli.errors import UsageError, unknown_value
from ketcli.evidence.codes import PHASES
from ketcli.report import Axis, Display, Report
from ketcli.selection import event_names
from ketcli.selection.event_counts import REASONS, Count
from ketcli.selection.event_names import SERIOUS, STOPPED
from ketcli.selection.events import Selection, select
from ketcli.summaries import contrasts, pooling
from ketcli.summaries.columns import columns
from ketcli.summaries.rates import sources
from ketcli.summaries.side_effects import rows as event_rows
from ketcli.summaries.side_effects.notes import SHOWN_EVENTS, elsewhere, related, side_effect_notes
from ketcli.summaries.side_effects.rows import Fields, PooledRows

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters
    from ketcli.summaries.pooling import Settings

COLUMNS = columns(
    *("kind", "study_id", "label", "event", "term", "drug", "route", "dose", "arms"),
    *("events", "total", "rate", "ci_low", "ci_high"),
    *("control_drug", "control_events", "control_total", "control_rate", "control_low", "control_high"),
    *(
        "rr",
        "rr_low",
        "rr_high",
        "or",
        "or_low",
        "or_high",
        "rd",
        "rd_low",
        "rd_high",
        "rd_model",
        "rd_tau2",
        "rd_i2",
    ),
    *("nnh", "nnh_low", "nnh_high", "nnh_words", "phase", "serious", "grouped", "pooled", "reason"),
    *("population", "design", "year", "percent", "events_derived", "source_kind", "weight", "measure"),
    *pooling.POOLED_COLUMNS,
    *("source_url", "source_where"),
)
POOLED_KINDS = frozenset({"pooled", "alternative", "prediction", "incidence"})


def side_effects(
    evidence: Evidence,
    filters: Filters,
    how: Settings,
    *,
    event: Sequence[str] | str = (),
    serious: bool = False,
    phase: Sequence[str] | str = (),
    pooled_only: bool = False,
    show_left_out: bool = False,
) -> Report:
    """Return counts of side effects in drug and control arms, their contrasts and pooled lines.

    Without `event`: the events that most studies report, one line per drug and route, with serious events and
    stopping at the end. With it: every study of the events, rows that must not be pooled apart and with the reason.
    `phase` and `serious` limit both; `pooled_only` leaves single studies out, `show_left_out` lists dropped rows.
    """
    _refuse_times(filters)
    phases = _phases([phase] if isinstance(phase, str) else phase)
    known = event_names.names(evidence)
    typed = [event] if isinstance(event, str) else list(event)
    asked = event_names.match_all(typed, known)
    selection = select(evidence, filters, events=asked, phases=phases, serious_only=serious)
    said: dict[str, list[str]] = {}
    rows = (
        _event_rows(selection.kept, how, said)
        if asked
        else _overview_rows(selection.kept, how, said, serious=serious)
    )
    if pooled_only:
        rows = [row for row in rows if row["kind"] in POOLED_KINDS]
    if show_left_out:
        rows += [event_rows.study_row(c, how, "Left out", kind="left-out") for c in selection.left_out]
    names = ", ".join(typed) or "side effects"
    return Report(
        title=f"{names[:1].upper()}{names[1:]}: drug against control, with {how.percent} intervals",
        columns=COLUMNS,
        rows=tuple(rows),
        displays=_displays(overview=not asked, show_left_out=show_left_out),
        notes=(
            *side_effect_notes(selection, filters, how, asked, said, listed=show_left_out),
            *related(event_names.related(asked, known)),
        ),
        sources=sources(selection.kept),
        group_by=("block",),
        heading=("block",),
        emphasis=frozenset({"pooled", "incidence"} if asked else ()),
        axis=Axis("linear", null=0.0, left="fewer on the drug", right="more on the drug"),
        picture="forest" if asked else "dots",
        empty=_empty(selection, filters, phases, serious=serious),
        data_version=evidence.version,
    )


def _refuse_times(filters: Filters) -> None:
    """Side effects are counted over phases: a time or an outcome would be silently without effect."""
    if filters.at is not None or filters.outcome:
        name = "--at" if filters.at is not None else "--outcome"
        raise UsageError(
            f"{name} does not apply to side effects",
            code="option-without-effect",
            hint="they are counted over phases: --phase acute-course, dosing-day, maintenance ...",
        )


def _phases(given: Iterable[str]) -> tuple[str, ...]:
    phases = tuple(dict.fromkeys(part.strip() for item in given for part in item.split(",") if part.strip()))
    for phase in phases:
        if phase not in PHASES:
            raise unknown_value("phase", phase, PHASES)
    return phases


def _event_rows(kept: Sequence[Count], how: Settings, said: dict[str, list[str]]) -> list[Fields]:
    """Return every study of the events, pool by pool, each with its lines, then the rows that are not pooled."""
    rows: list[Fields] = []
    for _, group in groupby(kept, key=lambda c: c.contrast):
        members = list(group)
        poolable = [c for c in members if not c.reason]
        heading = f"{event_rows.event_title(members[0])}: {event_rows.place_title(members)}"
        for grouped, pool in groupby(poolable, key=lambda c: c.grouped):
            block = heading + (", related terms grouped" if grouped else "")
            rows += _pool_block(list(pool), how, block, said)
        for reason, rest in groupby((c for c in members if c.reason), key=lambda c: c.reason):
            words = f"not pooled: {REASONS.get(reason, reason)}"
            block = f"{words[:1].upper()}{words[1:]}" if poolable else f"{heading}; {words}"
            rows += [event_rows.study_row(c, how, block) for c in rest]
    return rows


def _pool_block(members: list[Count], how: Settings, block: str, said: dict[str, list[str]]) -> list[Fields]:
    pooled = event_rows.pooled_rows(members, how, block)
    weights = pooled.weights or (None,) * len(members)
    for note in pooled.notes:
        said.setdefault(note, []).append(block)
    studies = [event_rows.study_row(c, how, block, weight=w) for c, w in zip(members, weights, strict=True)]
    return [*studies, *pooled.rows]


def _overview_rows(
    kept: Sequence[Count], how: Settings, said: dict[str, list[str]], *, serious: bool
) -> list[Fields]:
    """Return one line per drug, route and event for the commonest events, in blocks of one phase and comparator."""
    poolable = [c for c in kept if not c.reason and (serious or not c.serious or c.event == SERIOUS)]
    blocks: dict[tuple[object, ...], list[list[Count]]] = defaultdict(list)
    for pool in fullest_pools(poolable, _commonest(poolable)):
        first = pool[0]
        blocks[first.drug, first.route, first.phase, first.one_dose, first.comparator].append(pool)
    placed: list[tuple[str, list[Count]]] = []
    for pools in sorted(blocks.values(), key=lambda b: -max(map(len, b))):
        block = event_rows.place_title([c for pool in pools for c in pool])
        placed += [(f"{block[:1].upper()}{block[1:]}", pool) for pool in pools]
    pooled = event_rows.all_pooled_rows(placed, how, compare=False)
    lines = [_overview_line(pool, how, block, own) for (block, pool), own in zip(placed, pooled, strict=True)]
    rows: list[Fields] = []
    for _, group in groupby(lines, key=lambda row: row["block"]):
        rows += sorted(group, key=lambda row: (row["event"] in (SERIOUS, STOPPED), -float(row["rate"] or 0.0)))
    for row in rows:
        if not how.model and row.get("model") == "mh":
            for text in contrasts.why_mh(row.get("i2")):
                said.setdefault(text, []).append(str(row["event"]))
    return rows


def _overview_line(pool: list[Count], how: Settings, block: str, lines: PooledRows) -> Fields:
    """Return the pooled line of a pool, or its only study."""
    row = lines.rows[0] if lines.rows else event_rows.study_row(pool[0], how, block) | {"k": 1}
    return row | {"shown": event_rows.event_title(pool[0])}


def _commonest(counts: Sequence[Count]) -> list[str]:
    """Return the events of most studies, in a tie of most people at risk, then affected; the two totals last."""
    studies: dict[str, set[str]] = defaultdict(set)
    people: Counter[str] = Counter()
    affected: Counter[str] = Counter()
    for count in counts:
        studies[count.event].add(count.study_id)
        people[count.event] += count.total or 0
        affected[count.event] += count.events or 0
    ordinary = [e for e in studies if e not in (SERIOUS, STOPPED)]
    ordinary.sort(key=lambda e: (-len(studies[e]), -people[e], -affected[e], e))
    return [*ordinary[:SHOWN_EVENTS], SERIOUS, STOPPED]


def fullest_pools(counts: Sequence[Count], events: Collection[str]) -> list[list[Count]]:
    """Return, for each event, drug and route, the pool to show: with a control, of most studies and people."""
    pools: dict[tuple[object, ...], list[Count]] = defaultdict(list)
    for count in counts:
        if count.event in events:
            pools[count.pool].append(count)
    best: dict[tuple[object, ...], list[Count]] = {}

    def fullness(pool: list[Count]) -> tuple[bool, int, int]:
        return bool(pool[0].comparator), len(pool), sum(c.total or 0 for c in pool)

    for pool in pools.values():
        key = (pool[0].event, pool[0].serious is True, pool[0].drug, pool[0].route)
        if key not in best or fullness(pool) > fullness(best[key]):
            best[key] = pool
    return list(best.values())


def _displays(*, overview: bool, show_left_out: bool) -> tuple[Display, ...]:
    first = [Display("Event" if overview else "Study", "text", ("shown",))]
    if overview:
        first.append(Display("k", "integer", ("k",), rank=2, align="right"))
    one_study = (
        Display("Weight", "number", ("weight",), rank=6, align="right"),
        Display("Dose", "text", ("dose",), rank=7),
        Display("Reported as", "text", ("term",), rank=8),
        Display("Arms", "text", ("arms",), rank=9),
    )
    return (
        *first,
        Display("Drug", "fraction", ("events", "total"), align="right"),
        Display("Rate", "percent-interval", ("rate", "ci_low", "ci_high")),
        Display("Control", "fraction", ("control_events", "control_total"), align="right"),
        Display("Control rate", "percent-interval", ("control_rate", "control_low", "control_high"), rank=3),
        Display("Difference", "points-interval", ("rd", "rd_low", "rd_high")),
        Display("NNH", "needed", ("nnh", "nnh_low", "nnh_high"), rank=1),
        Display("Risk ratio", "ratio-interval", ("rr", "rr_low", "rr_high"), rank=2),
        Display("Odds ratio", "ratio-interval", ("or", "or_low", "or_high"), rank=2),
        Display("", "strip", ("rd", "rd_low", "rd_high"), rank=5),
        Display("Why not pooled", "text", ("reason",), rank=1 if show_left_out else 4),
        *(() if overview else one_study),
    )


def _empty(selection: Selection, filters: Filters, phases: Sequence[str], *, serious: bool) -> str:
    asked = [filters.described(), *phases, "serious events" if serious else ""]
    where = f" for {'; '.join(filter(None, asked))}" if any(asked) else ""
    if selection.left_out:
        return f"No row can be shown{where}: {len(selection.left_out)} rows were left out; --left-out lists them."
    return f"No study has such a row{where}.{elsewhere(selection)}"
