"""What a forest plot shows, taken from a report's rows: nothing is computed here, texts are those of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from ketcli.figures.view import BESIDE, RANK_SHOWN, Measure, as_forest, block_of, measure_of
from ketcli.render.cells import cell
from ketcli.render.marks import made_of_several
from ketcli.render.ruler import Ruler, percent_ruler, round_up, ruler_of
from ketcli.report import Display, Report, Row, Value
from ketcli.wording import UNICODE, number, one_line, p_value

Shape = Literal["heading", "study", "open", "pooled", "subgroup", "alternative", "prediction", "estimate", "about"]

_SHAPES: Mapping[str, Shape] = {
    "pooled": "pooled",
    "incidence": "pooled",
    "subgroup": "subgroup",
    "alternative": "alternative",
    "prediction": "prediction",
}
_MODELS = {
    "glmm": "Mixed model (GLMM)",
    "random": "Random effects",
    "common": "Common effect",
    "mh": "Mantel-Haenszel",
    "peto": "Peto",
    "three-level": "Three-level model",
}
_NO_HETEROGENEITY = ("common", "mh", "peto")


@dataclass(frozen=True)
class ForestColumn:
    """One column of text beside the plot."""

    label: str
    align: Literal["left", "right"]


@dataclass(frozen=True)
class ForestRow:
    """One line of the picture: texts of the columns, and what is drawn on the axis.

    `texts` are those of the label and left columns, then of the right columns; a heading or a line about a model
    has one text alone. `strong` rows are printed so; `size` is what the square's area is in proportion to, 0-1
    within its block. `risks` are those of drug and control where a plot shows them beside their difference.
    """

    shape: Shape
    texts: tuple[str, ...]
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    size: float = 1.0
    strong: bool = False
    risks: tuple[float | None, float | None] = (None, None)

    @property
    def drawn(self) -> bool:
        """Return True when there is something to draw: an estimate, or both limits."""
        return self.estimate is not None or (self.low is not None and self.high is not None)


@dataclass(frozen=True)
class Risks:
    """A second axis, for the risks in both arms."""

    ruler: Ruler
    label: str


@dataclass(frozen=True)
class Forest:
    """A forest plot as data: rows in order, columns left and right of the plot, ruler and small print."""

    title: str
    left: tuple[ForestColumn, ...]
    right: tuple[ForestColumn, ...]
    rows: tuple[ForestRow, ...]
    ruler: Ruler
    null: float | None
    axis_label: str
    towards_low: str
    towards_high: str
    weighted: bool
    risks: Risks | None = None


def forest(report: Report, measure: str = "") -> Forest:
    """Return the forest plot of a report, of the measure that `view.measure_of` chooses.

    It shows what `view.as_forest` shows on a terminal.
    """
    chosen = measure_of(report, measure)
    seen = as_forest(report, measure)
    blocks = [list(rows) for _, rows in groupby(seen.rows, key=lambda row: block_of(seen, row))]
    beside = [d for d in seen.displays if d.form in BESIDE]
    left = [d for d in beside if any(cell(d, row, UNICODE) for row in seen.rows)]
    weight = [d for d in seen.displays if d.of == ("weight",)]
    lines = [line for block in blocks for line in _block(seen, block, chosen, (*left, chosen.display, *weight))]
    return Forest(
        title=one_line(seen.title),
        left=tuple(ForestColumn(d.label, d.align) for d in left),
        right=(
            ForestColumn(chosen.display.label or "Estimate", "right"),
            *(ForestColumn("Weight", "right") for _ in weight),
        ),
        rows=tuple(lines),
        ruler=ruler_of(chosen.axis),
        null=chosen.axis.null,
        axis_label=axis_words(seen, chosen),
        towards_low=chosen.axis.left,
        towards_high=chosen.axis.right,
        weighted=bool(weight),
    )


def dots(report: Report) -> Forest:
    """Return a dot plot: the risks in both arms, and beside them their difference with its interval."""
    chosen = measure_of(report, "rd")
    rows = [row for row in report.rows if row.get("rate") is not None]
    beside = [d for d in report.displays if d.form in BESIDE and d.rank <= RANK_SHOWN]
    left = [d for d in beside if any(cell(d, row, UNICODE) for row in rows)]
    needed = [d for d in report.displays if d.form == "needed"]
    seen = replace(report, rows=tuple(rows))
    blocks = [list(group) for _, group in groupby(rows, key=lambda row: block_of(seen, row))]
    lines = [line for block in blocks for line in _block(seen, block, chosen, (*left, chosen.display, *needed))]
    risks = [risk for line in lines for risk in line.risks if risk is not None]
    return Forest(
        title=one_line(report.title),
        left=tuple(ForestColumn(d.label, d.align) for d in left),
        right=tuple(ForestColumn(d.label, "right") for d in (chosen.display, *needed)),
        rows=tuple(lines),
        ruler=ruler_of(chosen.axis),
        null=chosen.axis.null,
        axis_label=axis_words(seen, chosen),
        towards_low=chosen.axis.left,
        towards_high=chosen.axis.right,
        weighted=False,
        risks=Risks(percent_ruler(0.0, round_up(max(risks, default=1.0))), "Risk"),
    )


def axis_words(report: Report, measure: Measure) -> str:
    """Return what the axis measures: the column's label and its unit or scale."""
    named = next((c.label for c in report.columns if c.name == measure.columns[0]), measure.display.label)
    label = measure.family or (measure.display.label if measure.display.form == "effect" else named)
    if measure.axis.scale == "log":
        return f"{label} (log scale)"
    return f"{label}, percentage points" if measure.axis.factor == 100.0 else label


