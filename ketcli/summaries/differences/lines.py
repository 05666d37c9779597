"""The pooled lines that `ket` prints of a dataset, each as one quantity under the name of its command."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ketcli.quantities.quantity import NULLS
from ketcli.selection import event_names
from ketcli.summaries.compare import OUTCOMES, SCORE, compare
from ketcli.summaries.compare.listing import listing
from ketcli.summaries.durability import durability
from ketcli.summaries.pooling import PROPORTION_MODELS
from ketcli.summaries.rates import rates
from ketcli.summaries.side_effects import side_effects
from ketcli.summaries.timeline import QUANTITIES, timeline
from ketcli.summaries.words import spoken
from ketcli.wording import as_number

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.report import Row, Value
    from ketcli.selection.filters import Filters
    from ketcli.summaries.pooling import Settings

COUNTS = ("k", "events", "total", "control_events", "control_total")
# the tables that the lines of a command are made from: where they are alike, so are the lines
_RESULTS = ("studies", "arms", "outcomes")


@dataclass(frozen=True)
class Line:
    """One line: its command and heading, what stays when the heading's words change, and the quantity.

    `group` and `label` are the heading in two parts, what several lines share and what this one is. `measure` is
    rate, rr, or, rd, md, smd or hr; a rate lies between 0 and 1. A line of one study has k 1.
    """

    command: str
    group: str
    label: str
    family: tuple[Value, ...]
    measure: str
    estimate: float
    low: float | None
    high: float | None
    counts: Mapping[str, Value]

    @property
    def name(self) -> str:
        """Return the whole heading."""
        return f"{self.group}: {self.label}" if self.group else self.label

    @property
    def is_ratio(self) -> bool:
        """Return whether no effect is 1 and changes are told as factors."""
        return NULLS.get(self.measure) == 1.0

    @property
    def excludes_null(self) -> bool | None:
        """Return whether the interval leaves no effect out; None for shares and without an interval."""
        null = NULLS.get(self.measure)
        if null is None or self.low is None or self.high is None:
            return None
        return not self.low <= null <= self.high


Gather = Callable[["Evidence", "Filters", "Settings"], Iterable[Line]]


def commands(filters: Filters) -> dict[str, tuple[tuple[str, ...], Gather]]:
    """Return the commands whose lines the filters leave, each with the tables it reads and what gathers its lines.

    Side effects and durability have outcomes and times of their own: with --outcome or --at they are not watched.
    """
    by_outcome: dict[str, tuple[tuple[str, ...], Gather]] = {
        "ket rates": (_RESULTS, _rates),
        "ket timeline": ((*_RESULTS, "scores"), _timeline),
        "ket compare": ((*_RESULTS, "scores"), _compare),
    }
    if filters.outcome or filters.at:
        return by_outcome
    return {
        **by_outcome,
        "ket durability": ((*_RESULTS, "durability"), _durability),
        "ket side-effects": ((*_RESULTS, "side_effects"), _side_effects),
    }


def _rates(evidence: Evidence, filters: Filters, how: Settings) -> Iterable[Line]:
    """Yield the lines of `ket rates`; a group of one study is that study's rate."""
    alone: dict[str, Row] = {}
    pooled: dict[str, Row] = {}
    for row in rates(evidence, filters, _shares(how)).rows:
        if row["kind"] == "pooled":
            pooled[str(row["block"])] = row
        elif row["kind"] == "study" and row.get("pooled"):
            alone[str(row["block"])] = row
    for block, row in (alone | pooled).items():
        yield from _line("ket rates", _parts(block), (block,), row, "rate")


def _timeline(evidence: Evidence, filters: Filters, how: Settings) -> Iterable[Line]:
    """Yield every window of `ket timeline`, whose windows say the time for all, so --at leaves nothing to watch."""
    outcomes = tuple(name for name in filters.outcome if name in QUANTITIES)
    if filters.at or (filters.outcome and not outcomes):
        return
    for row in timeline(evidence, replace(filters, outcome=outcomes), _shares(how)).rows:
        heading = (str(row["block"]), str(row["window"]))
        yield from _line("ket timeline", heading, heading, row, "smd" if row["outcome"] == "effect" else "rate")


