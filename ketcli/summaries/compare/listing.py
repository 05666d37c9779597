"""What can be compared: every pair of treatments that some study holds side by side, with studies and people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from ketcli.evidence.codes import DRUGS, ROUTES, STUDY_DRUGS
from ketcli.report import Column, Display, Note, Report, Value
from ketcli.selection import comparisons, score_pairs, treatments
from ketcli.summaries.columns import columns
from ketcli.summaries.compare import OUTCOMES
from ketcli.summaries.rates import population_words
from ketcli.summaries.words import spoken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters

COLUMNS = (
    *columns("kind", "first", "second", "k", "n", "outcome"),
    Column("k_apart", "Apart", "integer", "studies", "studies shown but not pooled: not random, paired, no counts"),
    Column("k_score", "Scores", "integer", "studies", "randomised studies that tell mean scores of both"),
    Column("command", "Command", "text", "", "what to type"),
)


def listing(evidence: Evidence, filters: Filters, involving: str = "") -> Report:
    """Return the pairs of treatments with their studies: by drug against others, then by route and frequency.

    `involving` limits the list to pairs with this treatment. Pairs no study holds are not listed.
    """
    outcomes = filters.outcome or OUTCOMES
    asked = treatments.parse(involving) if involving else None
    rows: list[dict[str, Value]] = []
    for block, pairs in _blocks(evidence):
        for first, second in pairs:
            sides = (treatments.parse(first), treatments.parse(second))
            if asked is not None and asked not in sides:
                continue
            row = _row(evidence, filters, sides, outcomes)
            if row is not None:
                rows.append({"block": block, **row})
    return Report(
        title=f"What {spoken(asked.name)} can be compared with" if asked else "What can be compared",
        columns=COLUMNS,
        rows=tuple(rows),
        displays=(
            Display("Treatment", "text", ("shown_first",)),
            Display("Compared with", "text", ("shown_second",)),
            Display("Trials", "integer", ("k",), align="right"),
            Display("People", "integer", ("n",), align="right"),
            Display("Of", "text", ("outcome",), rank=2),
            Display("Apart", "integer", ("k_apart",), align="right", rank=1),
            Display("Scores", "integer", ("k_score",), align="right", rank=1),
            Display("Command", "text", ("command",), rank=3),
        ),
        notes=(
            Note("selection", f"Population: {population_words(filters)}."),
            Note(
                "choice",
                "Trials: randomised, with counts of both arms, one row of a study. Apart: shown but never pooled. "
                "Scores: randomised, with mean scores of both. `ket compare FIRST SECOND` shows each; routes, "
                "frequencies and classes (conventional, brain-stimulation) can be named too.",
            ),
        ),
        group_by=("block",),
        heading=("block",),
        empty=f"No study compares {involving or 'two treatments'} under these filters.",
        data_version=evidence.version,
    )


def _blocks(evidence: Evidence) -> Iterable[tuple[str, list[tuple[str, str]]]]:
    """Yield the blocks of pairs to look for: drug against other treatments, routes, frequencies."""
    beside: dict[str, set[str]] = defaultdict(set)
    kinds: dict[str, set[str]] = defaultdict(set)
    for arm in evidence.rows("arms"):
        drug = str(arm["drug"])
        kinds[arm["study_id"]].add(treatments.KINDS.get(drug, drug))
    for found in kinds.values():
        for drug in found & set(STUDY_DRUGS):
            beside[drug] |= found - {drug}
    ordered = [kind for kind in DRUGS if kind in beside["ketamine"] | beside["esketamine"]]
    pairs = [
        (d, o) for d in STUDY_DRUGS for o in ordered if o in beside[d] and (d, o) != ("esketamine", "ketamine")
    ]
    yield "Drug against other treatments", pairs
    routes = [route for route in ROUTES if route not in ("mixed", "not-applicable")]
    yield "Routes", list(combinations(routes, 2))
    yield "Frequencies of doses", list(combinations(treatments.FREQUENCIES, 2))


def _row(
    evidence: Evidence,
    filters: Filters,
    sides: tuple[treatments.Treatment, treatments.Treatment],
    outcomes: Sequence[str],
) -> dict[str, Value] | None:
    """Return a pair with its studies and people; None when no study holds it."""
    chosen = comparisons.select(evidence, filters, *sides, outcomes)
    scores = score_pairs.select(evidence, filters, *sides)
    people: dict[str, int] = defaultdict(int)
    for pair in chosen.kept:
        people[pair.first.study_id] = max(people[pair.first.study_id], pair.people)
    apart = {pair.first.study_id for pair in chosen.apart} - set(people)
    if not (people or apart or scores):
        return None
    told = [name for name in outcomes if any(pair.first.outcome == name for pair in chosen.kept)]
    names = [side.name for side in sides]
    return {
        "kind": "comparison",
        "first": names[0],
        "second": names[1],
        "shown_first": spoken(names[0]),
        "shown_second": spoken(names[1]),
        "k": len(people),
        "n": sum(people.values()),
        "outcome": ", ".join(told),
        "k_apart": len(apart),
        "k_score": len({pair.study_id for pair in scores}),
        "command": f"ket compare {names[0]} {names[1]}",
    }
