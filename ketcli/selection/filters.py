"""The filters that every evidence command shares: validated once, against the schema and the data at hand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ketcli.errors import unknown_value
from ketcli.evidence.codes import STUDY_DRUGS
from ketcli.evidence.regimens import REGIMENS, Window, parse_window

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence

TRD = ("trd-mdd", "mixed-trd")
POPULATION_GROUPS = {
    "trd": TRD,
    "trd-any": (*TRD, "bipolar-trd"),
    "not-trd": ("mdd", "mdd-suicidal", "bipolar", "mixed", "other"),
}
DESIGN_GROUPS = {
    "rct": ("rct-parallel", "rct-crossover", "rct-withdrawal"),
    "observational": ("open-label", "cohort", "registry"),
}
SECONDARY = "secondary-"


@dataclass(frozen=True)
class Filters:
    """What a question is limited to; empty tuples and None do not limit. `population` () means every one."""

    drug: tuple[str, ...] = ()
    route: tuple[str, ...] = ()
    regimen: tuple[str, ...] = ()
    design: tuple[str, ...] = ()
    population: tuple[str, ...] = TRD
    study: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    min_n: int | None = None
    outcome: tuple[str, ...] = ()
    at: Window | None = None
    include_overlapping: bool = False
    exclude_derived: bool = False
    exclude_secondary: bool = False

    def admits_study(self, study: Mapping[str, object]) -> bool:
        """Return True when a row of the studies table passes the filters on studies."""
        year = study.get("year")
        known = isinstance(year, (int, float)) and not math.isnan(year)
        return (
            (not self.study or study["study_id"] in self.study)
            and (not self.design or study.get("design") in self.design)
            # a study that does not state its population is admitted: a reader's table may lack the column
            and (not self.population or bool(self.study) or study.get("population", "") in ("", *self.population))
            and (self.since is None or (known and float(str(year)) >= self.since))
            and (self.until is None or (known and float(str(year)) <= self.until))
        )

    def admits_arm(self, arm: Mapping[str, object]) -> bool:
        """Return True when a row of the arms table passes the filters on drug and route."""
        return (not self.drug or arm.get("drug") in self.drug) and (
            not self.route or arm.get("route") in self.route
        )

    def source_reason(self, row: Mapping[str, object]) -> str:
        """Return why a row is left out for how its number was obtained, "" when it may stay."""
        if self.exclude_derived and row.get("events_derived") in (1, 1.0, True, "1"):
            return "derived-count"
        if self.exclude_secondary and str(row.get("source_kind", "")).startswith(SECONDARY):
            return "secondary-source"
        return ""

    def described(self) -> str:
        """Return the filters in force as one phrase for the notes, "" when there are none."""
        parts = [
            f"{name} {' or '.join(values)}"
            for name in ("drug", "route", "regimen", "design", "study", "outcome")
            if (values := getattr(self, name))
        ]
        if self.population != TRD:
            parts.append("population " + (" or ".join(self.population) or "any"))
        parts += [
            f"published {word} {year}" for word, year in (("since", self.since), ("until", self.until)) if year
        ]
        if self.min_n:
            parts.append(f"at least {self.min_n} people")
        if self.at:
            parts.append(self.at.label)
        if self.exclude_derived:
            parts.append("without derived counts")
        if self.exclude_secondary:
            parts.append("without secondary sources")
        return "; ".join(parts)


def for_evidence(evidence: Evidence, *, more_outcomes: tuple[str, ...] = (), **given: Any) -> Filters:
    """Return filters checked against the schema's codes and the studies at hand; see `build` for the names.

    `more_outcomes` are names that a command computes besides the outcomes that studies count.
    """
    from ketcli.evidence.schema import TABLES

    def codes(table: str, field: str) -> tuple[str, ...]:
        return tuple(TABLES[table].field(field).codes or ())

    known = {
        "drug": STUDY_DRUGS,
        "route": codes("arms", "route"),
        "design": codes("studies", "design"),
        "population": codes("studies", "population"),
        "outcome": (*codes("outcomes", "outcome"), *more_outcomes),
        "study": tuple(evidence.labels),
    }
    return build(known, **given)


def build(
    codes: Mapping[str, Iterable[str]],
    *,
    drug: Sequence[str] | None = None,
    route: Sequence[str] | None = None,
    regimen: Sequence[str] | None = None,
    design: Sequence[str] | None = None,
    population: Sequence[str] | None = None,
    study: Sequence[str] | None = None,
    outcome: Sequence[str] | None = None,
    at: str | None = None,
    **simple: Any,
) -> Filters:
    """Return filters from what was typed; `codes` holds the valid values, unknown ones are refused."""
    populations = _expand("population", population or ["trd"], codes["population"], POPULATION_GROUPS)
    return Filters(
        drug=_expand("drug", drug, codes["drug"], {}),
        route=_expand("route", route, codes["route"], {}),
        regimen=_expand("regimen", regimen, REGIMENS, {}),
        design=_expand("design", design, codes["design"], DESIGN_GROUPS),
        population=populations,
        study=_expand("study", study, codes["study"], {}),
        outcome=_expand("outcome", outcome, codes["outcome"], {}),
        at=parse_window(at) if at else None,
        **simple,
    )


def _expand(
    what: str, given: Sequence[str] | None, valid: Iterable[str], groups: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Check the values of one option, put code groups in place of their names; `all` lifts the limit."""
    known = {code for code in valid if code}
    chosen: list[str] = []
    for value in (part.strip() for item in given or () for part in item.split(",")):
        if value == "all":
            return ()
        if value in groups:
            chosen += groups[value]
        elif value in known:
            chosen.append(value)
        else:
            raise unknown_value(what, value, {*known, *groups})
    return tuple(dict.fromkeys(chosen))
