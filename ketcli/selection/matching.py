"""Which studies are of people like a person: age groups, entry rules, and the rates of what is left.

The written rule:
1. the ages of a study are those that its notes and its levels of age give, unless the mean age of its arms lies
   outside them; where they leave out adults of 25 it is a study of an age group;
2. below 18 years, and from 65, the studies of an age group that holds the person come first; adults of 18 to 64,
   and people whose age is not given, are matched with the studies that are not of an age group, and so are people
   from 65 when no study of their age has a rate to show; a study whose ages leave the person out is never matched;
3. a study that required more failed treatments than the person has had is never matched;
4. a study of treatment-resistant depression that does not say how many treatments had failed is taken to have
   required two, as the usual definition does.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ketcli.selection import rates
from ketcli.selection.filters import TRD
from ketcli.selection.people import Person, Span, span

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters
    from ketcli.selection.rates import Rate

ADULT = 18
YOUNG_ADULT = 25
OLDER = 65
_AGES = re.compile(r"\b(?:ages?|aged|adults|patients|participants|veterans) (\d+(?:-\d+|\+))", re.IGNORECASE)
RESISTANT = (*TRD, "bipolar-trd")
USUAL_FAILURES = 2.0


def ages(evidence: Evidence) -> dict[str, Span]:
    """Return the ages of the people of each study that gives them (rule 1).

    A study of people of all ages that reports a single level is told apart by the mean age of its arms.
    """
    given: dict[str, list[Span]] = defaultdict(list)
    for row in evidence.rows("studies"):
        found = (span(text.replace("+", "-plus")) for text in _AGES.findall(row.get("notes") or ""))
        given[row["study_id"]] += [s for s in found if s is not None]
    for row in evidence.rows("factors"):
        if row["factor"] == "age" and (level := span(row["level"])) is not None:
            given[row["study_id"]].append(level)
    means: dict[str, list[float]] = defaultdict(list)
    for arm in evidence.rows("arms"):
        if arm.get("age_mean") is not None:
            means[arm["study_id"]].append(arm["age_mean"])
    whole = {study: _union(spans) for study, spans in given.items() if spans}
    return {study: s for study, s in whole.items() if all(s.holds(mean) for mean in means[study])}


def _union(spans: Sequence[Span]) -> Span:
    ends = [s.high for s in spans if s.high is not None]
    return Span(min(s.low for s in spans), max(ends) if len(ends) == len(spans) else None)


@dataclass(frozen=True)
class Matched:
    """The studies like a person, and their rates; why others were passed over.

    `ages` are the bounds of matched studies of an age group; empty when the person was matched with studies of
    adults. `passed_over` are studies of other age groups, `unusable` of the person's own without a rate to show;
    `demanding` required more failed treatments.
    """

    filters: Filters
    studies: tuple[str, ...] = ()
    rates: tuple[Rate, ...] = ()
    ages: Mapping[str, Span] = field(default_factory=dict)
    passed_over: Mapping[str, Span] = field(default_factory=dict)
    unusable: Mapping[str, Span] = field(default_factory=dict)
    demanding: tuple[str, ...] = ()


def find(evidence: Evidence, filters: Filters, who: Person, outcomes: Sequence[str]) -> Matched:
    """Return the studies that pass the filters and are like a person, with their rates, by the written rule."""
    admitted = {row["study_id"]: row for row in evidence.rows("studies") if filters.admits_study(row)}
    using = _with_rates(evidence, filters, tuple(admitted), outcomes)
    demanding = tuple(s for s in using if _demands_more(admitted[s], who.prior_failures))
    fit = [s for s, row in admitted.items() if not _demands_more(row, who.prior_failures)]
    stated = ages(evidence)
    groups = {study for study, span in stated.items() if not span.holds(YOUNG_ADULT)}
    others = {s for s, span in stated.items() if s in groups or (who.age is not None and not span.holds(who.age))}
    own = tuple(s for s in fit if s in groups and _own_group(stated[s], who.age))
    everybody = tuple(s for s in fit if s not in others)
    found = Matched(
        filters,
        demanding=demanding,
        passed_over={s: stated[s] for s in using if s in others and s not in own},
        unusable={s: stated[s] for s in own if s in _treating(evidence, filters)},
    )
    if kept := _rates(evidence, filters, own, outcomes):
        mine = {rate.study_id: stated[rate.study_id] for rate in kept}
        return replace(found, studies=own, rates=kept, ages=mine, unusable={})
    if who.age is not None and who.age < ADULT:
        return found
    return replace(found, studies=everybody, rates=_rates(evidence, filters, everybody, outcomes))


def _own_group(group: Span, age: int | None) -> bool:
    """Return True when a person belongs with a study of an age group (rule 2); never from 18 to 64."""
    return age is not None and not ADULT <= age < OLDER and group.holds(age)


def _demands_more(study: Mapping[str, Any], failures: int | None) -> bool:
    """Return True for a study that required more failed treatments than a person has had (rules 3 and 4)."""
    if failures is None:
        return False
    stated = study.get("trd_min_failures")
    if stated is None:
        stated = USUAL_FAILURES if study.get("population") in RESISTANT else 0.0
    return failures < float(stated)


def _rates(
    evidence: Evidence, filters: Filters, studies: tuple[str, ...], outcomes: Sequence[str]
) -> tuple[Rate, ...]:
    """Return the rates of these studies that may be shown and pooled; no studies, no rates."""
    if not studies:
        return ()
    kept = rates.select(evidence, replace(filters, study=studies), outcomes).kept
    return tuple(rate for rate in kept if not rate.reason)


def _with_rates(
    evidence: Evidence, filters: Filters, studies: tuple[str, ...], outcomes: Sequence[str]
) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rate.study_id for rate in _rates(evidence, filters, studies, outcomes)))


def _treating(evidence: Evidence, filters: Filters) -> set[str]:
    """Return the studies with an arm of the drug and route asked for."""
    return {
        arm["study_id"] for arm in evidence.rows("arms") if arm["role"] != "control" and filters.admits_arm(arm)
    }
