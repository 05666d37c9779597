"""What the engine makes of published worked examples, beside what was printed about them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ketcli.errors import unknown_value
from ketcli.report import Column, Display, Fact, Note, Report, Value
from ketcli.summaries.columns import columns
from ketcli.verify.analyses import Answer, compute
from ketcli.verify.examples import TITLES, Analysis, Printed, printed, studies

COLUMNS = (
    *columns("kind"),
    Column("example", "Example", "id", "", "the worked example"),
    Column("analysis", "Analysis", "text", "", "measure, model and method"),
    Column("quantity", "Quantity", "text", "", "what was printed"),
    Column("ours", "Ours", "number", "", "what the engine computes, not rounded"),
    Column("printed", "Printed", "number", "", "the number as printed"),
    Column("decimals", "Decimals", "integer", "", "decimals of the printed number"),
    Column("difference", "Difference", "number", "", "ours minus printed"),
    Column("agrees", "Agrees", "flag", "", "1 when ours rounds to the printed number"),
    Column("numbers", "Numbers", "integer", "", "printed numbers of the example"),
    Column("agreeing", "Agreeing", "integer", "", "numbers that agree"),
    Column("origin", "Printed by", "text", "", "publication or program that the number is from"),
    Column("source", "Seen on", "url", "", "page where the number was seen"),
)
MODELS = {
    "common": "common effect",
    "random": "random effects",
    "mh": "Mantel-Haenszel",
    "peto": "Peto",
    "strata": "tests across strata",
    "glmm": "mixed model",
    "three-level": "three levels",
    "regression": "regression on the moderator",
    "egger": "Egger's test",
    "trim-fill": "trim and fill",
    "q-profile": "Q-profile",
    "profile-likelihood": "profile likelihood",
    "effect": "effect of study",
    "interval": "interval of",
}
TESTS = {"knha": "Hartung-Knapp", "adhoc": "Hartung-Knapp, at least classic"}
SHOWN_DECIMALS = 4
# what rounding to the last decimal leaves, and the double-precision noise of a tie
HALF = 0.5 + 1e-6


def verify(example: str = "", *, every: bool = False) -> Report:
    """Recompute the worked examples and compare with every printed number.

    One row per example, with the numbers that do not agree below it; `example` or `every` lists all numbers.
    """
    if example and example not in TITLES:
        raise unknown_value("example", example, TITLES)
    every = every or bool(example)
    checks = [row for row in _checks() if not example or row["example"] == example]
    rows: list[dict[str, Value]] = []
    for name in dict.fromkeys(str(row["example"]) for row in checks):
        own = [row for row in checks if row["example"] == name]
        rows += own if every else [_total(name, own), *(row for row in own if not row["agrees"])]
    wrong = sum(not row["agrees"] for row in checks)
    found = "all agree" if not wrong else f"{wrong} do not agree"
    names = {str(row["example"]) for row in checks}
    where = "1 example" if len(names) == 1 else f"{len(names)} examples"
    return Report(
        title="Published worked examples, recomputed",
        columns=COLUMNS,
        rows=tuple(rows),
        facts=(Fact("Printed numbers", f"{len(checks)} of {where}; {found}."),),
        displays=_displays(every=every),
        notes=_notes(every=every),
        group_by=("block",),
        heading=("block",),
        emphasis=frozenset({"disagreement"}),
    )


def failed(report: Report) -> bool:
    """Return True when a printed number of the report is not what the engine computes."""
    return any(row["kind"] == "disagreement" for row in report.rows)


def _checks() -> list[dict[str, Value]]:
    """Return one row per printed number, each analysis computed once."""
    data = studies()
    answers: dict[Analysis, Answer] = {}
    rows: list[dict[str, Value]] = []
    for number in printed():
        analysis = number.analysis
        if analysis not in answers:
            answers[analysis] = compute(analysis, data[analysis.example])
        rows.append(_check(number, answers[analysis].get(number.quantity, math.nan)))
    return rows


def _check(number: Printed, ours: float) -> dict[str, Value]:
    difference = ours - number.value
    agrees = abs(difference) <= HALF * 10.0**-number.decimals
    form = f"number-{min(number.decimals, SHOWN_DECIMALS)}"
    return {
        "kind": "check" if agrees else "disagreement",
        "block": TITLES[number.analysis.example],
        "example": number.analysis.example,
        "analysis": words(number.analysis),
        "quantity": number.quantity,
        "ours": None if math.isnan(ours) else ours,
        "printed": number.value,
        "decimals": number.decimals,
        "difference": None if math.isnan(ours) else difference,
        "agrees": agrees,
        "origin": number.origin,
        "source": number.source,
        "shown": f"{words(number.analysis)}: {_quantity(number.quantity)}",
        "form": form,
    }


def _quantity(name: str) -> str:
    """Return a quantity in words: `natural ci_low` is ci low, natural scale."""
    scale, _, bare = name.rpartition(" ")
    words = bare.replace("_", " ")
    return f"{words}, {'in per cent' if scale == 'percent' else 'natural scale'}" if scale else words


def words(analysis: Analysis) -> str:
    """Return an analysis in words: RR, random effects, REML, Hartung-Knapp."""
    model = f"{MODELS[analysis.model]} {analysis.study}".strip()
    level = "" if analysis.level == 0.95 else f"{100 * analysis.level:g} %"
    measure = "" if analysis.measure == "GEN" else analysis.measure
    parts = (measure, model, analysis.method, TESTS.get(analysis.test, ""), level)
    text = ", ".join(part for part in parts if part)
    return f"{text[:1].upper()}{text[1:]}"


def _total(name: str, checks: Sequence[dict[str, Any]]) -> dict[str, Value]:
    agreeing = sum(bool(row["agrees"]) for row in checks)
    return {
        "kind": "example",
        "block": "",
        "example": name,
        "shown": TITLES[name],
        "numbers": len(checks),
        "agreeing": agreeing,
        "agrees": agreeing == len(checks),
        "origin": "; ".join(dict.fromkeys(str(row["origin"]) for row in checks)),
    }


def _displays(*, every: bool) -> tuple[Display, ...]:
    if not every:
        return (
            Display("Example", "text", ("shown",)),
            Display("Numbers", "integer", ("numbers",), align="right"),
            Display("Agree", "integer", ("agreeing",), align="right"),
            Display("Ours", "effect", ("form", "ours", "low", "high"), align="right"),
            Display("Printed", "effect", ("form", "printed", "low", "high"), align="right"),
            Display("Printed by", "text", ("origin",), rank=1),
        )
    return (
        Display("Analysis and quantity", "text", ("shown",)),
        Display("Ours", "effect", ("form", "ours", "low", "high"), align="right"),
        Display("Printed", "effect", ("form", "printed", "low", "high"), align="right"),
        Display("Agrees", "text", ("agrees",)),
        Display("Printed by", "text", ("origin",), rank=1),
        Display("Seen on", "text", ("source",), rank=2),
    )


def _notes(*, every: bool) -> tuple[Note, ...]:
    notes = [
        Note(
            "method",
            "Agrees: the unrounded number of the engine rounds to the number as printed. The data of the examples "
            "ship with the program; nothing is looked up.",
        ),
        Note(
            "source",
            "Numbers of papers are those that metafor's own tests and other public tests quote from them; where "
            "only R could be asked, the origin says so. --csv has the page each number was seen on.",
        ),
    ]
    if not every:
        notes.append(Note("selection", "--all lists every number, `ket verify EXAMPLE` those of one example."))
    return tuple(notes)