def model_words(row: Row, members: Sequence[Row], measure: Measure) -> str:
    """Return model, studies, people and heterogeneity of a pooled row in words, as far as they are of `measure`.

    Heterogeneity belongs to the row's own measure; that of another stands under its name (rd_tau2). People are
    those of the row or, where it does not add them up, of its studies `members`.
    """
    of = str(row.get("measure") or "").lower()
    own = measure.name in (of, "estimate") or (measure.name == "rate" and of in ("", "plo"))
    prefix = "" if own else f"{measure.name}_"
    model = str(row.get(f"{prefix}model") or "")
    q, df, p = (_finite(row.get(name)) if own else None for name in ("q", "q_df", "q_p"))
    people = _people(row) or sum(_people(member) for member in members)
    method = str(row.get("tau2_method") or "") if own else ""
    spread = "" if model in _NO_HETEROGENEITY else _range(row, f"{prefix}tau2", "τ² ", "")
    parts = [
        _MODELS.get(model, model) + (f" ({method})" if method else ""),
        "" if row.get("k") is None else f"k {row.get('k')}",
        f"n {people:g}" if people else "",
        _range(row, f"{prefix}i2", "I² ", " %", whole=True),
        spread,
        "" if q is None or not df else f"Q {number(q, 1, UNICODE)}, df {df:g}{_p(p)}",
    ]
    return "; ".join(part for part in parts if part)


def _p(p: float | None) -> str:
    return "" if p is None else f", p {p_value(p)}"


def _range(row: Row, name: str, before: str, after: str, *, whole: bool = False) -> str:
    """Return a quantity with its limits where it has some."""
    value, low, high = (_finite(row.get(n)) for n in (name, f"{name}_ci_low", f"{name}_ci_high"))
    if value is None:
        return ""

    def written(number_: float) -> str:
        return f"{number_:.0f}" if whole else _plain(number_)

    ends = "" if low is None or high is None else f" ({written(low)}–{written(high)})"
    return f"{before}{written(value)}{after}{ends}"


def _plain(value: float) -> str:
    return "0" if abs(value) < 1e-8 else f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"


