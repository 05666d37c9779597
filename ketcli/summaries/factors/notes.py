"""What is said under rows on factors: selection, method, cautions, shared people, and what the article claims."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ketcli.claims.check import parse
from ketcli.evidence import overlap
from ketcli.report import Fact, Note, Source
from ketcli.selection.factors import Finding
from ketcli.summaries.pooling import Settings
from ketcli.summaries.rates import population_words

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters


def claims(evidence: Evidence, codes: Sequence[str]) -> tuple[Fact, ...]:
    """Return what the popular article says on these factors, with the verdict that `ket claims` explains.

    A claim names its factors in `check`: `table=factors;factor=age|sex`.
    """
    facts = []
    for claim in evidence.rows("claims"):
        if any(c.table == "factors" and set(c.values("factor")) & set(codes) for c in parse(claim["check"])):
            text = f"{claim['statement_in_own_words']} - {claim['verdict']} (claim {claim['claim_id']})"
            facts.append(Fact("The article says", text))
    return tuple(facts)


def sharing(studies: Iterable[str], among: Iterable[str], overlaps: overlap.Overlaps) -> dict[str, list[str]]:
    """Return, for each study, those of the others that hold some of its people; studies without any are absent."""
    candidates = list(dict.fromkeys(among))
    shares = {a: [b for b in candidates if overlaps.share(a, b)] for a in dict.fromkeys(studies)}
    return {study: others for study, others in shares.items() if others}


def sources(found: Iterable[Finding]) -> tuple[Source, ...]:
    """Return the pages of findings, each once."""
    seen = {(f.study_id, f.source_url): Source(f.study_id, f.label, f.source_url) for f in found}
    return tuple(seen.values())


def notes_on(
    found: Sequence[Finding],
    outside: Sequence[Finding],
    filters: Filters,
    how: Settings,
    overlaps: overlap.Overlaps,
) -> tuple[Note, ...]:
    """Return how the rows on factors came about and how far they can be trusted, kind by kind."""
    kinds = {f.kind for f in found}
    notes = [
        Note("selection", f"Population: {population_words(filters)}. {kept_out(outside)}".strip()),
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
                "Two levels with v between: the first difference minus the second, or their ratio, from "
                f"the printed intervals (Altman & Bland 2003), {how.percent} interval; p as the source prints it "
                "for the interaction, where it does. Levels that share a control arm are not compared.",
            )
        )
        notes.append(
            Note(
                "caution",
                "An effect seen in one level and not in another is no difference between them: read the "
                "comparison. Subgroups are small and often post hoc.",
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


def kept_out(outside: Sequence[Finding]) -> str:
    """Return how many rows of other studies the filters on studies kept out, "" when none."""
    if not outside:
        return ""
    studies = len({f.study_id for f in outside})
    populations = ", ".join(p for p, _ in Counter(f.population for f in outside).most_common())
    rows, of = ("row", "study") if len(outside) == 1 else ("rows", "studies" if studies > 1 else "study")
    return f"{len(outside)} {rows} of {studies} {of} not shown ({populations}); --population all adds them."


def _pool_words(found: Sequence[Finding], overlaps: overlap.Overlaps) -> str:
    """Return which listed records hold other listed records' people, "" when none does."""
    listed = [f.study_id for f in found]
    shares = sharing(listed, listed, overlaps)
    pairs: dict[frozenset[str], None] = {}
    for study, others in shares.items():
        pairs |= {frozenset((study, other)): None for other in others}
    if not pairs:
        return ""
    named = "; ".join(" and ".join(sorted(pair)) for pair in list(pairs)[:4])
    more = f" and {len(pairs) - 4} more pairs (column shares_with)" if len(pairs) > 4 else ""
    return f"These records hold some of the same people and are no separate evidence: {named}{more}."


def empty_sentence(outside: Sequence[Finding], filters: Filters) -> str:
    """Return what stands in the place of rows when there are none."""
    asked = filters.described()
    text = "No study has a row on this" + (f" for {asked}." if asked else ".")
    return f"{text} {kept_out(outside)}".strip()
