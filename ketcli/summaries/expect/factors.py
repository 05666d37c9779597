"""What was done with each thing given of a person, and why: used where a trial supports it, else not, with numbers.

The written rule: a factor changes the answer in two cases alone. Either matched studies are of such people (age,
entry rule on failed treatments), or a test of drug against control inside a matched trial found p below 0.05 and
the trial gives counts by level: then the person's level of that trial stands for the outcome that was tested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ketcli.evidence import overlap
from ketcli.selection.factors import INTERACTION, Finding, excludes_no_effect, select
from ketcli.summaries.factors.interactions import with_interactions
from ketcli.summaries.words import spoken

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters
    from ketcli.selection.matching import Matched
    from ketcli.selection.people import Trait
    from ketcli.selection.rates import Rate

SHOWN = 3
OUTCOMES = ("response", "remission")
_RATIOS = ("or", "rr", "hr")
_DECIMALS = {"or": 2, "rr": 2, "hr": 2, "smd": 2, "md": 1, "mean-change": 1, "rd": 0}
_WITHOUT_CONTROL = ("prognostic", "level", "in-words")


@dataclass(frozen=True)
class Test:
    """A test inside one study of whether drug against control differs by a factor, with the levels' effects."""

    found: Finding
    levels: tuple[Finding, ...]

    @property
    def differs(self) -> bool:
        """Return True when p is below 0.05."""
        return excludes_no_effect(self.found) is True


@dataclass(frozen=True)
class Evidenced:
    """What studies found on one trait: tests of drug against control, and findings that have no control."""

    trait: Trait
    tests: tuple[Test, ...]
    levels: tuple[Finding, ...]
    others: tuple[Finding, ...]


def gather(evidence: Evidence, filters: Filters, trait: Trait, matched: Matched, level: float) -> Evidenced:
    """Return what studies of the drug by its route found on a trait, those of the matched people first."""
    asked = replace(filters, regimen=(), outcome=(), at=None, study=())
    found, _ = select(evidence, asked, (trait.factor,))
    levels: list[Finding] = []
    tests: list[Test] = []
    for row in with_interactions(found, level):
        if row.kind == "within-level":
            # a comparison follows the levels that it compares
            levels = [f for f in levels if f.contrast == row.contrast] + [row]
        elif row.kind in (INTERACTION, "modification"):
            tests.append(Test(row, tuple(levels) if row.kind == INTERACTION else ()))
    near = _nearness(evidence, matched)
    tests = [t for t in tests if not t.levels or any(trait.fits(f.level) for f in t.levels)]
    tests.sort(key=lambda t: (not near[t.found.study_id], _rank(t.found)))
    others = [f for f in found if f.kind in _WITHOUT_CONTROL and _says_something(f, trait)]
    others.sort(key=lambda f: (not near[f.study_id], _WITHOUT_CONTROL.index(f.kind), _rank(f)))
    counted = [f for f in found if f.kind == "level" and f.events is not None and f.total and near[f.study_id]]
    return Evidenced(trait, tuple(tests), tuple(counted), tuple(others))


def _nearness(evidence: Evidence, matched: Matched) -> Mapping[str, bool]:
    """Return, for every study, whether it is matched or a record of a matched study's people."""
    overlaps = overlap.build(evidence.rows("studies"))
    return {
        study: study in matched.studies or any(overlaps.share(study, other) for other in matched.studies)
        for study in overlaps.cohort
    }


def _rank(found: Finding) -> int:
    return OUTCOMES.index(found.outcome) if found.outcome in OUTCOMES else len(OUTCOMES)


def _says_something(found: Finding, trait: Trait) -> bool:
    """Return True for a finding that bears on the trait: words, a contrast, or the person's own level with a p."""
    return found.kind != "level" or (trait.fits(found.level) and (found.p is not None or bool(found.p_text)))


def subgroup(known: Evidenced, rate: Rate) -> Rate | None:
    """Return a rate's outcome in the person's level of a trial that supports the factor; None when none does.

    The level must be one alone, on the drug and on control, with counts, at the time of the rate's window.
    """
    for test in known.tests:
        study, outcome = test.found.study_id, test.found.outcome
        if not test.differs or outcome != rate.outcome or (test.found.time_days != rate.time_days):
            continue
        mine = [
            f
            for f in known.levels
            if (f.study_id, f.outcome, f.time_days) == (study, outcome, rate.time_days)
            and known.trait.fits(f.level)
        ]
        drug = [f for f in mine if f.drug == rate.drug]
        control = [f for f in mine if f.drug != rate.drug]
        if len(drug) == 1 and len(control) <= 1:
            there = _counts_of(rate, drug[0])
            return replace(there, control=_counts_of(rate, control[0]) if control else None)
    return None


