"""Which of several ratings of the same people is preferred: scales and analysis sets in their order."""

from __future__ import annotations

SCALES = ("MADRS", "HDRS", "HAMD", "QIDS", "PHQ-9")
SETS = ("itt", "mitt", "period1", "observed", "completers")


def rank_scale(scale: str) -> int:
    """Return the place of a scale in the order of preference; unknown ones come last."""
    return next((i for i, name in enumerate(SCALES) if scale.upper().startswith(name)), len(SCALES))


def rank_set(analysis_set: str) -> int:
    """Return the place of an analysis set in the order of preference; unknown ones come last."""
    return SETS.index(analysis_set) if analysis_set in SETS else len(SETS)
