"""Which number of this dataset stands beside a published estimate, and why the two may differ.

Beside an estimate stands, for each drug and comparator, the pool of most studies that meets the review's drug,
route, outcome, control and time; the population is the nearest that the review's words allow. Placebo, midazolam
and ECT are never added together, whatever the review did.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ketcli.evidence.codes import ROUTES, STUDY_DRUGS
from ketcli.evidence.regimens import Window, standard_window
from ketcli.quantities.events import event_contrasts
from ketcli.quantities.lasting import hazards
from ketcli.quantities.pairs import drug_on, pairs
from ketcli.quantities.quantity import Quantity, fullest
from ketcli.quantities.scores import score_differences
from ketcli.quantities.shares import shares
from ketcli.selection.event_names import SERIOUS, STOPPED
from ketcli.selection.filters import DESIGN_GROUPS, TRD, Filters
from ketcli.selection.treatments import parse
from ketcli.summaries.pooling import Settings
from ketcli.summaries.words import when

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence

Row = Mapping[str, Any]
DRUGS = {"ketamine": ("ketamine",), "esketamine": ("esketamine",), "ketamine-or-esketamine": STUDY_DRUGS}
UNIPOLAR = ("trd-mdd", "mdd", "mdd-suicidal")
EVENTS = {
    "discontinued-ae": STOPPED,
    "serious-adverse-event": SERIOUS,
    "any-adverse-event": "any adverse event",
    "blood-pressure-increased": "blood pressure increased",
    "dissociation": "dissociation",
    "nausea": "nausea",
}
COMPARATORS = ("placebo", "midazolam", "ect", "quetiapine")
_SAID = {
    "placebo": re.compile(r"placebo|saline|control|sham", re.I),
    "midazolam": re.compile(r"midazolam|control", re.I),
    "ect": re.compile(r"\bECT\b"),
    "quetiapine": re.compile(r"quetiapine", re.I),
}


Memory = dict[tuple[Any, ...], list[Quantity]]


def ours(evidence: Evidence, review: Row, how: Settings, memory: Memory) -> list[Quantity]:
    """Return what the rows of this dataset give for a published estimate; nothing where they cannot.

    `memory` keeps answers for reviews that ask the same; network odds ratios, which rest on indirect evidence too,
    have no counterpart. Where a contrast has no time, a single study is not set beside a pool of several.
    """
    drugs = DRUGS.get(review["drug"], ())
    if not drugs or review["estimate"] is None or "network" in review["comparison"]:
        return []
    filters = replace(
        Filters(),
        drug=drugs,
        route=(review["route"],) if review["route"] in ROUTES and review["route"] != "mixed" else (),
        population=population(review["population"]),
        at=window(review["time_days"]),
        regimen=regimens(review),
        design=DESIGN_GROUPS["rct"] if "RCT" in review["comparison"] else (),
    )
    key = (filters, review["outcome"], review["measure"], comparators(review["comparison"]), _maintained(review))
    if key not in memory:
        found = _computed(evidence, review, filters, how)
        memory[key] = fullest((q for q in found if q.estimate is not None), "drug", "against")
    lines = memory[key]
    if review["measure"] in ("rr", "or", "rd") and review["time_days"] is None and review["k_studies"] != 1:
        lines = [line for line in lines if line.k > 1 or line.outcome in EVENTS.values()]
    return [_turned(line, review) for line in lines]


def _computed(evidence: Evidence, review: Row, filters: Filters, how: Settings) -> list[Quantity]:
    """Return every line that meets the filters, by what is measured."""
    measure, outcome = review["measure"], review["outcome"]
    against = comparators(review["comparison"])
    if outcome in ("response", "remission") and measure == "proportion":
        return shares(evidence, filters, (outcome,), how)
    if outcome in ("response", "remission", "dropout") and measure in ("rr", "or", "rd"):
        drug = drug_on(filters.drug, "")
        return [
            line
            for other in against
            for line in pairs(evidence, filters, drug, parse(other), (outcome,), measure, how)
        ]
    if outcome == "depression-score" and measure in ("smd", "md") and filters.at is not None:
        scale = "MADRS" if measure == "md" else ""
        lines = score_differences(evidence, filters, filters.at, measure, how, scale)
        return [line for line in lines if line.against in against]
    if outcome in EVENTS and measure in ("rr", "rd"):
        lines = _events(evidence, EVENTS[outcome], filters, against, measure, how)
        return [line for line in lines if (line.window == "maintenance") == _maintained(review)]
    if outcome == "relapse" and measure == "hr":
        return hazards(evidence, filters, how)
    return []


def _events(
    evidence: Evidence, event: str, filters: Filters, against: Sequence[str], measure: str, how: Settings
) -> list[Quantity]:
    from ketcli.selection.events import select

    kept = select(evidence, replace(filters, at=None), events=(event,)).kept
    return [line for line in event_contrasts(kept, measure, how) if line.against in against]


def regimens(review: Row) -> tuple[str, ...]:
    """Return the regimens that a review's words limit it to; () is every one."""
    words = f"{review['comparison']} {review['subset']}"
    if "real-world" in words:
        return ("real-world",)
    if re.search(r"repeated|ongoing", words):
        return ("repeated-course",)
    return ("single-dose",) if re.search(r"single[- ]dose(?!\w)", words) and "/" not in words else ()


