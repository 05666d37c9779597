"""Effects of two arms of counts: risk and odds ratio, risk and arcsine difference, Peto odds ratio."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ketcli.stats import validate
from ketcli.stats.effects import continuity
from ketcli.stats.effects.assembly import assemble
from ketcli.stats.effects.continuity import Table
from ketcli.stats.results import Array, Effects

MEASURES = ("RR", "OR", "RD", "AS", "PETO")
RELATIVE = ("RR", "OR", "PETO")
CELLS = ("all", "events")


def two_arm_effects(
    measure: str,
    events1: ArrayLike,
    total1: ArrayLike,
    events2: ArrayLike,
    total2: ArrayLike,
    *,
    correction: float | str = 0.5,
    to: str = "only0",
    drop00: bool = True,
    cells: str = "all",
    correct_effect: bool = True,
) -> Effects:
    """Return effects of arm 1 (treated) against arm 2 (control) in k studies; ratios are on the log scale.

    With a, b events and others in arm 1, c, d in arm 2: RR ln(a/n1) - ln(c/n2), 1/a - 1/n1 + 1/c - 1/n2.
    OR ln(ad/bc), 1/a + 1/b + 1/c + 1/d. RD a/n1 - c/n2, ab/n1^3 + cd/n2^3. AS the difference of
    asin sqrt(risk), 1/(4 n1) + 1/(4 n2) (Rücker 2009). PETO (a - E)/V, 1/V with the hypergeometric E and V
    (Yusuf 1985). All as metafor's escalc.

    `correction` (a number, or "tacc": shares of the arms' sizes, Sweeting 2004) is added where `to` says:
    only0 (tables with a zero cell), all, if0all (all when one has a zero), none. AS is never corrected. Take
    `to="none"` for Peto's own one-step estimate, which needs no correction.
    `drop00`: studies without events, or with events in everyone, in both arms have no RR, OR or PETO (they
    tell nothing of a relative effect); RD and AS keep them. With `drop00` false they are corrected instead.
    `cells="events"` adds to a and c alone (RR only), the form the R package meta uses by default.
    `correct_effect` false corrects the variance alone, as meta and RevMan do for RD.

    A study without an effect stays as a row of NaN with the reason in `excluded`. ValueError for counts that
    are missing or impossible, and for unknown choices.
    """
    validate.one_of("measure", measure, MEASURES)
    validate.one_of("cells", cells, CELLS)
    if cells == "events" and measure != "RR":
        raise ValueError("cells='events' is defined for the risk ratio alone")
    raw = continuity.two_by_two(events1, total1, events2, total2)
    dropped = _dropped(raw, measure, drop00)
    table = continuity.corrected(
        raw,
        correction=0.0 if measure == "AS" else correction,
        to=to,
        skip=dropped,
        events_only=cells == "events",
    )
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        if measure == "PETO":
            yi, vi = _peto(table)
        else:
            yi, vi = _effect(measure, table if correct_effect else raw), _variance(measure, table)
    where = "the events" if cells == "events" else "every cell"
    return assemble(
        measure,
        yi,
        vi,
        raw.n1 + raw.n2,
        reasons=_reasons(raw, yi, vi),
        corrected=table.corrected,
        notes=continuity.told(correction, to, table.corrected, where),
    )


def _dropped(table: Table, measure: str, drop00: bool) -> NDArray[np.bool_]:
    """Return which studies tell nothing of a relative effect and are left out."""
    if not drop00 or measure not in RELATIVE:
        return np.zeros(table.a.size, dtype=np.bool_)
    return continuity.no_events(table) | continuity.all_events(table)


def _effect(measure: str, t: Table) -> Array:
    """Return the effects on the analysis scale."""
    if measure == "RR":
        return np.log(t.a / t.n1) - np.log(t.c / t.n2)
    if measure == "OR":
        return np.log(t.a / t.b) - np.log(t.c / t.d)
    if measure == "RD":
        return t.a / t.n1 - t.c / t.n2
    return np.arcsin(np.sqrt(t.a / t.n1)) - np.arcsin(np.sqrt(t.c / t.n2))


def _variance(measure: str, t: Table) -> Array:
    """Return the sampling variances; those of RR, written b/(a n1), keep their digits when b is small."""
    if measure == "RR":
        return t.b / (t.a * t.n1) + t.d / (t.c * t.n2)
    if measure == "OR":
        return 1.0 / t.a + 1.0 / t.b + 1.0 / t.c + 1.0 / t.d
    if measure == "RD":
        return t.a * t.b / t.n1**3 + t.c * t.d / t.n2**3
    return 1.0 / (4.0 * t.n1) + 1.0 / (4.0 * t.n2)


def _peto(t: Table) -> tuple[Array, Array]:
    """Return Peto's one-step log odds ratio and its variance."""
    n = t.n1 + t.n2
    events, others = t.a + t.c, t.b + t.d
    expected = events * t.n1 / n
    information = events * others * (t.n1 / n) * (t.n2 / n) / (n - 1.0)
    return (t.a - expected) / information, 1.0 / information


def _reasons(table: Table, yi: Array, vi: Array) -> list[str]:
    """Return, per study, why it has no effect, "" when it has one."""
    bare, full = continuity.no_events(table), continuity.all_events(table)
    usable = np.isfinite(yi) & np.isfinite(vi) & (vi > 0.0)
    reasons = []
    for i in range(yi.size):
        if usable[i]:
            reasons.append("")
        elif bare[i]:
            reasons.append("no events in either arm")
        elif full[i]:
            reasons.append("events in everyone in both arms")
        else:
            reasons.append("a zero cell and no correction")
    return reasons
