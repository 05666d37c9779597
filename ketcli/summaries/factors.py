"""In whom and under which protocol the effect differs: what studies found within themselves, by factor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING

from ketcli.evidence import overlap
from ketcli.evidence.factors import (
    ASPECTS,
    IN_WORDS,
    INTERACTION,
    KINDS,
    WIDER,
    Finding,
    codes_of,
    excludes_no_effect,
    select,
)
from ketcli.evidence.topic_codes import FACTOR_GROUPS, FACTORS
from ketcli.report import Display, Note, Report, Row, Source
from ketcli.summaries.between_studies import between_studies
from ketcli.summaries.columns import columns
from ketcli.summaries.interactions import with_interactions
from ketcli.summaries.pooling import Settings
from ketcli.summaries.rates import population_words
from ketcli.summaries.words import spoken

if TYPE_CHECKING:
    from ketcli.evidence.filters import Filters
    from ketcli.evidence.load import Evidence

COLUMNS = columns(
    *("kind", "factor", "factor_group", "study_id", "label", "level", "reference_level", "drug", "comparator"),
    *("route", "stratum", "outcome", "time_days", "events", "total", "percent", "measure", "estimate"),
    *("ci_low", "ci_high", "p", "p_text", "n", "events_derived", "shares_with", "population", "design", "year"),
    *("regimen", "k", "r2", "tau2", "i2", "p_permutation", "source_kind", "checked", "notes", "source_url"),
    "source_where",
)
OVERVIEW_COLUMNS = columns("kind", "factor", "factor_group", "studies", "people", "rows", "finding")


def factors(
    evidence: Evidence,
    filters: Filters,
    how: Settings,
    *,
    groups: Sequence[str] = (),
    names: Sequence[str] = (),
) -> Report:
    """Return what studies found on the factors asked for: `groups` are flags, `names` single factor codes.

    Without either, an overview of all factors. Levels are compared inside each study alone and nothing of that is
    pooled; what differs between studies stands apart, behind it.
    """
    codes = codes_of(groups, names)
    found, outside = select(evidence, filters, codes)
    overlaps = overlap.build(evidence.rows("studies"))
    if codes:
        return _detail(evidence, found, outside, filters, how, overlaps, codes)
    return _overview(evidence, found, outside, filters, overlaps)


def _detail(
    evidence: Evidence,
    found: Sequence[Finding],
    outside: Sequence[Finding],
    filters: Filters,
    how: Settings,
    overlaps: overlap.Overlaps,
    codes: Sequence[str],
) -> Report:
    shown = with_interactions(found, how.level)
    between = between_studies(evidence, filters, how, codes)
    shares = _shares((f.study_id for f in found), overlaps.cohort, overlaps)
    titles = ", ".join(FACTORS.get(code, code) for code in codes[:3]) + (" ..." if len(codes) > 3 else "")
    return Report(
        title=f"What changes the effect: {titles}",
        columns=COLUMNS,
        rows=(*(_row(f, how, shares) for f in shown), *between.rows),
        displays=_displays(),
        notes=(*_notes(found, outside, filters, how, overlaps), *between.notes),
        sources=_sources(found),
        group_by=("block",),
        heading=("block",),
        emphasis=frozenset({INTERACTION, "moderator"}),
        empty=_empty(outside, filters),
        data_version=evidence.version,
    )


def _row(found: Finding, how: Settings, shares: Mapping[str, Sequence[str]]) -> Row:
    low, high = found.ci_low, found.ci_high
    if found.measure == "rate" and found.events is not None and found.total:
        from ketcli.stats.intervals import proportion_interval

        ends = proportion_interval(found.events, found.total, how.interval, how.level)
        low, high = float(ends[0][0]), float(ends[1][0])
    kind = "within-level" if found.kind == INTERACTION else found.kind
    return asdict(found) | {
        "ci_low": low,
        "ci_high": high,
        "shares_with": " ".join(shares.get(found.study_id, ())),
        "block": f"{_sentence(FACTORS.get(found.factor, found.factor))}: {KINDS[kind]}",
        "versus": versus(found),
        "measured": spoken(found.outcome),
        # a p that stands beside no interval is part of the effect and never dropped with the column
        **({"p_beside": None, "p_inside": found.p} if low is None else {"p_beside": found.p, "p_inside": None}),
        **({"words_inside": found.p_text} if low is None else {"words_beside": found.p_text}),
        "same_people": _some(shares.get(found.study_id, ())),
    }


def versus(found: Finding) -> str:
    """Return what is compared with what in a row, as people see it; a row without a number says its words."""
    levels = spoken(found.level) + (f" v {spoken(found.reference_level)}" if found.reference_level else "")
    match found.kind:
        case "level":
            aside = found.drug
        case "modification":
            aside = f"drug v {found.comparator}"
        case _:
            aside = f"v {found.comparator}" if found.comparator and found.kind != INTERACTION else ""
    parts = ", ".join(part for part in (spoken(aside), spoken(found.stratum)) if part)
    words = f": {found.notes}" if found.measure in IN_WORDS and found.notes else ""
    return levels + (f" ({parts})" if parts else "") + words


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _displays() -> tuple[Display, ...]:
    numeric = frozenset({*KINDS, INTERACTION, "moderator", "subgroup"} - {"in-words"})
    effect = ("measure", "estimate", "ci_low", "ci_high", "events", "total", "p_inside", "words_inside")
    return (
        Display("Study", "text", ("label",)),
        Display("Level", "text", ("versus",)),
        Display("Outcome", "text-at", ("measured", "time_days")),
        Display("Effect", "effect", effect),
        Display("p", "p-value", ("p_beside", "words_beside"), rank=1),
        Display("Drug", "text", ("drug",), rank=2),
        Display("n", "integer", ("n",), rank=3, align="right"),
        Display("Same people as", "text", ("same_people",), rank=4),
        Display("Remarks", "text", ("notes",), rank=5, only=numeric),
        Display("Design", "text", ("design",), rank=6),
    )


def _some(others: Sequence[str]) -> str:
    return ", ".join(others[:2]) + (f" and {len(others) - 2} more" if len(others) > 2 else "")


def _shares(studies: Iterable[str], among: Iterable[str], overlaps: overlap.Overlaps) -> dict[str, list[str]]:
    """Return, for each study, those of the others that hold some of its people; studies without any are absent."""
    candidates = list(dict.fromkeys(among))
    shares = {a: [b for b in candidates if overlaps.share(a, b)] for a in dict.fromkeys(studies)}
    return {study: others for study, others in shares.items() if others}


def _sources(found: Iterable[Finding]) -> tuple[Source, ...]:
    seen = {(f.study_id, f.source_url): Source(f.study_id, f.label, f.source_url) for f in found}
    return tuple(seen.values())


def _notes(
    found: Sequence[Finding],
    outside: Sequence[Finding],
    filters: Filters,
    how: Settings,
    overlaps: overlap.Overlaps,
) -> tuple[Note, ...]:
    kinds = {f.kind for f in found}
    notes = [
        Note("selection", f"Population: {population_words(filters)}. {_kept_out(outside)}".strip()),
        Note(
            "choice",
            "Within studies every row stands as printed; nothing is pooled. MD, SMD: below 0 favours the drug or "
            "the first level; RD in percentage points; intervals of effects are 95 % as printed. "
            f"Rates: {how.interval} interval, {how.percent}.",
        ),
    ]
    if "within-level" in kinds:
        notes.append(
            Note(
                "method",
                "Levels compared (bold): the first difference minus the second, or for ratios their ratio, from "
                f"the printed intervals (Altman & Bland 2003), {how.percent} interval; p as the source prints it "
                "for the interaction, where it does. Levels that share a control arm are not compared.",
            )
        )
        notes.append(
            Note(
                "caution",
                "An effect seen in one level and not in another is no difference between them: read the "
                "comparison. Subgroups are small, often post hoc, and none was made to settle this.",
            )
        )
    if "prognostic" in kinds:
        notes.append(
            Note(
                "caution",
                "Prognostic rows say who fares better under the drug, not in whom the drug does more than control.",
            )
        )
    if "level" in kinds:
        notes.append(
            Note("caution", "A p beside a rate or change is the source's: mostly of the levels' difference.")
        )
    if "indirect" in kinds:
        notes.append(
            Note("caution", "Indirect rows set different trials side by side: time, control and drug differ.")
        )
    if pools := _pool_words(found, overlaps):
        notes.append(Note("selection", pools))
    return tuple(notes)


def _kept_out(outside: Sequence[Finding]) -> str:
    if not outside:
        return ""
    studies = len({f.study_id for f in outside})
    populations = ", ".join(p for p, _ in Counter(f.population for f in outside).most_common())
    rows, of = ("row", "study") if len(outside) == 1 else ("rows", "studies" if studies > 1 else "study")
    return f"{len(outside)} {rows} of {studies} {of} not shown ({populations}); --population all adds them."


def _pool_words(found: Sequence[Finding], overlaps: overlap.Overlaps) -> str:
    """Return which listed records hold other listed records' people, "" when none does."""
    listed = [f.study_id for f in found]
    shares = _shares(listed, listed, overlaps)
    pairs: dict[frozenset[str], None] = {}
    for study, others in shares.items():
        pairs |= {frozenset((study, other)): None for other in others}
    if not pairs:
        return ""
    named = "; ".join(" and ".join(sorted(pair)) for pair in list(pairs)[:4])
    more = f" and {len(pairs) - 4} more pairs (column shares_with)" if len(pairs) > 4 else ""
    return f"These records hold some of the same people and are no separate evidence: {named}{more}."


