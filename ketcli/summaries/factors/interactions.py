"""Whether an effect differs between the levels of a factor: the difference between two estimates of one study."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from ketcli.selection.factors import INTERACTION

if TYPE_CHECKING:
    from ketcli.selection.factors import Finding

RATIOS = ("or", "rr", "hr")
DIFFERENCES = {"md": "difference", "smd": "smd-difference", "rd": "rd-difference"}
PRINTED = 0.95  # level of the intervals that sources print


def with_interactions(findings: Sequence[Finding], level: float) -> list[Finding]:
    """Return findings in order, each set of levels followed by the comparison of its drug-control differences.

    Levels must be of different people, so protocol factors, whose levels share a control arm, get none. A p
    that all levels of a contrast share is the source's own test between them: it moves to that comparison.
    """
    rows: list[Finding] = []
    for _, group in groupby(findings, key=lambda f: f.contrast):
        levels = list(group)
        comparable = levels[0].kind == "within-level" and levels[0].factor_group != "protocol" and len(levels) > 1
        if not comparable:
            rows += levels
            continue
        printed = _shared_p(levels)
        rows += levels if printed is None else [replace(f, p=None) for f in levels]
        if (comparison := compare(levels, printed, level)) is not None:
            rows.append(comparison)
    return rows


def compare(levels: Sequence[Finding], printed: float | None, level: float) -> Finding | None:
    """Return the comparison of levels as a finding of its own; None without intervals and without a printed p.

    Two levels give the first minus the second with its interval (for ratios their ratio), more give Cochran's Q.
    Standard errors come from the printed intervals (Altman & Bland, BMJ 2003; 326: 219).
    """
    measure = levels[0].measure
    sizes = [f.n for f in levels if f.n is not None]
    shared = replace(
        levels[0],
        kind=INTERACTION,
        level=" v ".join(f.level for f in levels),
        n=sum(sizes) if len(sizes) == len(levels) else None,
        events=None,
        total=None,
        percent=None,
        estimate=None,
        ci_low=None,
        ci_high=None,
        p=printed,
        p_text="",
        notes="p as the source prints it for the interaction",
    )
    scaled = [_on_analysis_scale(f) for f in levels]
    if None in scaled:
        return None if printed is None else shared
    from ketcli.stats.numeric.distributions import critical_value
    from ketcli.stats.pooling import common_effect

    yi, vi = zip(*(pair for pair in scaled if pair is not None), strict=True)
    test = common_effect(yi, vi)
    p, notes = (test.q_p, "from the printed intervals") if printed is None else (printed, shared.notes)
    if len(levels) > 2:
        return replace(shared, measure="q-statistic", estimate=test.q, p=p, notes=notes)
    back = math.exp if measure in RATIOS else float
    difference, half = yi[0] - yi[1], critical_value(level) * math.sqrt(vi[0] + vi[1])
    return replace(
        shared,
        measure="ratio" if measure in RATIOS else DIFFERENCES[measure],
        estimate=back(difference),
        ci_low=back(difference - half),
        ci_high=back(difference + half),
        p=p,
        notes=notes,
    )


def _shared_p(levels: Sequence[Finding]) -> float | None:
    """Return the p that every level carries alike, which no test inside single levels could give."""
    values = {f.p for f in levels}
    return values.pop() if len(values) == 1 else None


def _on_analysis_scale(found: Finding) -> tuple[float, float] | None:
    """Return estimate and variance, of the logarithm for ratios; None without an interval or for other measures."""
    if found.measure not in (*RATIOS, *DIFFERENCES) or None in (found.estimate, found.ci_low, found.ci_high):
        return None
    from ketcli.stats.numeric.distributions import critical_value

    forth = math.log if found.measure in RATIOS else float
    estimate, low, high = (forth(float(v)) for v in (found.estimate, found.ci_low, found.ci_high) if v is not None)
    se = (high - low) / (2.0 * critical_value(PRINTED))
    return (estimate, se * se) if se > 0.0 else None
