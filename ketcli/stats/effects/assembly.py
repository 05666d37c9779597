"""The last step to every set of effects: a study without one keeps its row and gets the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ketcli.stats.results import Array, Effects


def assemble(
    measure: str,
    yi: Array,
    vi: Array,
    ni: Array,
    *,
    reasons: Sequence[str] | None = None,
    corrected: NDArray[np.bool_] | None = None,
    notes: tuple[str, ...] = (),
) -> Effects:
    """Return the effects; yi and vi are both NaN exactly where `excluded` holds a reason.

    `reasons` are those already known ("" elsewhere); a study whose effect is not finite or whose variance is
    not positive gets one here. Each reason is counted in the notes.
    """
    known = reasons if reasons is not None else [""] * yi.size
    excluded = tuple(known[i] or _unusable(float(yi[i]), float(vi[i])) for i in range(yi.size))
    gone = np.array([reason != "" for reason in excluded], dtype=np.bool_)
    counted = Counter(reason for reason in excluded if reason)
    return Effects(
        measure=measure,
        yi=np.where(gone, np.nan, yi),
        vi=np.where(gone, np.nan, vi),
        ni=ni,
        corrected=np.zeros(yi.size, dtype=np.bool_) if corrected is None else corrected & ~gone,
        excluded=excluded,
        notes=notes + tuple(f"{studies(count)} without an effect: {why}." for why, count in counted.items()),
    )


def studies(count: int) -> str:
    """Return "1 study" or "n studies"."""
    return "1 study" if count == 1 else f"{count} studies"


def _unusable(y: float, v: float) -> str:
    """Return why an effect cannot be used, "" when it can."""
    if np.isnan(y) or np.isnan(v):
        return "the effect or its variance is not defined"
    if not (np.isfinite(y) and np.isfinite(v)):
        return "the effect is not finite"
    return "" if v > 0.0 else "its variance is zero"