def _empty(outside: Sequence[Finding], filters: Filters) -> str:
    asked = filters.described()
    text = "No study has a row on this" + (f" for {asked}." if asked else ".")
    return f"{text} {_kept_out(outside)}".strip()


def _overview(
    evidence: Evidence,
    found: Sequence[Finding],
    outside: Sequence[Finding],
    filters: Filters,
    overlaps: overlap.Overlaps,
) -> Report:
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
        columns=OVERVIEW_COLUMNS,
        rows=tuple(rows),
        displays=(
            Display("Factor", "text", ("factor",)),
            Display("Studies", "integer", ("studies",), align="right"),
            Display("People", "integer", ("people",), rank=1, align="right"),
            Display("Rows", "integer", ("rows",), rank=2, align="right"),
            Display("Found", "text", ("finding",)),
        ),
        notes=(
            Note("selection", f"Population: {population_words(filters)}. {_kept_out(outside)}".strip()),
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
        sources=_sources(found),
        group_by=("block",),
        heading=("block",),
        empty=_empty(outside, filters),
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
    compared = [f for f in with_interactions(by_kind["within-level"], 0.95) if f.kind == INTERACTION]
    levels = [f for f in with_interactions(by_kind["within-level"], 0.95) if f.kind != INTERACTION]
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
