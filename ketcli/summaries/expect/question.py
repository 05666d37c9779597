"""What is asked of `ket expect`: one drug, route and regimen, the usual ones if not given, and what matches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ketcli.errors import UsageError
from ketcli.selection.filters import TRD
from ketcli.selection.matching import Matched, find

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters
    from ketcli.selection.people import Person

ROUTES = {"ketamine": "intravenous", "esketamine": "intranasal"}
REGIMEN_ORDER = ("repeated-course", "single-dose", "real-world")
NASAL_COURSE = "esketamine-oral-ad"


@dataclass(frozen=True)
class Question:
    """What is asked, one drug, one route and one regimen, and which of them were not given."""

    filters: Filters
    defaults: tuple[str, ...]

    @property
    def drug(self) -> str:
        """Return the drug."""
        return self.filters.drug[0]

    @property
    def route(self) -> str:
        """Return the route."""
        return self.filters.route[0]

    @property
    def regimen(self) -> str:
        """Return the regimen."""
        return self.filters.regimen[0]


def _refuse_several(filters: Filters) -> None:
    """Refuse several drugs, routes, regimens or populations: an answer for 100 people cannot mix them."""
    for name in ("drug", "route", "regimen"):
        if len(getattr(filters, name)) > 1:
            raise _several(name, getattr(filters, name))
    if filters.population != TRD and len(filters.population) != 1:
        raise _several("population", filters.population or ("all",))


def _several(name: str, values: Sequence[str]) -> UsageError:
    return UsageError(
        f"one {name} at a time, not {' and '.join(values)}",
        code="one-at-a-time",
        hint=f"ket expect answers for one group of people; ket rates --{name} takes several",
    )


def settle(evidence: Evidence, filters: Filters, who: Person, outcomes: Sequence[str]) -> tuple[Question, Matched]:
    """Return drug, route and regimen, those not given by default, and the studies that match.

    Of regimens the usual course of the drug comes first, then the next one that has matching studies. UsageError
    for several drugs, routes, regimens or populations.
    """
    _refuse_several(filters)
    regimen = filters.regimen[0] if filters.regimen else ""
    nasal = regimen == NASAL_COURSE or filters.route == ("intranasal",)
    drug = filters.drug[0] if filters.drug else "esketamine" if nasal else "ketamine"
    route = filters.route[0] if filters.route else ROUTES[drug]
    defaults = [f"drug {drug}"] * (not filters.drug) + [f"route {route}"] * (not filters.route)
    usual = (NASAL_COURSE,) if (drug, route) == ("esketamine", "intranasal") else ()
    tried = (regimen,) if regimen else (*usual, *REGIMEN_ORDER)
    found: list[tuple[Question, Matched]] = []
    for code in tried:
        passed = f" (no study of {', '.join(q.regimen for q, _ in found)} matches)" if found else ""
        chosen = [*defaults, *([] if regimen else [f"regimen {code}{passed}"])]
        asked = replace(filters, drug=(drug,), route=(route,), regimen=(code,))
        found.append((Question(asked, tuple(chosen)), find(evidence, asked, who, outcomes)))
        if found[-1][1].rates:
            return found[-1]
    return found[0]
