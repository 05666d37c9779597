"""What `ket side-effects` says under its table: who was counted, how, and what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ketcli.report import Note
from ketcli.selection.event_counts import REASONS
from ketcli.summaries import contrasts, pooling
from ketcli.summaries.rates import population_words

if TYPE_CHECKING:
    from ketcli.selection.events import Selection
    from ketcli.selection.filters import Filters
    from ketcli.summaries.pooling import Settings

SHOWN_EVENTS = 12


def side_effect_notes(
    selection: Selection,
    filters: Filters,
    how: Settings,
    asked: Sequence[str],
    said: Mapping[str, Sequence[str]],
    *,
    listed: bool,
) -> tuple[Note, ...]:
    """Return who was counted, by which rule and method, how far to trust it, and what was left out."""
    which = (
        "Rows of the same people are shown apart and never pooled."
        if asked
        else f"Shown are the {SHOWN_EVENTS} events of most studies, any serious event and stopping, for each drug "
        "and route in the phase with a control and most studies; --event NAME shows every study and phase."
    )
    notes = [
        Note("selection", f"Population: {population_words(filters)}.{elsewhere(selection)}"),
        Note(
            "choice",
            "Contrasts are made inside a study, its arms of one drug and route added up, the control counted once. "
            "Phases, comparators, single doses and courses, serious and other events, single and grouped terms, "
            f"events by a scale and spontaneous reports never share a line. {which}",
        ),
        Note(
            "method",
            "Difference: percentage points, drug minus control. NNH: one more person has the event for so many "
            "treated (1/difference), one fewer when negative; 'crosses 0': the interval includes no difference.",
        ),
        Note("method", f"{_study_method(how)} {_pooled_method(how, overview=not asked)}"),
        Note(
            "caution",
            "A study that does not list an event may still have had it. Patients often knew what they got, and "
            "most placebo arms of nasal esketamine also began a new antidepressant. Do not set the blocks side by "
            "side: drug, route, phase and control change together.",
        ),
        *contrasts.said_notes(said),
    ]
    if selection.left_out and not listed:
        counts = Counter(REASONS.get(c.reason, c.reason) for c in selection.left_out)
        reasons = ", ".join(f"{n} {reason}" for reason, n in counts.most_common(4))
        rows = "1 row is" if len(selection.left_out) == 1 else f"{len(selection.left_out)} rows are"
        notes.append(Note("selection", f"{rows} not shown: {reasons}; --left-out lists them."))
    return tuple(notes)


def elsewhere(selection: Selection) -> str:
    """Return how many rows the populations not asked for hold, "" when none."""
    held = sorted(selection.elsewhere.items(), key=lambda item: (-item[1], item[0]))
    if not held:
        return ""
    return " Rows of other populations, not shown: " + ", ".join(f"{code} {n}" for code, n in held) + "."


def _study_method(how: Settings) -> str:
    return (
        f"Single studies: {how.interval} interval of a rate, Newcombe's of a difference, log-normal of a risk "
        "ratio (0.5 added to the cells of a table with a zero)."
    )


def _pooled_method(how: Settings, *, overview: bool) -> str:
    rates = "Pooled rates of the arms: binomial-normal GLMM, so they can differ from n/N added up."
    random = f"random effects on log risk ratio and difference (τ² by {how.tau2}, {pooling.TEST_WORDS[how.test]})"
    match how.model:
        case "":
            beside = "" if overview else ", Mantel-Haenszel beside it"
            return (
                f"Pooled: {random}{beside}; with a zero cell the risk ratio is Mantel-Haenszel's, without "
                f"correction. {rates}"
            )
        case "random" | "common":
            model = random if how.model == "random" else "common-effect inverse variance"
            return (
                f"Pooled: {model}, 0.5 added to the cells of tables with a zero. Rates of arms: on the logit scale."
            )
        case "mh":
            return f"Pooled: Mantel-Haenszel without correction, one true effect supposed. {rates}"
        case _:
            name = "Peto's odds ratio" if how.model == "peto" else "odds ratio by a binomial mixed model (UM.FS)"
            return f"Pooled: {name}; the difference is what it makes of the pooled control rate. {rates}"


def related(others: Sequence[str]) -> tuple[Note, ...]:
    """Return a note that names events with a longer name than the one asked for."""
    if not others:
        return ()
    return (Note("selection", "Events of their own, not included: " + ", ".join(others) + "."),)
