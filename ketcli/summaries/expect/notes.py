"""What `ket expect` says under its numbers: what was chosen and why, what each trait did, how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ketcli.report import Note, Row
from ketcli.selection.event_counts import COMPARATORS
from ketcli.selection.filters import TRD
from ketcli.selection.matching import ADULT, OLDER
from ketcli.summaries import pooling
from ketcli.summaries.expect import factors as expect_factors
from ketcli.summaries.rates import group_title
from ketcli.summaries.words import spoken

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters
    from ketcli.selection.matching import Matched
    from ketcli.selection.people import Person, Span
    from ketcli.summaries.expect.factors import Evidenced
    from ketcli.summaries.pooling import Settings

OUTCOMES = "Outcomes"
HARMS = "Side effects"
NAMED = 3
ELSEWHERE = "of another regimen or without a usable count at this time"
TWO_STUDIES = "Two studies: the interval, from t with 1 degree of freedom, says little; --studies shows both."


def notes(
    evidence: Evidence,
    filters: Filters,
    defaults: Sequence[str],
    matched: Matched,
    who: Person,
    how: Settings,
    known: Sequence[Evidenced],
    used: Mapping[str, Sequence[str]],
    rows: Sequence[Row],
) -> tuple[Note, ...]:
    """Return the account of every trait first, then selection, method and cautions; none without rows."""
    if not rows:
        return ()
    found = [Note("choice", f"Not given, so chosen: {', '.join(defaults)}.")] if defaults else []
    found += [
        Note(
            "choice",
            expect_factors.account(one, *_changes(evidence, matched, who, one, used.get(one.trait.factor, ()))),
        )
        for one in known
    ]
    if who.age is None and matched.passed_over:
        text = (
            f"Age not given: studies of an age group are left out: {_named(evidence, matched.passed_over)}; --age "
            "matches them, ket rates pools them with the others."
        )
        found.append(Note("choice", text))
    found += [
        Note("selection", f"Population: {_population(filters)}.{_missing(filters, rows)}"),
        Note("method", _method(how, rows)),
        Note("method", _harms(rows)),
        *([Note("caution", TWO_STUDIES)] if any(row["k"] == 2 for row in rows) else []),
        Note("caution", _control(rows)),
        Note(
            "caution",
            "A summary of published studies, not medical advice. People in trials are chosen: many conditions, "
            f"risks and medicines kept people out. Outcomes are counted {_horizon(rows)} and say nothing of later: "
            "ket durability.",
        ),
    ]
    return tuple(found)


def _population(filters: Filters) -> str:
    if filters.population == TRD:
        return "treatment-resistant depression (trd-mdd, mixed-trd); --population asks for another one"
    return ", ".join(filters.population)


def _method(how: Settings, rows: Sequence[Row]) -> str:
    """Return how the shares, their intervals and the predictions came about."""
    sizes = {int(str(row["k"])) for row in rows}
    words = f"One study: events/total, {how.interval} interval, {how.percent}."
    if sizes == {1}:
        return f"{words} From one study nobody knows how much the next clinic may differ."
    words += f" More studies: {pooling.proportion_words(how)} Differences: random effects on risk differences."
    words += " Next clinic: where the true share in a further such study or clinic would lie, by the same model"
    return f"{words}; a rough guess from three or four studies, not known from fewer."


def _harms(rows: Sequence[Row]) -> str:
    """Return how the side effects were chosen, or that there are none to show."""
    if all(row["block"] == OUTCOMES for row in rows):
        return "Side effects: no matched study counts them during its course, which is not to say there were none."
    return (
        "Side effects: the five that the drug adds to most over control, without a control the five commonest, of "
        "those counted in ten people or more and by at least half as many studies as the most reported; "
        "ket side-effects has all. They can come from other matching studies than the outcomes (--studies); "
        "a study that does not list an event may still have had it."
    )


def given(
    evidence: Evidence, matched: Matched, who: Person, known: Sequence[Evidenced], used: Mapping[str, Sequence[str]]
) -> str:
    """Return what was given of the person and whether it changed the answer; "" when nothing was."""
    parts = []
    for one in known:
        done, _ = _changes(evidence, matched, who, one, used.get(one.trait.factor, ()))
        parts.append(f"{expect_factors.name(one.trait)} ({'used' if done else 'not used'})")
    return ", ".join(parts)


def _changes(
    evidence: Evidence, matched: Matched, who: Person, known: Evidenced, used: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return how a trait changed the answer, by subgroup, matching or entry rule, and what else to say of it."""
    done, beside = list(used), []
    if known.trait.factor == "age" and who.age is not None:
        if matched.ages:
            done.insert(0, f"The evidence is {_named(evidence, matched.ages)}; studies of all adults are left out.")
        elif matched.passed_over:
            left = f"Studies of other ages are left out: {_named(evidence, matched.passed_over)}."
            done.insert(0, left) if who.age < OLDER else beside.append(left)
        if not matched.ages and who.age >= OLDER:
            beside.insert(0, _no_study_of_age(evidence, matched))
    if known.trait.factor == "prior-failures" and matched.demanding:
        done.insert(0, f"Studies of more failed treatments are left out: {_demanding(evidence, matched)}.")
    return done, beside