def _maintained(review: Row) -> bool:
    return bool(review["subset"] == "maintenance")


def population(words: str) -> tuple[str, ...]:
    """Return the populations here that are nearest to a review's words; () is every one."""
    low = words.lower()
    if low.startswith(("trd", "treatment-resistant")) and "/" not in low:
        return TRD
    mixed = any(word in low for word in ("bipolar", "mixed", "any ", "psychiatric", "depression", "/"))
    return () if mixed or not low else UNIPOLAR


def window(days: float | None) -> Window | None:
    """Return the standard window that holds a review's time; None without one, for each regimen's own."""
    return None if days is None else standard_window(days)


def comparators(comparison: str) -> tuple[str, ...]:
    """Return what a review's comparison names as control, placebo where it names none."""
    said = tuple(name for name in COMPARATORS if _SAID[name].search(comparison))
    return said or ("placebo",)


def _turned(line: Quantity, review: Row) -> Quantity:
    """Return a score difference with the sign that the review gives it; other measures as they are."""
    if line.measure not in ("smd", "md") or negative_favours_drug(review):
        return line
    low, high = line.ci_low, line.ci_high
    return replace(
        line,
        estimate=_minus(line.estimate),
        ci_low=_minus(high),
        ci_high=_minus(low),
        pi_low=_minus(line.pi_high),
        pi_high=_minus(line.pi_low),
    )


def negative_favours_drug(review: Row) -> bool:
    """Return whether a negative difference favours the drug, from the sign and from who is named first."""
    drug_first = not review["comparison"].startswith("ECT")
    first_better_is_negative = review["sign"] in ("negative-favours-first", "")
    return bool(drug_first == first_better_is_negative)


def differences(line: Quantity, review: Row, listed: Sequence[str]) -> str:
    """Return why our number and the review's may differ, in a few words; `listed` are trials the review names."""
    parts: list[str] = []
    asked = population(review["population"])
    if re.search(r"high|low", review["subset"]) and "end" not in review["subset"]:
        parts.append("all doses")
    parts.append("resistant only" if asked == TRD else "unipolar" if asked else "every population here")
    parts.append(_time_words(line, review))
    if len(comparators(review["comparison"])) > 1 and line.against:
        parts.append(f"{line.against} alone as control")
    if line.route and review["route"] in ("", "mixed"):
        parts.append(f"{line.route} alone")
    if line.measure in ("rr", "or", "rd") and line.outcome in ("response", "remission"):
        parts.append("no paired crossover periods")
    if (
        line.measure == "rate"
        and not review["comparison"].startswith("single-arm")
        and "RCT" not in review["comparison"]
    ):
        parts.append("open series too")
    if shared := set(listed) & set(line.study_ids):
        parts.append(f"{len(shared)} of our {line.k} are among its listed trials")
    if line.model:
        parts.append(f"{_MODELS.get(line.model, line.model)} v {review['model'] or 'a model not stated'}")
    return "; ".join(part for part in parts if part)


_MODELS = {
    "glmm": "mixed model",
    "random": "random effects with Hartung-Knapp limits",
    "common": "common effect",
    "mh": "Mantel-Haenszel",
}


def _time_words(line: Quantity, review: Row) -> str:
    if line.outcome not in ("response", "remission", "depression-score"):
        return line.window.replace("-", " ")
    if review["time_days"] is None:
        rated = when(line.time_days) if line.time_days is not None else line.window
        return f"its time not stated, ours {rated}" if rated else "its time not stated"
    at = standard_window(review["time_days"])
    return (
        f"ours within days {at.low:g} to {at.high:g}"
        if line.time_days is None
        else f"ours at {when(line.time_days)}"
    )


def _minus(value: float | None) -> float | None:
    return None if value is None else -value
