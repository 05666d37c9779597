"""Funnel plots: effects against their standard errors, with the test for asymmetry and trim and fill as rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ketcli.errors import KetError
from ketcli.figures.data.effects import Pool, Scale, analysed, pools_of, shown
from ketcli.figures.view import block_of, measure_of
from ketcli.render.ruler import Ruler, linear_ruler, log_ruler, percent_ruler
from ketcli.report import Column, Display, Note, Report, Row, Value
from ketcli.wording import UNICODE, number, one_line, p_value

FEWEST = 3
# Under this many studies a test tells hardly anything (Cochrane Handbook, chapter 13): none is made.
TESTED = 10
Z95 = 1.959963984540054
_FORMS = {"log": "bare-ratio", "logit": "rate"}
COLUMNS = (
    Column("kind", "Row", "code", "", "study, filled, pooled, adjusted or test: what the row is"),
    Column("block", "Group", "text", "", "heading of the pool"),
    Column("label", "Study", "text", "", "study, pooled line or test"),
    Column("study_id", "Study id", "id", "", "key of the study"),
    Column("measure", "Measure", "code", "", "effect measure; its analysis scale is that of yi"),
    Column("scale", "Scale", "code", "", "linear, log or logit: the way from yi to estimate"),
    Column("yi", "Effect analysed", "number", "", "effect on the analysis scale; of a test its slope on the error"),
    Column("se", "SE", "number", "", "standard error of yi"),
    Column("estimate", "Estimate", "number", "", "effect on the natural scale"),
    Column("ci_low", "CI low", "number", "", "lower limit of the confidence interval"),
    Column("ci_high", "CI high", "number", "", "upper limit of the confidence interval"),
    Column("null", "No effect", "number", "", "value of no effect on the analysis scale"),
    Column("limit", "Limit", "number", "", "Egger: effect of a study without error, on the analysis scale"),
    Column("statistic", "Statistic", "number", "", "test statistic, t"),
    Column("df", "df", "number", "", "degrees of freedom"),
    Column("p", "p", "number", "", "two-sided p-value: of no effect in a study, of no asymmetry in a test"),
    Column("k", "Studies", "integer", "studies", "studies in the row"),
    Column("source_url", "Source page", "url", "", "page where the number was seen"),
)


@dataclass(frozen=True)
class FunnelPoint:
    """One study: its name, effect on the analysis scale, standard error; `filled` ones are mirror images."""

    label: str
    yi: float
    se: float
    filled: bool = False


@dataclass(frozen=True)
class Funnel:
    """One funnel as data, everything on the analysis scale; `x` is labelled on the natural one.

    `egger` is the line (limit, slope on the standard error); `about` the sentences under the funnel.
    """

    title: str
    points: tuple[FunnelPoint, ...]
    centre: float | None
    adjusted: float | None
    null: float | None
    egger: tuple[float, float] | None
    x: Ruler
    y: Ruler
    axis_label: str
    about: tuple[str, ...]


def as_funnel(report: Report, measure: str = "") -> Report:
    """Return the report as funnels: studies of each pool of FEWEST or more, its line, and from TESTED on the tests.

    Raises KetError when no pool is large enough.
    """
    pools = [pool for pool in pools_of(report, measure) if pool.k >= FEWEST]
    if not pools:
        raise KetError(
            f"no pooled line of {FEWEST} studies or more to make a funnel of",
            code="too-few-studies",
            hint="widen the selection, or look at the studies themselves: ket forest",
        )
    name = measure_of(report, measure).display.label
    notes = [
        Note("method", "Contours: where a study's p-value against no effect would be under 0.1, 0.05 and 0.01.")
        if any(pool.null is not None for pool in pools)
        else Note("caution", "Proportions and their errors depend on each other: asymmetry here is no sign of "
                  "missing studies (Hunter 2014)."),
        Note("caution", "Asymmetry has other causes than missing studies: small studies may differ in people, dose "
             "or care."),
    ]  # fmt: skip
    if any(pool.k < TESTED for pool in pools):
        notes.append(
            Note(
                "choice",
                f"Pools under {TESTED} studies have no test and no trim and fill: these would hardly tell chance "
                "from asymmetry (Cochrane Handbook, chapter 13). ket pool --bias --force makes them.",
            )
        )
    if any(pool.k >= TESTED for pool in pools):
        notes.append(
            Note("method", "Egger: weighted regression on the standard error. Trim and fill: L0, inverse variance.")
        )
    return Report(
        title=f"Funnel: {report.title[:1].lower()}{report.title[1:]}",
        columns=COLUMNS,
        rows=tuple(row for pool in pools for row in _rows(pool)),
        displays=(
            Display("Study", "text", ("label",)),
            Display(name, "effect", ("form", "estimate", "ci_low", "ci_high")),
            Display("SE", "number", ("se",), digits=3, align="right", rank=1),
            Display("p", "p-value", ("p",), align="right"),
        ),
        notes=(*notes, *(note for note in report.notes if note.kind == "selection")),
        sources=report.sources,
        group_by=("block",),
        heading=("block",),
        emphasis=frozenset({"pooled", "adjusted"}),
        picture="funnel",
        data_version=report.data_version,
    )


def funnels(report: Report) -> tuple[Funnel, ...]:
    """Return the funnels of a report that `as_funnel` made, read off its rows."""
    groups = [list(rows) for _, rows in groupby(report.rows, key=lambda row: block_of(report, row))]
    label = report.displays[1].label
    return tuple(_funnel(rows, label) for rows in groups)


def _rows(pool: Pool) -> list[Row]:
    from ketcli.stats.numeric.distributions import normal_two_sided

    shared: dict[str, Value] = {
        "block": pool.title,
        "measure": pool.measure,
        "scale": pool.scale,
        "null": pool.null,
        "form": _FORMS.get(pool.scale, "rd-difference" if pool.measure == "RD" else "number-2"),
    }
    rows: list[Row] = []
    for row, label, yi, vi in zip(pool.rows, pool.labels, pool.yi.tolist(), pool.vi.tolist(), strict=True):
        se = math.sqrt(vi)
        p = None if pool.null is None else float(normal_two_sided((yi - pool.null) / se))
        own = {"kind": "study", "label": label, "study_id": row.get("study_id"), "p": p, "k": 1}
        rows.append(shared | own | _effect(pool, yi, se) | {"source_url": row.get("source_url")})
    if pool.centre is not None and math.isfinite(pool.centre):
        rows.append(shared | _pooled(pool))
    return [*rows, *(shared | row for row in _tests(pool))] if pool.k >= TESTED else rows


def _effect(pool: Pool, yi: float, se: float) -> dict[str, Value]:
    """Return an effect with a normal interval, on both scales."""
    ends = [shown(yi + step * se, pool.scale) for step in (-Z95, 0.0, Z95)]
    return {"yi": yi, "se": se, "ci_low": ends[0], "estimate": ends[1], "ci_high": ends[2]}


def _pooled(pool: Pool) -> dict[str, Value]:
    """Return the row of the pooled line as the report has it."""
    assert pool.pooled is not None
    row = pool.pooled
    name = {"PLO": "rate", "RD": "rd", "RR": "rr", "OR": "or"}.get(pool.measure, "")
    columns = ("estimate", "ci_low", "ci_high")
    if row.get("estimate") is None:
        columns = (name, *(("ci_low", "ci_high") if name == "rate" else (f"{name}_low", f"{name}_high")))
    values = dict(zip(("estimate", "ci_low", "ci_high"), (row.get(column) for column in columns), strict=True))
    return {
        "kind": "pooled",
        "label": str(row.get("label")).split(";")[0],
        "yi": pool.centre,
        **values,
        "k": pool.k,
    }


def _tests(pool: Pool) -> list[dict[str, Value]]:
    """Return Egger's test, the studies that trim and fill adds, and the line with them."""
    from ketcli.stats.small_studies.bias import egger
    from ketcli.stats.small_studies.trim_and_fill import trim_and_fill

    test = egger(pool.yi, pool.vi)
    rows: list[dict[str, Value]] = []
    model = str((pool.pooled or {}).get("model") or "random")
    filled = trim_and_fill(pool.yi, pool.vi, model="common" if model in ("common", "mh", "peto") else "REML")
    if filled.missing is not None and filled.adjusted is not None:
        for i, (yi, vi) in enumerate(zip(filled.filled_yi.tolist(), filled.filled_vi.tolist(), strict=True), 1):
            rows.append({"kind": "filled", "label": f"filled {i}", "k": 1, **_effect(pool, yi, math.sqrt(vi))})
        line = filled.adjusted
        ends = [shown(v, pool.scale) for v in (line.estimate, line.ci_low, line.ci_high)]
        count = f"{filled.missing} {'study' if filled.missing == 1 else 'studies'} added on the {filled.side}"
        rows.append(
            {
                "kind": "adjusted",
                "label": f"Trim and fill, {count}" if filled.missing else "Trim and fill, no study added",
                "yi": line.estimate,
                "se": line.se,
                **dict(zip(("estimate", "ci_low", "ci_high"), ends, strict=True)),
                "k": line.k,
            }
        )
    if math.isfinite(test.p):
        rows.append(
            {
                "kind": "test",
                "label": "Egger's test",
                "yi": test.bias,
                "se": test.bias_se,
                "limit": test.limit,
                "statistic": test.statistic,
                "df": test.df,
                "p": test.p,
                "k": test.k,
            }
        )
    return rows


