"""In whom and under which protocol the effect differs: what studies found within themselves, by factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from ketcli.evidence import overlap
from ketcli.evidence.topic_codes import FACTORS
from ketcli.report import Display, Report, Row
from ketcli.selection.aspects import codes_of
from ketcli.selection.factors import IN_WORDS, INTERACTION, KINDS, Finding, select
from ketcli.summaries.columns import columns
from ketcli.summaries.factors.between_studies import between_studies
from ketcli.summaries.factors.interactions import with_interactions
from ketcli.summaries.factors.notes import claims, empty_sentence, notes_on, sharing, sources
from ketcli.summaries.factors.overview import overview
from ketcli.summaries.pooling import Settings
from ketcli.summaries.words import spoken

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters

COLUMNS = columns(
    *("kind", "factor", "factor_group", "study_id", "label", "level", "reference_level", "drug", "comparator"),
    *("route", "stratum", "outcome", "time_days", "events", "total", "percent", "measure", "estimate"),
    *("ci_low", "ci_high", "p", "p_text", "n", "events_derived", "shares_with", "population", "design", "year"),
    *("regimen", "k", "r2", "tau2", "i2", "p_permutation", "source_kind", "checked", "notes", "source_url"),
    "source_where",
)


def factors(
    evidence: Evidence,
    filters: Filters,
    how: Settings,
    *,
    groups: Sequence[str] = (),
    names: Sequence[str] = (),
    bubbles: bool = False,
) -> Report:
    """Return what studies found on the factors asked for: `groups` are flags, `names` single factor codes.

    Without either, an overview of all factors. Levels are compared inside each study alone and nothing of that is
    pooled; what differs between studies stands apart, behind it. `bubbles` adds the rows of bubble plots.
    """
    codes = codes_of(groups, names)
    found, outside = select(evidence, filters, codes)
    overlaps = overlap.build(evidence.rows("studies"))
    if codes:
        return _detail(evidence, found, outside, filters, how, overlaps, codes, bubbles=bubbles)
    return overview(evidence, found, outside, filters, overlaps)


def _detail(
    evidence: Evidence,
    found: Sequence[Finding],
    outside: Sequence[Finding],
    filters: Filters,
    how: Settings,
    overlaps: overlap.Overlaps,
    codes: Sequence[str],
    *,
    bubbles: bool,
) -> Report:
    shown = with_interactions(found, how.level)
    between = between_studies(evidence, filters, how, codes, bubbles=bubbles)
    shares = sharing((f.study_id for f in found), overlaps.cohort, overlaps)
    titles = ", ".join(FACTORS.get(code, code) for code in codes[:3]) + (" ..." if len(codes) > 3 else "")
    return Report(
        title=f"What changes the effect: {titles}",
        columns=COLUMNS,
        rows=(*(_row(f, how, shares) for f in shown), *between.rows),
        displays=_displays(),
        facts=claims(evidence, codes),
        notes=(*notes_on(found, outside, filters, how, overlaps), *between.notes),
        sources=sources(found),
        group_by=("block",),
        heading=("block",),
        emphasis=frozenset({INTERACTION, "moderator"}),
        picture="bubble",
        empty=empty_sentence(outside, filters),
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
