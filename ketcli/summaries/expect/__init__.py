"""What to expect: of 100 people like those in the matching studies, how many respond, remit or get side effects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ketcli.report import Column, Display, Fact, Icons, Report, Row, Share
from ketcli.selection import events
from ketcli.selection.event_names import STOPPED, STOPPED_OUTCOME
from ketcli.summaries.columns import columns
from ketcli.summaries.expect import factors as expect_factors
from ketcli.summaries.expect import lines as expect_lines
from ketcli.summaries.expect import notes as expect_notes
from ketcli.summaries.expect.factors import Evidenced
from ketcli.summaries.expect.lines import Fields
from ketcli.summaries.expect.question import Question, settle
from ketcli.summaries.rates import group_title, sources
from ketcli.summaries.side_effects.rows import PHASE_WORDS
from ketcli.summaries.words import spoken, when_all

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.event_counts import Count
    from ketcli.selection.filters import Filters
    from ketcli.selection.matching import Matched
    from ketcli.selection.people import Person
    from ketcli.selection.rates import Rate
    from ketcli.summaries.expect.lines import Member
    from ketcli.summaries.pooling import Settings

OUTCOMES = ("response", "remission")
NAMED = 5
DESIGN_WORDS = {
    "rct-parallel": "of a randomised design",
    "rct-crossover": "randomised crossover",
    "rct-withdrawal": "open phase before randomisation",
    "open-label": "without a control group",
    "cohort": "routine care",
    "registry": "routine care",
    "pooled": "trials analysed together",
}
BACKGROUND_WORDS = {
    "new-oral-ad": " with the same new oral antidepressant",
    "add-on": " added to the antidepressant already taken",
}
COLUMNS = (
    *columns("kind", "outcome", "event", "drug", "route", "regimen"),
    Column("when", "When", "text", "", "time of rating, or phase in which side effects were counted"),
    *columns("k", "events", "total", "rate", "ci_low", "ci_high", "pi_low", "pi_high"),
    *columns("control_drug", "control_events", "control_total", "control_rate", "control_low", "control_high"),
    *columns("rd", "rd_low", "rd_high", "model", "tau2", "i2", "scale", "events_derived", "label", "arms"),
    Column("study_ids", "Study ids", "text", "", "studies behind the row, separated by blanks"),
    Column("source_urls", "Source pages", "text", "", "pages the counts were read on, separated by blanks"),
)


def expect(
    evidence: Evidence, filters: Filters, how: Settings, who: Person, *, show_studies: bool = False
) -> Report:
    """Return what happened to people like this one in the best matching studies, per 100, with their control arms.

    One drug, route, regimen and population; those not given are chosen by a printed rule. Without a matching
    study there are no rows but a sentence that says so. UsageError for several values of one of them.
    """
    outcomes = filters.outcome or OUTCOMES
    question, matched = settle(evidence, filters, who, outcomes)
    known = [expect_factors.gather(evidence, question.filters, t, matched, how.level) for t in who.traits]
    used: dict[str, list[str]] = {}
    rows: list[Row] = []
    shown: list[Member] = []
    for outcome in outcomes:
        members = _members(matched, outcome, known, used)
        if members:
            rows += _outcome_rows(members, question, how, show_studies=show_studies)
            shown += members
    harms = _harms(evidence, question.filters, matched) if matched.rates else []
    for pool in harms:
        rows += _event_rows(pool, question, how, show_studies=show_studies)
        shown += pool
    title = group_title(question.regimen, question.drug, question.route)
    title = f"{title[:1].lower()}{title[1:]}"
    whom = f"Of 100 people like those in {_these(matched)}" if rows else "What to expect"
    return Report(
        title=f"{whom}: {title}",
        columns=COLUMNS,
        rows=tuple(rows),
        displays=_displays(),
        facts=_facts(evidence, matched, expect_notes.given(evidence, matched, who, known, used)),
        notes=expect_notes.notes(
            evidence, question.filters, question.defaults, matched, who, how, known, used, rows
        ),
        sources=sources(shown),
        group_by=("block",),
        heading=("block",),
        emphasis=frozenset({"expected"} if show_studies else ()),
        empty=expect_notes.nothing(evidence, question.filters, matched, who, outcomes),
        data_version=evidence.version,
        picture="icons",
        icons=tuple(_icons(row) for row in rows if row["kind"] != "study"),
    )


def _members(matched: Matched, outcome: str, known: Sequence[Evidenced], used: dict[str, list[str]]) -> list[Rate]:
    """Return the rates of one outcome, or the person's level of the trial that a supported factor points to."""
    rates = [rate for rate in matched.rates if rate.outcome == outcome]
    for one in known:
        found = next((level for rate in rates if (level := expect_factors.subgroup(one, rate))), None)
        if found is not None:
            used.setdefault(one.trait.factor, []).append(f"For {spoken(outcome)} stands {found.label}.")
            return [found]
    return rates


def _harms(evidence: Evidence, filters: Filters, matched: Matched) -> list[list[Count]]:
    asked = replace(filters, study=matched.studies, outcome=(), at=None)
    return expect_lines.main_events(events.select(evidence, asked).kept)


def _outcome_rows(
    members: Sequence[Rate], question: Question, how: Settings, *, show_studies: bool
) -> list[Fields]:
    """Return the line of an outcome and, on request, its studies; see `_rows`."""
    outcome = members[0].outcome
    name = f"{spoken(outcome)[:1].upper()}{spoken(outcome)[1:]}"
    shared: Fields = {"block": expect_notes.OUTCOMES, "outcome": outcome, "event": "", "shown": name}

    def one(rates: Sequence[Rate]) -> Fields:
        scales = dict.fromkeys(rate.scale for rate in rates if rate.scale)
        return {"when": when_all([rate.time_days for rate in rates]), "scale": ", ".join(scales)}

    return _rows(members, {**shared, **_asked(question)}, one, how, show_studies=show_studies)


