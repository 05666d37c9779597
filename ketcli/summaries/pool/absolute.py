"""What a ratio means for people: the risk difference and number needed to treat at the controls' risk."""

from __future__ import annotations

import math

import numpy as np

from ketcli.report import Value
from ketcli.summaries.pool.models import Line
from ketcli.summaries.pool.plan import Plan
from ketcli.summaries.pool.sample import Sample

MEASURES = ("RR", "OR", "PETO", "RD")


def has_absolute(line: Line, sample: Sample) -> bool:
    """Return whether a pooled line is of counts of two arms and of a measure that means a difference of risks."""
    ends = (line.pooled.estimate, line.pooled.ci_low, line.pooled.ci_high)
    return line.measure in MEASURES and len(sample.counts) == 4 and all(map(math.isfinite, ends))


def absolute(line: Line, sample: Sample, plan: Plan) -> dict[str, Value]:
    """Return control risk, risk difference and number needed of a pooled line; nothing for other measures.

    The control risk is the plan's, else the pooled risk of the control arms (GLMM), else, where that has no
    estimate, that of the arms added up. A risk difference is taken as it is.
    """
    if not has_absolute(line, sample):
        return {}
    ends = (line.pooled.estimate, line.pooled.ci_low, line.pooled.ci_high)
    from ketcli.stats.effects.transforms import absolute_difference, to_natural

    risk = plan.control_risk if plan.control_risk is not None else pooled_control_risk(sample)
    natural = to_natural(line.measure)(ends)
    rd, low, high = (float(x) for x in absolute_difference(line.measure, natural, risk))
    crosses = low <= 0.0 <= high
    near, far = (high, low) if rd >= 0.0 else (low, high)
    return {
        "control_risk": risk,
        "rd": rd,
        "rd_low": low,
        "rd_high": high,
        "nnt": 1.0 / rd if rd else None,
        "nnt_low": 1.0 / near if near else None,
        "nnt_high": None if crosses else 1.0 / far,
    }


def pooled_control_risk(sample: Sample) -> float:
    """Return the pooled risk of the control arms; one that several rows of a study share is counted once.

    Rows of one name with other controls are trials of their own (two papers of one author).
    """
    from ketcli.stats.effects.transforms import to_natural
    from ketcli.stats.mixed.glmm_proportion import glmm_proportion

    names = [trial.study for trial in sample.trials]
    controls = list(zip(names, sample.counts[2].tolist(), sample.counts[3].tolist(), strict=True))
    first = np.array([controls.index(control) == i for i, control in enumerate(controls)])
    events, total = sample.counts[2][first], sample.counts[3][first]
    pooled = glmm_proportion(events, total)
    if math.isnan(pooled.estimate):
        return float(events.sum() / total.sum())
    return float(to_natural("PLO")(pooled.estimate))