def _funnel(rows: Sequence[Row], label: str) -> Funnel:
    points = tuple(
        FunnelPoint(one_line(str(row["label"])), float(row["yi"]), float(row["se"]), filled=row["kind"] == "filled")  # type: ignore[arg-type]
        for row in rows
        if row["kind"] in ("study", "filled")
    )
    by_kind = {str(row["kind"]): row for row in rows}
    first = rows[0]
    scale: Scale = first["scale"]  # type: ignore[assignment]
    centre, adjusted = (_value(by_kind.get(kind), "yi") for kind in ("pooled", "adjusted"))
    adjusted = adjusted if any(point.filled for point in points) else None
    test = by_kind.get("test")
    egger = None if test is None else (_value(test, "limit") or 0.0, _value(test, "yi") or 0.0)
    null = _value(first, "null")
    deepest = max(point.se for point in points) * 1.06
    middle = centre if centre is not None else sum(p.yi for p in points) / len(points)
    xs = [p.yi for p in points] + [middle - Z95 * deepest, middle + Z95 * deepest]
    xs += [] if null is None else [null]
    pad = 0.03 * (max(xs) - min(xs))
    return Funnel(
        title=one_line(str(first["block"] or "")),
        points=points,
        centre=centre,
        adjusted=adjusted,
        null=null,
        egger=egger,
        x=natural_ruler(min(xs) - pad, max(xs) + pad, scale, percent=first["measure"] == "RD"),
        y=linear_ruler(0.0, deepest, wanted=4),
        axis_label=f"{label}, log scale"
        if scale == "log"
        else f"{label}, logit scale"
        if scale == "logit"
        else label,
        about=_about(by_kind, len([p for p in points if not p.filled])),
    )


