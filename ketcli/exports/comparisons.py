"""The controlled comparisons that other programs analyse: one per study, kind and outcome, nobody counted twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ketcli.evidence.codes import DRUGS, STUDY_DRUGS
from ketcli.selection import comparisons, score_pairs
from ketcli.selection.treatments import Treatment

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.arm_pairs import Comparison
    from ketcli.selection.filters import Filters
    from ketcli.selection.score_pairs import ScorePair

OUTCOMES = ("response", "remission")
_DRUG = Treatment("ketamine or esketamine", drugs=STUDY_DRUGS)
_CONTROL = Treatment("any control", drugs=tuple(drug for drug in DRUGS if drug not in STUDY_DRUGS))


@dataclass(frozen=True)
class Comparisons:
    """Counts and mean scores of two arms, the studies they come from, and what is to be said of the choice."""

    counts: tuple[Comparison, ...]
    scores: tuple[ScorePair, ...]
    studies: Mapping[str, Mapping[str, Any]]
    notes: tuple[str, ...]


def gather(evidence: Evidence, filters: Filters) -> Comparisons:
    """Return the randomised comparisons of ketamine or esketamine with a control, as `ket compare` chooses them.

    Counts are of the outcomes asked for, else response and remission; arms of one drug are added up.
    """
    outcomes = filters.outcome or OUTCOMES
    counts = comparisons.select(evidence, filters, _DRUG, _CONTROL, outcomes).kept
    scores = score_pairs.select(evidence, filters, _DRUG, _CONTROL)
    notes = [
        "One row per study, treatments and outcome, as ket compare chooses it: randomised, nearest to the usual "
        "time of its regimen, arms of one drug added up, nobody counted twice. Different controls and regimens are "
        "different questions: pool within them.",
        f"Outcomes: {' and '.join(outcomes)}; --outcome adds others. "
        + ("Population: treatment-resistant depression." if filters.population else "Every population."),
    ]
    if limits := filters.described():
        notes.append(f"Limited to: {limits}.")
    return Comparisons(
        tuple(counts),
        tuple(pair for pair in scores if pair.measured),
        {row["study_id"]: row for row in evidence.rows("studies")},
        tuple(notes),
    )
