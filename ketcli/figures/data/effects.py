"""Effects and variances of the studies that a report's pooled lines rest on, pool by pool, read off its rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from ketcli.figures.view import block_of, measure_of
from ketcli.report import Report, Row, Value

if TYPE_CHECKING:
    from ketcli.stats.results import Array

Scale = Literal["linear", "log", "logit"]
_COUNTED = {"rate": "PLO", "rr": "RR", "or": "OR", "rd": "RD"}


@dataclass(frozen=True, eq=False)
class Pool:
    """The studies of one pooled line on the analysis scale of `measure`: effects `yi`, variances `vi`, shape (k,).

    `rows` are those of the report; `centre` is the pooled estimate on the same scale, None without one; `scale`
    says how analysis values are shown: as they are, as ratios, or as proportions. `null` is the value of no
    effect, None where there is none (proportions).
    """

    title: str
    rows: tuple[Row, ...]
    measure: str
    scale: Scale
    null: float | None
    yi: Array
    vi: Array
    pooled: Row | None
    centre: float | None

    @property
    def k(self) -> int:
        """Return the number of studies."""
        return len(self.rows)

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the names of the studies."""
        return tuple(str(row.get("label") or row.get("shown") or "") for row in self.rows)


def pools_of(report: Report, measure: str = "") -> list[Pool]:
    """Return the pools of a report: each block's studies that its pooled line counts, with effect and variance.

    Effects are the rows' own (`yi`, `vi`) or made of their counts as the report's command makes them; studies
    without one are passed over.
    """
    name = measure_of(report, measure).name
    pools = []
    for _, block in groupby(report.rows, key=lambda row: block_of(report, row)):
        rows = list(block)
        heading = ", ".join(str(rows[0].get(n)) for n in report.heading if rows[0].get(n))
        studies = [row for row in rows if _counts(row)]
        pooled = next((row for row in rows if row.get("kind") == "pooled"), None)
        if studies and (found := _pool(heading, studies, pooled, name)) is not None:
            pools.append(found)
    return pools


def _counts(row: Row) -> bool:
    """Return True for a study that its pooled line counts."""
    return row.get("kind") == "study" and row.get("pooled") is not False and not row.get("reason")


def shown(value: float, scale: Scale) -> float:
    """Return a value of the analysis scale as it is shown."""
    match scale:
        case "log":
            return math.exp(value) if value < 700.0 else math.inf
        case "logit":
            return 1.0 / (1.0 + math.exp(-value)) if value > -700.0 else 0.0
        case _:
            return value


def analysed(value: float, scale: Scale) -> float:
    """Return a shown value on the analysis scale; NaN when it has no place there."""
    match scale:
        case "log":
            return math.log(value) if value > 0.0 else math.nan
        case "logit":
            return math.log(value / (1.0 - value)) if 0.0 < value < 1.0 else math.nan
        case _:
            return value


def _pool(title: str, studies: Sequence[Row], pooled: Row | None, name: str) -> Pool | None:
    if name == "estimate" and any(row.get("yi") is not None for row in studies):
        return _given(title, studies, pooled)
    code = _COUNTED.get(name)
    if code is None:
        return None
    return _counted(title, studies, pooled, name, code)


def _given(title: str, studies: Sequence[Row], pooled: Row | None) -> Pool:
    """Return the pool of rows that carry their effects."""
    import numpy as np

    from ketcli.stats.effects.transforms import MEASURES

    rows = tuple(
        row for row in studies if _number(row.get("yi")) is not None and (_number(row.get("vi")) or 0.0) > 0
    )
    code = str((rows or tuple(studies))[0].get("measure") or "GEN")
    described = MEASURES.get(code, MEASURES["GEN"])
    ratio = described.ratio or any(row.get("form") == "bare-ratio" for row in studies)
    proportion = described.kind == "proportion"
    return Pool(
        title=title,
        rows=rows,
        measure=code,
        scale="log" if ratio else "logit" if code == "PLO" else "linear",
        null=None if proportion else 0.0,
        yi=np.array([_number(row.get("yi")) for row in rows], dtype=np.float64),
        vi=np.array([_number(row.get("vi")) for row in rows], dtype=np.float64),
        pooled=pooled,
        centre=None if pooled is None else _number(pooled.get("yi")),
    )


def _counted(title: str, studies: Sequence[Row], pooled: Row | None, name: str, code: str) -> Pool | None:
    """Return the pool of rows that carry counts."""
    arms = ("events", "total") if code == "PLO" else ("events", "total", "control_events", "control_total")
    rows = [row for row in studies if all(_number(row.get(arm)) is not None for arm in arms)]
    if not rows:
        return None
    columns = [[_number(row.get(arm)) or 0.0 for row in rows] for arm in arms]
    if code == "PLO":
        from ketcli.stats.effects.proportions import proportion_effects

        effects = proportion_effects(code, columns[0], columns[1])
    else:
        from ketcli.stats.effects.two_arm import two_arm_effects

        effects = two_arm_effects(code, *columns, correct_effect=code != "RD")
    known = [i for i, reason in enumerate(effects.excluded) if not reason]
    scale: Scale = "logit" if code == "PLO" else "linear" if code == "RD" else "log"
    estimate = None if pooled is None else _number(pooled.get(name))
    return Pool(
        title=title,
        rows=tuple(rows[i] for i in known),
        measure=code,
        scale=scale,
        null=None if code == "PLO" else 0.0,
        yi=effects.yi[known],
        vi=effects.vi[known],
        pooled=pooled,
        centre=None if estimate is None else analysed(estimate, scale),
    )


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None
