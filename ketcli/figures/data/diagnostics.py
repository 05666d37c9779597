"""Pictures of one pooled line: who moves it (Baujat), risks in both arms (L'Abbé), and every level (drapery)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ketcli.errors import UsageError
from ketcli.figures.data.effects import Pool, analysed, pools_of
from ketcli.figures.data.funnel import natural_ruler
from ketcli.figures.view import measure_of
from ketcli.render.ruler import Ruler, linear_ruler, percent_ruler, round_up
from ketcli.report import Report, Row
from ketcli.wording import one_line

LABBE_MEASURES = ("RR", "OR", "PETO", "RD")
STEPS = 160
FARTHEST = 3.2  # standard errors that a drapery curve runs to on either side


@dataclass(frozen=True)
class Spot:
    """One study as a point: place, name, what the area is in proportion to (0-1) and how much the name matters."""

    x: float
    y: float
    label: str
    size: float = 1.0
    matters: float = 0.0


@dataclass(frozen=True)
class Scatter:
    """Points between two axes; `curves` are lines through values (the pooled effect and its limits)."""

    title: str
    spots: tuple[Spot, ...]
    x: Ruler
    y: Ruler
    x_label: str
    y_label: str
    curves: tuple[tuple[tuple[float, float], ...], ...] = ()
    diagonal: bool = False


@dataclass(frozen=True)
class Drapery:
    """P-value curves of each study and of the pooled line; `prediction` is that interval and its height."""

    title: str
    studies: tuple[tuple[tuple[float, float], ...], ...]
    pooled: tuple[tuple[float, float], ...]
    prediction: tuple[float, float, float] | None
    null: float | None
    x: Ruler
    y: Ruler
    x_label: str


def baujat(report: Report) -> Scatter:
    """Return the Baujat plot of rows that carry its points."""
    rows = [row for row in report.rows if row.get("baujat_x") is not None and row.get("baujat_y") is not None]
    if not rows:
        raise _nothing("a Baujat plot needs at least three studies with an effect")
    xs, ys = [_float(row, "baujat_x") for row in rows], [_float(row, "baujat_y") for row in rows]
    far = [math.hypot(x / (max(xs) or 1.0), y / (max(ys) or 1.0)) for x, y in zip(xs, ys, strict=True)]
    spots = [Spot(x, y, _name(row), matters=d) for x, y, row, d in zip(xs, ys, rows, far, strict=True)]
    return Scatter(
        title="",
        spots=tuple(spots),
        x=linear_ruler(0.0, 1.08 * (max(xs) or 1.0)),
        y=linear_ruler(0.0, 1.08 * (max(ys) or 1.0)),
        x_label="Contribution to heterogeneity (squared Pearson residual)",
        y_label="Influence on the pooled estimate",
    )


def labbe(report: Report) -> Scatter:
    """Return the L'Abbé plot: risk with treatment against risk with control, and the pooled effect as a curve."""
    counts = ("events", "total", "control_events", "control_total")
    studies = [row for row in report.rows if row.get("kind") == "study"]
    rows = [row for row in studies if all(isinstance(row.get(name), int) for name in counts)]
    rows = [row for row in rows if row["total"] and row["control_total"]]
    pooled = next((row for row in report.rows if row.get("kind") == "pooled"), None)
    if not rows or (pooled is not None and pooled.get("measure") not in LABBE_MEASURES):
        raise _nothing("a L'Abbé plot needs counts of two arms, pooled as RR, OR or RD")
    risks = [
        (_float(r, "control_events") / _float(r, "control_total"), _float(r, "events") / _float(r, "total"))
        for r in rows
    ]
    end = round_up(1.05 * max(max(pair) for pair in risks))
    weights = [_float(row, "weight") for row in rows]
    largest = max(weights) or 1.0
    spots = [
        Spot(x, y, _name(row), (w / largest) if max(weights) else 1.0, w)
        for (x, y), row, w in zip(risks, rows, weights, strict=True)
    ]
    effects = [] if pooled is None else [pooled.get(name) for name in ("estimate", "ci_low", "ci_high")]
    drawn = [_treated(str((pooled or {}).get("measure")), float(e), end) for e in effects if isinstance(e, float)]
    return Scatter(
        title="",
        spots=tuple(spots),
        x=percent_ruler(0.0, end),
        y=percent_ruler(0.0, end),
        x_label="Risk with control",
        y_label="Risk with treatment",
        curves=tuple(curve for curve in drawn if len(curve) > 1),
        diagonal=True,
    )


