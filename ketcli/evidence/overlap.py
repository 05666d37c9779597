"""Which records share participants: the same cohort, or cohorts linked by `reuses`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Overlaps:
    """The participants' graph of a dataset: `cohort` per study, `links` to studies that share people."""

    cohort: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def share(self, first: str, second: str) -> bool:
        """Return True when two different records are known or believed to hold some of the same people."""
        if first == second:
            return False
        same = bool(self.cohort.get(first)) and self.cohort.get(first) == self.cohort.get(second)
        return same or second in self.links.get(first, ()) or first in self.links.get(second, ())

    def spans_cohorts(self, study: str) -> bool:
        """Return True for a pool of other records' people, which is never a first-hand source."""
        return self.cohort.get(study, "").startswith("pool-")


def build(rows: Iterable[Mapping[str, object]]) -> Overlaps:
    """Build the graph from rows of the studies table (study_id, cohort_id, reuses)."""
    cohort: dict[str, str] = {}
    links: dict[str, frozenset[str]] = {}
    for row in rows:
        study = str(row["study_id"])
        cohort[study] = str(row.get("cohort_id") or "")
        links[study] = frozenset(str(row.get("reuses") or "").split())
    return Overlaps(cohort, links)


def keep_one_each(studies: Sequence[str], sizes: Mapping[str, int], overlaps: Overlaps) -> dict[str, str]:
    """Decide, among records to be pooled, which give way: returns {left out: kept record it overlaps with}.

    First-hand records go before pools of several samples, then the larger record, then the id: a written,
    order-free rule, so the same rows give the same choice.
    """
    order = sorted(studies, key=lambda s: (overlaps.spans_cohorts(s), -sizes[s], s))
    linked: dict[str, set[str]] = defaultdict(set)
    for study, others in overlaps.links.items():
        linked[study] |= others
        for other in others:
            linked[other].add(study)
    place: dict[str, int] = {}  # of the kept records, by which the first that overlaps is told
    of_cohort: dict[str, str] = {}
    dropped: dict[str, str] = {}
    for study in order:
        cohort = overlaps.cohort.get(study, "")
        near = linked.get(study, set()) | ({of_cohort[cohort]} if cohort in of_cohort else set())
        if clashes := [other for other in near if other in place and other != study]:
            dropped[study] = min(clashes, key=place.__getitem__)
            continue
        place[study] = len(place)
        if cohort:
            of_cohort.setdefault(cohort, study)
    return dropped
