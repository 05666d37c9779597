"""What is said of a comparison: the answer in a sentence, how it was computed, how far to trust it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ketcli.report import Fact, Note
from ketcli.selection.arm_pairs import REASONS, Comparison
from ketcli.selection.comparisons import Selection
from ketcli.summaries import contrasts, pooling
from ketcli.summaries.compare.rows import UNWANTED, Fields
from ketcli.summaries.rates import population_words
from ketcli.summaries.words import spoken

if TYPE_CHECKING:
    from ketcli.selection.filters import Filters
    from ketcli.selection.treatments import Treatment
    from ketcli.summaries.compare.indirect import Indirect
    from ketcli.summaries.pooling import Settings


@dataclass(frozen=True)
class Context:
    """What was asked, and whether score differences exist that are not shown."""

    filters: Filters
    how: Settings
    names: tuple[str, ...]
    outcomes: tuple[str, ...]
    control_risk: float | None
    more_scores: bool
    listed: bool


def fact(
    block: str, members: Sequence[Comparison], lines: Sequence[Fields], sides: tuple[Treatment, Treatment]
) -> Fact:
    """Return the answer of one pool in a sentence: people in 100 with the outcome on either side, number needed."""
    line = lines[0]
    trials = "1 trial" if len(members) == 1 else f"{len(members)} trials"
    text = f"{trials}, {sum(pair.people for pair in members)} people"
    base, rd, near, far = (line.get(name) for name in ("control_rate", "rd", "nnt_low", "nnt_high"))
    if isinstance(base, float) and isinstance(rd, float):
        names = [spoken(side.name) for side in sides]
        text += f": {100 * (base + rd):.0f} of 100 with {names[0]}, {100 * base:.0f} with {names[1]}"
        if isinstance(near, float) and isinstance(far, float):
            change = "one more" if rd > 0.0 else "one fewer"
            text += f"; {_people(1.0 / rd)} treated for {change} ({_people(near)} to {_people(far)})"
        else:
            text += "; the interval includes no difference"
    return Fact(block, f"{text}.")


def _people(number: float) -> str:
    return f"{abs(number):.1f}" if abs(number) < 10.0 else f"{abs(number):.0f}"


def notes(
    chosen: Selection,
    linked: Indirect,
    context: Context,
    rows: Sequence[Fields],
    said: Mapping[str, Sequence[str]],
) -> tuple[Note, ...]:
    """Return the notes of a comparison; each is there only when something it speaks of is shown."""
    how = context.how
    found = [
        Note("selection", f"Population: {population_words(context.filters)}.{_elsewhere(chosen)}"),
        Note(
            "choice",
            "Pairs are made inside a study, arms of one drug and route added up, each control counted once. "
            "Different controls, regimens and times never share a line; a control that began a new antidepressant "
            f"is a kind of its own. {_window_words(chosen, context)}",
        ),
    ]
    if any(row["kind"] == "pooled" for row in rows):
        found.append(Note("method", _pooled_words(how, context.control_risk)))
    if any(row.get("rr") is not None for row in rows):
        found.append(
            Note(
                "method",
                "Single studies: log-normal interval of the risk and odds ratio (0.5 added to the cells of a table "
                "with a zero), Newcombe's of the difference. NNT: 1/difference; negative: more events with "
                f"{context.names[1]}; 'crosses 0': the interval includes no difference.",
            )
        )
    if any(row["kind"] == "indirect" for row in rows):
        found += _indirect_notes(context)
    if linked.refused:
        found.append(
            Note(
                "selection",
                f"Indirect estimates not computed: {'; '.join(linked.refused)}. --force-indirect computes them.",
            )
        )
    found += _cautions(chosen, rows)
    found += contrasts.said_notes(said)
    if context.more_scores:
        found.append(Note("selection", "Differences in scores: --outcome score."))
    if chosen.left_out and not context.listed:
        counts = Counter(REASONS.get(pair.reason, pair.reason) for pair in chosen.left_out)
        reasons = ", ".join(f"{n} {reason}" for reason, n in counts.most_common(4))
        number = "1 pair is" if len(chosen.left_out) == 1 else f"{len(chosen.left_out)} pairs are"
        found.append(Note("selection", f"{number} not shown: {reasons}; --left-out lists them."))
    return tuple(found)


def empty(chosen: Selection, context: Context) -> str:
    """Return the sentence for a comparison without any row."""
    asked = context.filters.described()
    where = f" ({asked})" if asked else ""
    text = f"No study compares {context.names[0]} with {context.names[1]}{where}.{_elsewhere(chosen)}"
    return f"{text} `ket compare` lists what can be compared."


def _elsewhere(chosen: Selection) -> str:
    held = sorted(chosen.elsewhere.items(), key=lambda item: (-item[1], item[0]))
    if not held:
        return ""
    return " Studies of other populations, not shown: " + ", ".join(f"{code} {n}" for code, n in held) + "."


def _window_words(chosen: Selection, context: Context) -> str:
    if context.filters.at is not None:
        return f"Time: {context.filters.at.label}."
    labels = dict.fromkeys(p.window.label for p in chosen.kept if p.window and not p.nearest)
    nearest = dict.fromkeys(p.window.label for p in chosen.kept if p.window and p.nearest)
    words = f"Times: {'; '.join(labels)}." if labels else ""
    if nearest:
        words += f" Where no trial was rated in its regimen's window, the nearest one: {', '.join(nearest)}."
    return words.strip()


def _pooled_words(how: Settings, control_risk: float | None) -> str:
    risk = (
        "the pooled risk of the second arms (two trials: added up)"
        if control_risk is None
        else f"a risk of {100 * control_risk:g} %"
    )
    made = f"what the pooled ratio makes of {risk}, taken as known"
    absolute = f"Its rate of the first arms, 'In 100' and NNT: {made}."
    match how.model:
        case "":
            model = (
                f"random effects on the log risk ratio (τ² by {how.tau2}, {pooling.TEST_WORDS[how.test]}), "
                "Mantel-Haenszel beside it; with a zero cell Mantel-Haenszel leads, without correction, a mixed "
                "model beside it"
            )
        case "random":
            model = f"random effects on the log risk ratio (τ² by {how.tau2}, {pooling.TEST_WORDS[how.test]})"
        case "common":
            model = "common-effect inverse variance on the log risk ratio"
        case "mh":
            model = "Mantel-Haenszel without correction, one true effect supposed"
        case "peto":
            model = "Peto's odds ratio"
        case _:
            model = "odds ratio by a binomial mixed model (UM.FS)"
    return f"Pooled: {model}. {absolute}"


def _indirect_notes(context: Context) -> list[Note]:
    return [
        Note(
            "method",
            "Indirect: the ratio of first to comparator over that of second to comparator (Bucher 1997); the "
            "squared distances to the limits of both are added.",
        ),
        Note(
            "caution",
            f"An indirect estimate is not a trial of {context.names[0]} against {context.names[1]}: nobody was "
            "randomised between them, and the two sets of trials differ in patients, regimen, blinding and drug.",
        ),
    ]


def _cautions(chosen: Selection, rows: Sequence[Fields]) -> list[Note]:
    told = {
        "Where each arm began a new antidepressant, 'placebo' is that drug and a placebo, not placebo alone.": any(
            pair.new_antidepressant for pair in chosen.kept
        ),
        "Treatments not assigned at random differ in who gets them; such rows are crude and never pooled.": any(
            row.get("evidence") == "observational" or row["kind"] == "published" for row in rows
        ),
        "Crossover rows of both periods show rates alone: their paired contrast is not given.": any(
            pair.reason == "same-people" for pair in chosen.apart
        ),
        "Rates of conventional steps come from other people, definitions and times: no contrast is made.": any(
            row["kind"] == "reference" for row in rows
        ),
        "Patients often knew what they got, which can widen differences in what they report.": any(
            pair.first.outcome not in UNWANTED for pair in chosen.kept
        ),
    }
    return [Note("caution", text) for text, true in told.items() if true]
