"""The overview of factors: how many studies and people looked at each, and what their rows say, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from ketcli.evidence import overlap
from ketcli.evidence.topic_codes import FACTOR_GROUPS
from ketcli.report import Display, Note, Report, Row
from ketcli.selection.aspects import ASPECTS, WIDER
from ketcli.selection.factors import INTERACTION, KINDS, Finding, excludes_no_effect
from ketcli.summaries.columns import columns
from ketcli.summaries.factors.interactions import PRINTED, with_interactions
from ketcli.summaries.factors.notes import empty_sentence, kept_out, sources
from ketcli.summaries.rates import population_words

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters

COLUMNS = columns("kind", "factor", "factor_group", "studies", "people", "rows", "finding")


def overview(
    evidence: Evidence,
    found: Sequence[Finding],
    outside: Sequence[Finding],
    filters: Filters,
    overlaps: overlap.Overlaps,
) -> Report:
    """Return one row per factor: how many studies and people, and what the rows say, counted."""
    sizes = {row["study_id"]: row["n_randomised"] or 0 for row in evidence.rows("studies")}
    rows: list[Row] = []
    for factor, group in groupby(found, key=lambda f: f.factor):
        members = list(group)
        studies = list(dict.fromkeys(f.study_id for f in members))
        rows.append(
            {
                "kind": "factor",
                "block": _aspect_title(factor),
                "factor": factor,
                "factor_group": members[0].factor_group,
                "studies": len(studies),
                "people": _people(studies, sizes, overlaps),
                "rows": len(members),
                "finding": summed_up(members),
            }
        )
    flags = ", ".join(f"--{name}" for name in (*WIDER, *ASPECTS))
    return Report(
        title="Factors that studies looked at, and what they found within themselves",
        columns=COLUMNS,
        rows=tuple(rows),
        displays=(
            Display("Factor", "text", ("factor",)),
            Display("Studies", "integer", ("studies",), align="right"),
            Display("People", "integer", ("people",), rank=1, align="right"),
            Display("Rows", "integer", ("rows",), rank=2, align="right"),
            Display("Found", "text", ("finding",)),
        ),
        notes=(
            Note("selection", f"Population: {population_words(filters)}. {kept_out(outside)}".strip()),
            Note("about", f"Rows of a factor: ket factors FACTOR, or a flag for several: {flags}."),
            Note(
                "choice",
                "Counted: an interval that leaves out no effect, or p < 0.05. One study often gives several rows. "
                "What was told in words (a direction, no difference, not tested) is never counted as a test. "
                "People: records that share people count once, the largest.",
            ),
            Note(
                "caution",
                "Counts of tests weigh nothing: few trials planned them, most were small, many went unpublished. "
                "The sizes and intervals are in the rows.",
            ),
        ),
        sources=sources(found),
        group_by=("block",),
        heading=("block",),
        empty=empty_sentence(outside, filters),
        data_version=evidence.version,
    )


def _aspect_title(factor: str) -> str:
    """Return the flag that a factor belongs to, as a heading."""
    return next((f"--{name}" for name, codes in ASPECTS.items() if factor in codes), FACTOR_GROUPS["other"])


def _people(studies: Iterable[str], sizes: Mapping[str, float], overlaps: overlap.Overlaps) -> int:
    """Return how many people studies hold at least: of records that share people the largest stands alone."""
    counted: list[str] = []
    for study in sorted(studies, key=lambda s: (-sizes.get(s, 0), s)):
        if not any(overlaps.share(study, other) for other in counted):
            counted.append(study)
    return round(sum(sizes.get(study, 0) for study in counted))


def summed_up(found: Sequence[Finding]) -> str:
    """Return one line on the rows of a factor: what was tested how often, and how often it showed."""
    by_kind: dict[str, list[Finding]] = {kind: [f for f in found if f.kind == kind] for kind in KINDS}
    within = with_interactions(by_kind["within-level"], PRINTED)
    compared = [f for f in within if f.kind == INTERACTION]
    levels = [f for f in within if f.kind != INTERACTION]
    parts = [
        _tally(levels, "effect inside {} of {} levels"),
        _tally(compared, "levels differ in {} of {} comparisons"),
        _tally(by_kind["modification"], "changes drug v control in {} of {} tests"),
        _tally(by_kind["overall"], "drug v control differ in {} of {}"),
        _tally(by_kind["randomised-levels"], "randomised levels differ in {} of {}"),
        _tally(by_kind["prognostic"], "prognostic in {} of {} tests"),
        _count(by_kind["level"], "by level"),
        _count(by_kind["indirect"], "indirect"),
        _words(found),
    ]
    return "; ".join(part for part in parts if part) or "no number"


def _tally(found: Sequence[Finding], sentence: str) -> str:
    decided = [d for d in map(excludes_no_effect, found) if d is not None]
    return sentence.format(sum(decided), len(decided)) if decided else ""


def _count(found: Sequence[Finding], what: str) -> str:
    return f"{len(found)} {what}" if found else ""


def _words(found: Sequence[Finding]) -> str:
    names = {"direction-only": "with a direction", "not-significant": "no difference", "not-tested": "not tested"}
    counts = Counter(f.measure for f in found)
    told = [f"{counts[measure]} {name}" for measure, name in names.items() if counts[measure]]
    return f"in words: {', '.join(told)}" if told else ""