def _no_study_of_age(evidence: Evidence, matched: Matched) -> str:
    text = "No study of people of this age has a count here, so adults of all ages stand in."
    if matched.unusable:
        text += f" Of this age, but {ELSEWHERE}: {_named(evidence, matched.unusable)}."
    return f"{text} How many people as old they had is not known."


def _named(evidence: Evidence, studies: Mapping[str, Span]) -> str:
    return "; ".join(f"{evidence.labels[study]}, people aged {span}" for study, span in studies.items())


def _demanding(evidence: Evidence, matched: Matched) -> str:
    """Return the first studies of more failed treatments, how many more there are, and how many state no number."""
    labels = [evidence.labels[study] for study in matched.demanding]
    more = len(labels) - NAMED
    required = {row["study_id"]: row["trd_min_failures"] for row in evidence.rows("studies")}
    silent = sum(required[study] is None for study in matched.demanding)
    taken = f" ({silent} of {len(labels)} state no number and are taken to have required two)" if silent else ""
    return ", ".join(labels[:NAMED]) + (f" and {more} more" if more > 0 else "") + taken


def _missing(filters: Filters, rows: Sequence[Row]) -> str:
    """Return which outcomes asked for no matched study counts, "" when all are there."""
    there = {row["outcome"] for row in rows}
    missing = [spoken(name) for name in filters.outcome or ("response", "remission") if name not in there]
    return f" No matched study counts {' or '.join(missing)} at this time." if missing else ""


def _control(rows: Sequence[Row]) -> str:
    """Return what the control arms mean here, or that there is none."""
    benefit = [row for row in rows if row["block"] == OUTCOMES]
    drugs = {str(row["control_drug"]) for row in benefit if row.get("control_total")}
    treatments = sorted(drug for drug in drugs if not set(drug.split(" or ")) <= set(COMPARATORS))
    if drugs:
        others = f" {spoken(' and '.join(treatments))} as control is another treatment, not the lack of one."
        return (
            "The control shows what happens in the same studies at the same time without the drug; the difference, "
            f"not the share on the drug, is its effect. Many can tell which they got.{others if treatments else ''}"
        )
    return (
        "No matched study has a control arm at this time: the shares hold what time, attention and hope would have "
        "done without the drug."
    )


def _horizon(rows: Sequence[Row]) -> str:
    benefit = [row for row in rows if row["block"] == OUTCOMES and row["kind"] == "expected"]
    times = dict.fromkeys(str(row["when"]) for row in benefit if row["when"])
    return "at " + " and ".join(times) if times else "once"


def nothing(evidence: Evidence, filters: Filters, matched: Matched, who: Person, outcomes: Sequence[str]) -> str:
    """Return the sentences that stand in the place of an answer: what is missing, and what there is instead."""
    asked = group_title(filters.regimen[0], filters.drug[0], filters.route[0])
    what = " or ".join(spoken(name) for name in outcomes)
    minor = who.age is not None and who.age < ADULT
    whom = f" in people aged {who.age}" if minor else ""
    text = [
        f"No matching evidence: no study has a usable count of {what} for {asked[:1].lower()}{asked[1:]}{whom}."
    ]
    if filters.regimen == ("maintenance",):
        text.append("People who stay on the drug were chosen for an earlier benefit: ket durability.")
    if matched.unusable:
        text.append(f"Of this age, but {ELSEWHERE}: {_named(evidence, matched.unusable)}.")
    if minor:
        text.append("Studies of adults are no evidence for minors, so none is shown.")
    elif matched.demanding:
        text.append(f"Studies with a count are of more failed treatments: {_demanding(evidence, matched)}.")
    elif matched.passed_over:
        text.append(
            f"Studies of an age group have one, --age matches them: {_named(evidence, matched.passed_over)}."
        )
    elif there := _instead(evidence, filters, outcomes):
        text.append(f"There is evidence for: {there}. ket rates --left-out lists counts that cannot be used.")
    return " ".join(text)


def _instead(evidence: Evidence, filters: Filters, outcomes: Sequence[str]) -> str:
    """Return drug, route and regimen of what has such counts, for the drug asked for if it has any."""
    from ketcli.selection.rates import select

    for drug in (filters.drug, ()):
        kept = select(evidence, replace(filters, drug=drug, route=(), regimen=(), at=None), outcomes).kept
        groups = dict.fromkeys(group_title(r.regimen, r.drug, r.route) for r in kept if not r.reason)
        if groups:
            return "; ".join(f"{title[:1].lower()}{title[1:]}" for title in groups)
    return ""