def _treated(measure: str, effect: float, end: float) -> tuple[tuple[float, float], ...]:
    """Return the risks with treatment that an effect makes of the risks with control from 0 to `end`."""
    points = []
    for i in range(STEPS + 1):
        risk = end * i / STEPS
        match measure:
            case "RD":
                treated = risk + effect
            case "RR":
                treated = risk * effect
            case _:
                treated = risk * effect / (1.0 - risk + risk * effect)
        if 0.0 <= treated <= 1.0:
            points.append((risk, treated))
    return tuple(points)


def drapery(report: Report) -> Drapery:
    """Return the p-value curves of the report's first pool of two studies or more (Rücker & Schwarzer 2021)."""
    pool = next((pool for pool in pools_of(report) if pool.k > 1 and pool.pooled is not None), None)
    if pool is None or pool.pooled is None or pool.centre is None or pool.pooled.get("se") is None:
        raise _nothing("a drapery plot needs two studies or more and their pooled line")
    se = [math.sqrt(v) for v in pool.vi.tolist()]
    low, high = _reach(pool, _float(pool.pooled, "se"))
    grid = [low + (high - low) * i / STEPS for i in range(STEPS + 1)]
    df = pool.pooled.get("df")
    freedom = float(df) if isinstance(df, (int, float)) else math.inf
    label = measure_of(report).display.label
    return Drapery(
        title=pool.title,
        studies=tuple(_curve(float(y), s, math.inf, grid) for y, s in zip(pool.yi.tolist(), se, strict=True)),
        pooled=_curve(pool.centre, _float(pool.pooled, "se"), freedom, grid),
        prediction=_prediction(pool),
        null=pool.null,
        x=natural_ruler(low, high, pool.scale, percent=pool.measure == "RD"),
        y=Ruler(0.0, 1.0, (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 1.0), ("0", "0.05", "0.2", "0.4", "0.6", "0.8", "1")),
        x_label=label if pool.scale == "linear" else f"{label}, {pool.scale} scale",
    )


def _reach(pool: Pool, se: float) -> tuple[float, float]:
    """Return the stretch of effects that holds the estimates and most of the curves."""
    errors = sorted(math.sqrt(v) for v in pool.vi.tolist())
    usual = errors[len(errors) // 2]
    centre = pool.centre or 0.0
    points = [*pool.yi.tolist(), centre, *([] if pool.null is None else [pool.null])]
    low = min(min(points) - usual, centre - FARTHEST * max(se, usual))
    high = max(max(points) + usual, centre + FARTHEST * max(se, usual))
    return low, high


def _curve(estimate: float, se: float, df: float, grid: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Return the two-sided p-value of each effect on the grid, its own estimate among them (p = 1)."""
    from ketcli.stats.numeric.distributions import t_two_sided

    if not se > 0.0:
        return ()
    xs = sorted({*grid, estimate}) if grid[0] <= estimate <= grid[-1] else list(grid)
    return tuple((x, float(t_two_sided((x - estimate) / se, df))) for x in xs)


def _prediction(pool: Pool) -> tuple[float, float, float] | None:
    row = pool.pooled or {}
    level = row.get("ci_level")
    ends = [row.get(name) for name in ("pi_low", "pi_high")]
    if None in ends or not isinstance(level, float):
        return None
    raw = str(row.get("form") or "").startswith("number-3") and pool.scale != "linear"
    low, high = (float(end) if raw else analysed(float(end), pool.scale) for end in ends if end is not None)
    return (low, high, 1.0 - level) if math.isfinite(low) and math.isfinite(high) else None


def _nothing(why: str) -> UsageError:
    return UsageError(why, code="no-picture", hint="look at the table, or draw a forest plot")


def _name(row: Row) -> str:
    return one_line(str(row.get("label") or ""))


def _float(row: Row, name: str) -> float:
    value = row.get(name)
    return float(value) if isinstance(value, (int, float)) else 0.0