def _counts_of(rate: Rate, level: Finding) -> Rate:
    return replace(
        rate,
        study_id=level.study_id,
        label=f"{level.label}, {spoken(level.level)}",
        drug=level.drug,
        arms=(),
        events=level.events,
        total=level.total,
        percent=level.percent,
        events_derived=level.events_derived,
        analysis_set="",
        source_kind=level.source_kind,
        source_url=level.source_url,
        source_where=level.source_where,
        control=None,
    )


def name(trait: Trait) -> str:
    """Return a trait in words: age 70, PTSD, no anxiety."""
    return spoken(trait.words)


def account(known: Evidenced, used: Sequence[str], reasons: Sequence[str]) -> str:
    """Return in a paragraph what was done with a trait and why.

    `used` says how it changed the answer (empty: it did not), `reasons` what else is to be said of it first.
    """
    words = name(known.trait)
    words = f"{words[:1].upper()}{words[1:]}"
    if used:
        return " ".join([f"{words}: used. {' '.join(used)}", *reasons, _numbers(known)]).strip()
    return " ".join([f"{words}: not used. {_why_not(known)}", *reasons]).strip()


def _why_not(known: Evidenced) -> str:
    if any(test.differs for test in known.tests):
        return (
            "A test inside a trial found a difference, but no matched trial gives counts by level for it: "
            f"{_tests(known)}"
        )
    if known.tests:
        return f"No difference between drug and control by it was found inside a trial: {_tests(known)}"
    if known.others:
        return f"No test of it against a control was seen in numbers. What studies say: {_lesser(known)}"
    return "No evidence on it for this drug and route."


def _numbers(known: Evidenced) -> str:
    """Return what tests inside trials say, or findings without a control; "" when there is neither."""
    if known.tests:
        return f"Inside trials: {_tests(known)}"
    return f"What studies say of it: {_lesser(known)}" if known.others else ""


def _tests(known: Evidenced) -> str:
    return _listed([(test.found.label, _test(test)) for test in known.tests], known)


def _lesser(known: Evidenced) -> str:
    return _listed([(found.label, _finding(found)) for found in known.others], known)


def _listed(parts: Sequence[tuple[str, str]], known: Evidenced) -> str:
    """Return the first parts, study by study, and how many more there are; a study's label stands once."""
    by_study: dict[str, list[str]] = {}
    for label, text in parts[:SHOWN]:
        by_study.setdefault(label, []).append(text)
    rest = len(parts) - SHOWN
    more = f"; {rest} more in ket factors {known.trait.factor}" if rest > 0 else ""
    return "; ".join(f"{label}: {'; '.join(texts)}" for label, texts in by_study.items()) + more + "."


def _test(test: Test) -> str:
    found = test.found
    against = f" v {spoken(found.comparator)}" if found.comparator else ""
    effects = ", ".join(f"{spoken(f.level)} {_effect(f)}" for f in test.levels if f.estimate is not None)
    middle = f"{effects}, " if effects and len(test.levels) == 2 else ""
    stratum = f"{spoken(found.stratum)}, " if found.stratum else ""
    return f"{stratum}{_outcome(found)}{against}, {middle}p of the difference {_p(found)}"


def _finding(found: Finding) -> str:
    """Return a finding that has no control in words: the source's own where it gives no number."""
    if found.kind == "in-words":
        return found.notes or spoken(found.level)
    levels = spoken(found.level) + (f" v {spoken(found.reference_level)}" if found.reference_level else "")
    p = _p(found)
    which = "p between levels" if found.kind == "level" else "p"
    number = ", ".join(part for part in (_effect(found), f"{which} {p}" if p else "") if part)
    return f"{_outcome(found)}, {levels}: {number}".rstrip(": ")


def _outcome(found: Finding) -> str:
    time = "" if found.time_days is None else f" at {found.time_days:g} d"
    return f"{spoken(found.outcome)}{time}"


def _effect(found: Finding) -> str:
    """Return an effect with its interval as printed; "" for a mere test statistic, which its p stands for."""
    if found.estimate is None:
        return ""
    if found.measure == "rate":
        counts = f"{found.events}/{found.total} = " if found.events is not None and found.total else ""
        return f"{counts}{100 * found.estimate:.0f} %"
    if found.measure not in _DECIMALS:
        return ""
    digits, scale = _DECIMALS[found.measure], 100.0 if found.measure == "rd" else 1.0
    ends = ""
    if found.ci_low is not None and found.ci_high is not None:
        joined = "-" if found.measure in _RATIOS else " to "
        ends = f" ({scale * found.ci_low:.{digits}f}{joined}{scale * found.ci_high:.{digits}f})"
    name = "" if found.measure == "mean-change" else f"{found.measure.upper()} "
    return f"{name}{scale * found.estimate:.{digits}f}{ends}"


def _p(found: Finding) -> str:
    if found.p is None:
        return found.p_text
    return "<0.001" if found.p < 0.001 else f"{found.p:.2g}"