def _compare(evidence: Evidence, filters: Filters, how: Settings) -> Iterable[Line]:
    """Yield the lines of `ket compare` for every pair that it lists: ratios, mean differences, indirect estimates.

    A pool met under two names, ketamine v placebo and intravenous v placebo, counts once.
    """
    asked = replace(filters, outcome=filters.outcome or (*OUTCOMES, SCORE))
    seen: set[tuple[str, str]] = set()
    for pair in listing(evidence, filters).rows:
        report = compare(evidence, asked, how, str(pair["first"]), str(pair["second"]))
        alone: dict[str, Row] = {}
        pooled: dict[str, Row] = {}
        for row in report.rows:
            if row["kind"] in ("pooled", "indirect"):
                pooled[str(row["block"])] = row
            elif row["kind"] == "study" and (row.get("pooled") or row.get("outcome") == SCORE):
                alone[str(row["block"])] = row
        for block, row in (alone | pooled).items():
            measure = str(row.get("measure") or "")
            if (block, measure) in seen:
                continue
            seen.add((block, measure))
            names = ("kind", "first", "second", "via", "regimen", "new_antidepressant", "outcome", "scale")
            # the scale of a score is part of what it is, that of a response is the study's
            what = {**row, "kind": "", "scale": row.get("scale") if row["outcome"] == SCORE else ""}
            yield from _line("ket compare", _parts(block), tuple(what.get(name) for name in names), row, measure)


def _durability(evidence: Evidence, filters: Filters, how: Settings) -> Iterable[Line]:
    """Yield relapse on the drug, with its ratio where it has a control, and the hazard ratio of strata together."""
    for row in durability(evidence, filters, _shares(how), show_extensions=False).rows:
        study, what = str(row["label"]), str(row["metric"])
        place = tuple(row.get(n) for n in ("study_id", "arms", "outcome", "metric", "time_days"))
        if row["kind"] == "pooled":
            figures = {"hr": row["value"], "hr_low": row["value_low"], "hr_high": row["value_high"]}
            yield from _line("ket durability", (study, what), place, {**row, **figures, "k": 1}, "hr")
        elif row["kind"] in ("relapse", "kept"):
            what = f"{what}: {spoken(str(row['outcome']))}{_followed(row)}"
            measure = "rr" if row.get("rr") is not None else "rate"
            yield from _line("ket durability", (study, what), place, row, measure)


def _followed(row: Row) -> str:
    """Return how long a relapse was looked for, and what it was: one study can tell it in several ways."""
    days = row.get("time_days")
    by = "" if days is None else f" by day {as_number(days):g}"
    return f"{by}, {row['definition']}" if row.get("definition") else by


def _side_effects(evidence: Evidence, filters: Filters, how: Settings) -> Iterable[Line]:
    """Yield difference and ratio of every event of two studies or more, the share alone without controls."""
    events = sorted(event_names.names(evidence))
    if not events:
        return
    for row in side_effects(evidence, filters, how, event=events, pooled_only=True).rows:
        family = tuple(row.get(n) for n in ("event", "drug", "route", "phase", "serious", "grouped"))
        event, place = _parts(str(row["block"]))
        heading = (f"{place[:1].upper()}{place[1:]}", event)
        if row["kind"] == "incidence":
            yield from _line("ket side-effects", heading, family, row, "rate")
        elif row["kind"] == "pooled":
            for measure in ("rd", "rr" if row.get("rr") is not None else "or"):
                yield from _line("ket side-effects", heading, family, row, measure)


def _shares(how: Settings) -> Settings:
    """Return the settings for shares of one arm, which Mantel-Haenszel and Peto do not know."""
    return how if how.model in ("", *PROPORTION_MODELS) else replace(how, model="")


def _parts(block: str) -> tuple[str, str]:
    """Return a heading in two parts, at its last colon."""
    group, _, label = block.rpartition(": ")
    return group, label


def _line(
    command: str, heading: tuple[str, str], family: tuple[Value, ...], row: Row, measure: str
) -> Iterable[Line]:
    """Yield a row's quantity as a line; nothing where the row has no estimate of it."""
    stem = {"rate": "rate", "md": "estimate"}.get(measure, measure)
    ends = "ci" if measure == "rate" else stem
    estimate, low, high = (_number(row.get(column)) for column in (stem, f"{ends}_low", f"{ends}_high"))
    if estimate is not None:
        counts = {column: row.get(column) for column in COUNTS}
        counts["k"] = counts["k"] or 1
        yield Line(command, *heading, (measure, *family), measure, estimate, low, high, counts)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
