"""One line of what to expect: an outcome or a side effect in the matched studies, their control arms beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ketcli.report import Value
from ketcli.selection.event_counts import PLACEBOS
from ketcli.selection.event_names import SERIOUS, STOPPED
from ketcli.summaries import contrasts, pooling
from ketcli.summaries.contrasts import Tables
from ketcli.summaries.rates import interval
from ketcli.summaries.side_effects import fullest_pools

if TYPE_CHECKING:
    from ketcli.selection.event_counts import Count
    from ketcli.selection.rates import Rate
    from ketcli.summaries.pooling import Settings

    Member = Rate | Count

MAIN_EVENTS = 5
FEWEST_PEOPLE = 10
PHASES = ("acute-course", "dosing-day", "week-1", "whole-study")
PARALLEL = ("first-period",)
Fields = dict[str, Value]


def line(members: Sequence[Member], how: Settings) -> Fields:
    """Return the rate of the drug arms with its interval and prediction interval, and of the control arms.

    One study keeps its own interval and has no prediction interval. The control stands there only when every study
    has one of the same kind: both rates and their difference then come from the same studies at the same time. A
    crossover of both periods has no difference.
    """
    row: Fields = {
        "k": len(members),
        "study_ids": " ".join(m.study_id for m in members),
        "arms": " ".join(arm for m in members for arm in m.arms) if len(members) == 1 else "",
        "events_derived": any(m.events_derived for m in members),
        "source_urls": " ".join(dict.fromkeys(m.source_url for m in members)),
        **_share(members, how),
    }
    if not controlled(members):
        return row
    controls = [m.control for m in members if m.control is not None]
    share = _share(controls, how)
    row |= {
        "control_drug": " or ".join(dict.fromkeys(c.drug for c in controls)),
        "control_events": share["events"],
        "control_total": share["total"],
        "control_rate": share["rate"],
        "control_low": share["ci_low"],
        "control_high": share["ci_high"],
    }
    if any(m.design == "rct-crossover" and getattr(m, "crossover", "") not in PARALLEL for m in members):
        return row  # the same people in both arms, and nobody gives the correlation that a difference needs
    return row | _difference(members, controls, share["rate"], how)


def controlled(members: Sequence[Member]) -> bool:
    """Return True when every study has a counted control, all of one kind; saline counts as placebo."""
    kinds = {_kind(m.control) for m in members}
    return len(kinds) == 1 and "" not in kinds


def by_control(members: Sequence[Member]) -> list[list[Member]]:
    """Return the studies with a control, one list per kind of it; none when all have one kind or none has any."""
    if controlled(members):
        return []
    groups: dict[str, list[Member]] = {}
    for member in members:
        if member.control is not None:
            groups.setdefault(_kind(member.control), []).append(member)
    return list(groups.values())


def _kind(control: Member | None) -> str:
    if control is None or not control.total:
        return ""
    return PLACEBOS[0] if control.drug in PLACEBOS else control.drug


def main_events(counts: Sequence[Count]) -> list[list[Count]]:
    """Return the pools of the main side effects, and of stopping for one.

    Of the events counted in ten people or more, and by at least half as many studies as the one of most studies,
    the five that the drug adds to most over control, or without a control that most people have; totals and
    scale-based events stay out.
    """
    usable = [c for c in counts if not c.reason and c.counted and not c.serious and c.phase in PHASES]
    pools = fullest_pools(usable, {c.event for c in usable})
    stopped = [pool for pool in pools if pool[0].event == STOPPED]
    named = [p for p in pools if _is_symptom(p[0].event) and sum(c.total or 0 for c in p) >= FEWEST_PEOPLE]
    enough = max((len(pool) for pool in named), default=0) / 2.0
    # a line with a control tells more than one without
    chosen = sorted((p for p in named if len(p) >= enough), key=lambda p: (not controlled(p), -_excess(p)))
    return chosen[:MAIN_EVENTS] + stopped


def _is_symptom(event: str) -> bool:
    """Return True for an event that people feel or that is measured: no total, no reason to stop, no scale."""
    return (
        event not in (SERIOUS, STOPPED)
        and not event.startswith("any ")
        and not event.endswith((")", "continuation"))
    )


def _excess(pool: Sequence[Count]) -> float:
    """Return the share of people with the event on the drug, less that on control where there is one."""

    def share(counts: Sequence[Count]) -> float:
        return sum(c.events or 0 for c in counts) / max(sum(c.total or 0 for c in counts), 1)

    return share(pool) - (share([c.control for c in pool if c.control]) if controlled(pool) else 0.0)


def _share(members: Sequence[Member], how: Settings) -> Fields:
    """Return events, total and rate of one kind of arm: its own interval for one study, pooled for more."""
    row: Fields = {"events": sum(m.events or 0 for m in members), "total": sum(m.total or 0 for m in members)}
    if len(members) == 1:
        rate, low, high = interval(members[0], how)
        return row | {"rate": rate, "ci_low": low, "ci_high": high}
    pooled = pooling.pool_proportions([m.events or 0 for m in members], [m.total or 0 for m in members], how)
    value = pooling.natural(pooled, "PLO")
    spread = pooling.heterogeneity(pooled)
    return row | {
        "rate": value["estimate"],
        **{name: value[name] for name in ("ci_low", "ci_high", "pi_low", "pi_high")},
        **{name: spread[name] for name in ("model", "tau2", "i2")},
    }


def _difference(members: Sequence[Member], controls: Sequence[Member], risk: Value, how: Settings) -> Fields:
    """Return drug minus control: Newcombe's interval for one study, pooled differences for more, within -1 to 1."""
    arms = ([m.events or 0 for m in members], [m.total or 0 for m in members])
    others = ([m.events or 0 for m in controls], [m.total or 0 for m in controls])
    if len(members) == 1:
        found = contrasts.contrast(arms[0][0], arms[1][0], others[0][0], others[1][0], how)
    else:
        tables = Tables(tuple(arms[0]), tuple(arms[1]), tuple(others[0]), tuple(others[1]))
        # the model of proportions has no difference of its own: the default of two arms stands in
        two_arms = replace(how, model="") if how.model == "glmm" else how
        found = contrasts.lead(tables, risk if isinstance(risk, float) else math.nan, two_arms).values
    values = {name: found.get(name) for name in ("rd", "rd_low", "rd_high")}
    return {name: None if v is None else min(max(float(v), -1.0), 1.0) for name, v in values.items()}