def _block(report: Report, block: Sequence[Row], measure: Measure, shown: Sequence[Display]) -> list[ForestRow]:
    """Return the rows of one block under its heading, a line about the model after each emphasised pooled line."""
    heading = ", ".join(filter(None, (one_line(str(block[0].get(n) or "")) for n in report.heading)))
    by_weight = any(d.of == ("weight",) for d in shown) and any(row.get("weight") is not None for row in block)
    sizes = [_size(row, by_weight=by_weight) for row in block]
    studies = [s for s, row in zip(sizes, block, strict=True) if _shape(row) in ("study", "open")]
    largest = max(studies, default=0.0) or 1.0
    lines = [ForestRow("heading", (heading,))] if heading else []
    members: list[Row] = []
    about = ""
    for row, size in zip(block, sizes, strict=True):
        shape = _shape(row)
        if about and shape not in ("prediction", "alternative"):
            lines.append(ForestRow("about", (about,)))
            about = ""
        if shape in ("pooled", "subgroup") and row.get("kind") in report.emphasis:
            about = model_words(row, members, measure)
        members = [*members, row] if shape == "study" else members
        strong = row.get("kind") in report.emphasis
        line = _row(row, measure, shown, size / largest, strong=strong)
        # a pooled line that is one of many, not the answer of its block, has no diamond
        several = line.shape == "pooled" and not strong
        lines.append(replace(line, shape="estimate") if several else line)
    return [*lines, ForestRow("about", (about,))] if about else lines


def _row(row: Row, measure: Measure, shown: Sequence[Display], size: float, *, strong: bool) -> ForestRow:
    shape = _shape(row)
    line = ForestRow(shape, (), *measure.values(row), size)
    texts = [_text(display, row, shape) for display in shown]
    risks = (_finite(row.get("rate")), _finite(row.get("control_rate")))
    one_arm = None in risks and "rate" in row
    if not line.drawn and not one_arm:
        place = shown.index(measure.display)
        texts[place] = texts[place] or "not estimable"
    return replace(line, texts=tuple(texts), strong=strong, risks=risks)


def _shape(row: Row) -> Shape:
    kind = str(row.get("kind") or "study")
    if kind in _SHAPES:
        return _SHAPES[kind]
    if made_of_several(row):
        return "estimate"
    return "open" if row.get("pooled") is False or row.get("reason") else "study"


def _text(display: Display, row: Row, shape: Shape) -> str:
    text = cell(display, row, UNICODE)
    if display.of == ("weight",) and text:
        return f"{text} %"
    # the line about the model says the heterogeneity: it need not stand behind the label too
    return text.split("; I²")[0] if shape in ("pooled", "prediction") and display.form == "text" else text


def _size(row: Row, *, by_weight: bool) -> float:
    return _finite(row.get("weight")) or 0.0 if by_weight else _people(row)


def _people(row: Row) -> float:
    return sum(_finite(row.get(name)) or 0.0 for name in ("total", "control_total")) or _finite(row.get("n")) or 0.0


def signs(forests: Sequence[Forest]) -> str:
    """Return what the signs of these plots mean, of those that are drawn; "" without any."""
    shapes = {row.shape for forest in forests for row in forest.rows if row.drawn}
    weighted = any(forest.weighted for forest in forests)
    said = []
    if any(forest.risks is not None for forest in forests):
        said.append("Dots: risk with the drug (full) and with control (open).")
    if shapes & {"study", "open"}:
        blocks = sum(row.shape == "heading" for forest in forests for row in forest.rows) > 1
        area = "the weight in the pooled line" if weighted else "the number of people"
        area += " (people, where there is none)" if weighted and blocks else ""
        area += ", within each block" if blocks else ""
        said.append(f"Squares: one study, area in proportion to {area}; lines: intervals.")
    if "open" in shapes:
        said.append("Open squares: not part of any pooled line.")
    if shapes & {"pooled", "subgroup"}:
        said.append("Diamonds: pooled estimate and interval.")
    if "alternative" in shapes:
        said.append("Open diamonds: another method, for comparison.")
    if "estimate" in shapes:
        said.append("Small diamonds: estimates made of several studies or rows, with their intervals.")
    if "prediction" in shapes:
        said.append("Bars: interval in which the effect of the next study may lie.")
    return " ".join(said)


def _finite(value: Value) -> float | None:
    return float(value) if isinstance(value, (int, float)) and abs(value) < float("inf") else None
