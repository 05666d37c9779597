"""What the tables answer to a check: each line computed by the functions of the command that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ketcli.claims import facts, tally
from ketcli.claims.check import LISTED, Check
from ketcli.errors import UsageError
from ketcli.evidence.regimens import Window
from ketcli.quantities.events import event_contrasts, event_shares
from ketcli.quantities.lasting import lasting
from ketcli.quantities.pairs import drug_on, pairs
from ketcli.quantities.quantity import Quantity
from ketcli.quantities.scores import score_differences
from ketcli.quantities.shares import shares
from ketcli.selection.factors import arm_regimen
from ketcli.selection.filters import Filters, for_evidence
from ketcli.selection.treatments import parse
from ketcli.summaries.pooling import Settings

if TYPE_CHECKING:
    from ketcli.claims.tally import Vote
    from ketcli.evidence.load import Evidence

MEASURES = ("rr", "or", "rd", "smd", "md")


@dataclass(frozen=True)
class Answer:
    """The lines that answer one check; `votes` where studies are counted, `elsewhere` where conditions do not fit.

    `elsewhere` holds what the study or publication named in a check has besides, when it has no such line; `given`
    is False when that study never gave the treatment asked for: no arm of it has the drug, route and regimen.
    """

    check: Check
    lines: tuple[Quantity, ...]
    votes: tuple[Vote, ...] = ()
    elsewhere: tuple[Quantity, ...] = ()
    given: bool = True


def answer(evidence: Evidence, check: Check, how: Settings) -> Answer:
    """Return what the tables answer; UsageError for a drug, outcome, study or treatment that does not exist."""
    if check.table == "factors":
        cast = tally.votes(evidence, check, how)
        return Answer(check, tuple(tally.lines(cast, check.values("factor"))), tuple(cast))
    lines = tuple(_COMPUTED[check.table](evidence, check, how))
    conditions = _CONDITIONS.get(check.table, ())
    if lines or not any(check.values(name) for name in ("study_id", "review_id", "journal")):
        return Answer(check, lines)
    loose = replace(check, wanted={k: v for k, v in check.wanted.items() if k not in conditions})
    elsewhere = tuple(_COMPUTED[check.table](evidence, loose, how))
    return Answer(check, lines, elsewhere=elsewhere, given=_given(evidence, check))


def _given(evidence: Evidence, check: Check) -> bool:
    """Return whether the studies named in a check have an arm with the drug, route and regimen asked for."""
    wanted = {name: check.values(name) for name in ("drug", "route", "regimen")}
    designs = {row["study_id"]: row["design"] for row in evidence.rows("studies")}
    for arm in evidence.rows("arms"):
        if arm["study_id"] not in check.values("study_id"):
            continue
        own = {**arm, "regimen": arm_regimen(arm, designs.get(arm["study_id"], ""))}
        if all(not values or own[name] in values for name, values in wanted.items()):
            return True
    return False


# what is left out of a check to see what its study or publication has besides
_CONDITIONS = {"outcomes": ("regimen", "day", "route"), "reviews": ("outcome", "measure", "day", "subset")}


def _filters(evidence: Evidence, check: Check) -> Filters:
    """Return the filters of a check, validated against codes and studies; the population is TRD unless named."""
    listed = {"drug": "drug", "route": "route", "regimen": "regimen", "design": "design", "study": "study_id"}
    given: dict[str, Any] = {name: list(check.values(key)) or None for name, key in listed.items()}
    given["population"] = list(check.values("population")) or None
    outcomes = list(check.values("outcome")) if check.table == "outcomes" else None
    return replace(for_evidence(evidence, outcome=outcomes, **given), at=check.window)


def _outcomes(evidence: Evidence, check: Check, how: Settings) -> list[Quantity]:
    filters = _filters(evidence, check)
    outcomes = filters.outcome or ("response",)
    if not check.values("against"):
        return shares(evidence, filters, outcomes, how)
    # the drug of a comparison is a side of it, not a filter on both
    drug = drug_on(filters.drug, filters.route[0] if len(filters.route) == 1 else "")
    open_to_both = replace(filters, drug=(), route=())
    return [
        line
        for other in check.values("against")
        for line in pairs(
            evidence, open_to_both, drug, parse(other), outcomes, _measure(check, "rr"), how, apart=True
        )
    ]


def _scores(evidence: Evidence, check: Check, how: Settings) -> list[Quantity]:
    window = check.window or Window(0.0, 42.5, 1.0, "up to day 42")
    lines = score_differences(
        evidence,
        _filters(evidence, check),
        window,
        _measure(check, "smd"),
        how,
        "MADRS" if check.one("measure") == "md" else "",
    )
    against = check.values("against")
    return [line for line in lines if not against or line.against in against]


def _side_effects(evidence: Evidence, check: Check, how: Settings) -> list[Quantity]:
    from ketcli.selection import event_names, events

    names = event_names.match_all(list(check.values("event")), event_names.names(evidence))
    asked = [name for name in names if name in check.values("event")] or names
    filters = replace(_filters(evidence, check), at=None)
    kept = events.select(evidence, filters, events=asked, phases=check.values("phase")).kept
    # the list of serious events is another list than that of all events
    kept = tuple(c for c in kept if not c.serious or "serious" in c.event or c.event == "death")
    against = check.values("against")
    lines = event_contrasts(kept, _measure(check, "rd"), how)
    lines = [line for line in lines if not against or line.against in against]
    if not against and check.values("study_id"):
        lines += event_shares(kept, how)
    return lines


def _durability(evidence: Evidence, check: Check, how: Settings) -> list[Quantity]:
    return lasting(
        evidence,
        _filters(evidence, check),
        how,
        kinds=check.values("kind"),
        metrics=check.values("metric"),
    )


def _reviews(evidence: Evidence, check: Check, _how: Settings) -> list[Quantity]:
    return facts.printed_reviews(evidence, check)


def _listed(evidence: Evidence, check: Check, _how: Settings) -> list[Quantity]:
    return facts.listed(evidence, check)


_COMPUTED: Mapping[str, Callable[[Evidence, Check, Settings], list[Quantity]]] = {
    "outcomes": _outcomes,
    "scores": _scores,
    "side_effects": _side_effects,
    "durability": _durability,
    "reviews": _reviews,
    **dict.fromkeys(LISTED, _listed),
}


def _measure(check: Check, default: str) -> str:
    measure = check.one("measure", default)
    if measure not in MEASURES:
        raise UsageError(
            f"unknown measure {measure!r} in a check", code="bad-check", hint=f"known: {', '.join(MEASURES)}"
        )
    return measure