def _event_rows(pool: Sequence[Count], question: Question, how: Settings, *, show_studies: bool) -> list[Fields]:
    event = pool[0].event
    stopped = event == STOPPED
    shared: Fields = {
        "block": expect_notes.HARMS,
        "outcome": STOPPED_OUTCOME if stopped else "side-effect",
        "event": event,
        "shown": f"{event[:1].upper()}{event[1:]}",
    }

    def one(counts: Sequence[Count]) -> Fields:
        return {"when": PHASE_WORDS.get(counts[0].phase, counts[0].phase)}

    return _rows(pool, {**shared, **_asked(question)}, one, how, show_studies=show_studies)


def _rows(
    members: Sequence[Member],
    shared: Fields,
    told: Callable[[Any], Fields],
    how: Settings,
    *,
    show_studies: bool,
) -> list[Fields]:
    """Return the line of all studies, one per control that only some of them have, and the studies if asked for."""
    whole: Fields = {**shared, **told(members), **expect_lines.line(members, how), "kind": "expected"}
    whole["label"] = members[0].label if len(members) == 1 else f"{len(members)} studies"
    rows = [whole]
    for group in expect_lines.by_control(members):
        row: Fields = {**shared, **told(group), **expect_lines.line(group, how), "kind": "controlled"}
        against = f"{shared['shown']} v {_control_name(str(row['control_drug']))}"
        rows.append({**row, "label": f"studies with this control: {len(group)}", "shown": against})
    if show_studies and len(members) > 1:
        for member in members:
            row = {**shared, **told([member]), **expect_lines.line([member], how), "kind": "study"}
            rows.append({**row, "label": member.label, "shown": member.label})
    return rows


def _asked(question: Question) -> Fields:
    return {"drug": question.drug, "route": question.route, "regimen": question.regimen}


def _control_name(drug: str) -> str:
    return drug.upper() if drug in ("ect", "rtms", "itbs") else drug


def _these(matched: Matched) -> str:
    return "this study" if len({rate.study_id for rate in matched.rates}) == 1 else "these studies"


def _facts(evidence: Evidence, matched: Matched, given: str) -> tuple[Fact, ...]:
    """Return which studies the answer rests on, who was in them, and what the control arms received."""
    if not matched.rates:
        return ()
    by_study = {rate.study_id: rate for rate in matched.rates}
    labels = [
        rate.label + (f", people aged {matched.ages[study]}" if study in matched.ages else "")
        for study, rate in by_study.items()
    ]
    named = "; ".join(labels) if len(labels) <= NAMED else f"{len(labels)} studies (--studies lists them)"
    designs = Counter(DESIGN_WORDS.get(rate.design, rate.design) for rate in by_study.values() if rate.design)
    kinds = ", ".join(f"{n} {design}" if len(labels) > 1 else design for design, n in designs.most_common())
    facts = [Fact("Evidence", f"{named} ({kinds})" if kinds else named)]
    if control := _control_words(evidence, matched):
        facts.append(Fact("Control", control))
    if given:
        facts.append(Fact("Given", f"{given}; why, see below"))
    return tuple(facts)


def _control_words(evidence: Evidence, matched: Matched) -> str:
    """Return what the control arms of the matched rates received, with the new antidepressant that came with it."""
    background = {(arm["study_id"], arm["arm_id"]): arm["background"] for arm in evidence.rows("arms")}
    words = {
        rate.study_id: _control_name(rate.control.drug)
        + BACKGROUND_WORDS.get(background.get((rate.control.study_id, rate.control.arms[0]), ""), "")
        for rate in matched.rates
        if rate.control is not None and rate.control.arms
    }
    counts = Counter(words.values())
    studies = len({rate.study_id for rate in matched.rates})
    if not counts:
        return ""
    parts = [f"{text} ({n} of {studies} studies)" if studies > 1 else text for text, n in counts.most_common()]
    return "; ".join(parts)


def _icons(row: Row) -> Icons:
    """Return the picture of a row: 100 people on the drug and, where the row has a control, 100 on control."""
    shares = [_share(str(row["drug"]), row, "rate", "ci_low", "ci_high")]
    if row.get("control_rate") is not None:
        name = _control_name(str(row["control_drug"]))
        shares.append(_share(name, row, "control_rate", "control_low", "control_high"))
    return Icons(f"{row['shown']}, {row['when']}", tuple(shares))


def _share(name: str, row: Row, *keys: str) -> Share:
    rate, low, high = (float(str(row[key])) for key in keys)
    return Share(name, rate, low, high)


def _displays() -> tuple[Display, ...]:
    return (
        Display("", "text", ("shown",)),
        Display("When", "text", ("when",), rank=3),
        Display("k", "integer", ("k",), rank=2, align="right"),
        Display("n/N", "fraction", ("events", "total"), rank=1, align="right"),
        Display("Of 100", "percent-interval", ("rate", "ci_low", "ci_high")),
        # a prediction has limits and no estimate
        Display("Next clinic", "percent-interval", ("prediction", "pi_low", "pi_high")),
        Display("Control", "text", ("control_drug",), rank=5),
        Display("Control n/N", "fraction", ("control_events", "control_total"), rank=4, align="right"),
        Display("Control of 100", "percent-interval", ("control_rate", "control_low", "control_high")),
        Display("Difference", "points-interval", ("rd", "rd_low", "rd_high"), rank=2),
        Display("I²", "number", ("i2",), rank=6, digits=0, align="right"),
    )