def natural_ruler(low: float, high: float, scale: Scale, *, percent: bool = False) -> Ruler:
    """Return a ruler of the analysis scale whose labels are values of the natural one."""
    match scale:
        case "log":
            inner = log_ruler(math.exp(low), math.exp(high))
        case "logit":
            inner = percent_ruler(shown(low, scale), shown(high, scale))
        case _:
            return linear_ruler(low, high, factor=100.0 if percent else 1.0)
    pairs = [
        (analysed(tick, scale), label)
        for tick, label in zip(inner.ticks, inner.labels, strict=True)
        if math.isfinite(analysed(tick, scale))
    ]
    return Ruler(low, high, tuple(at for at, _ in pairs), tuple(label for _, label in pairs))


def _about(by_kind: dict[str, Row], k: int) -> tuple[str, ...]:
    parts = [f"k {k}"]
    if (test := by_kind.get("test")) is not None:
        t, df, p = (_value(test, name) for name in ("statistic", "df", "p"))
        if t is not None and df is not None and p is not None:
            parts.append(f"Egger t {number(t, 2, UNICODE)}, df {df:g}, p {p_value(p)}")
    if (line := by_kind.get("adjusted")) is not None:
        label = str(line["label"])
        parts.append(label[:1].lower() + label[1:])
    return tuple(parts)


def _value(row: Row | None, name: str) -> float | None:
    value = None if row is None else row.get(name)
    return float(value) if isinstance(value, (int, float)) else None
