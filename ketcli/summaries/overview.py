"""The one-screen summary: the questions people bring, each with its number, how many it rests on, and the command.

Every line is read off the report of the command it names, so the screen can never say anything else than that
command does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from ketcli.report import Axis, Column, Display, Fact, Note, Report, Row, Value
from ketcli.selection import event_names
from ketcli.summaries.columns import columns
from ketcli.summaries.compare import compare
from ketcli.summaries.durability import durability
from ketcli.summaries.rates import rates
from ketcli.summaries.side_effects import side_effects
from ketcli.summaries.timeline import timeline

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters
    from ketcli.summaries.pooling import Settings

COMPARISONS = (
    ("ketamine", "midazolam"),
    ("ketamine", "ect"),
    ("esketamine", "placebo"),
    ("esketamine", "quetiapine"),
)
HARMS = ("dissociation", "blood pressure increased", "stopped for an adverse event")
_RATE = ("rate", "ci_low", "ci_high")
_DIFFERENCE = ("rd", "rd_low", "rd_high")
Line = dict[str, Value]


def overview(evidence: Evidence, filters: Filters, how: Settings) -> Report:
    """Return the headline answers of every main command on the bundled data."""
    rows = [*_rates(evidence, filters, how), *_speed(evidence, filters, how), *_lasting(evidence, filters, how)]
    rows += [*_against(evidence, filters, how), *_harms(evidence, filters, how)]
    return Report(
        title="Ketamine and esketamine in treatment-resistant depression: what studies found",
        columns=(
            *columns("kind"),
            Column("question", "Question", "text"),
            Column("answer_to", "About", "text", "", "regimen, drug, time or event"),
            *columns("events", "total", "k"),
            Column(
                "estimate", "Estimate", "number", "", "proportion, hazard ratio or risk difference, see `measure`"
            ),
            *columns("ci_low", "ci_high", "measure", "control_events", "control_total", "rd", "rd_low", "rd_high"),
            Column("command", "More", "text", "", "the command with every study and source"),
        ),
        rows=tuple(rows),
        displays=(
            Display("", "text", ("answer_to",)),
            Display("Studies", "integer", ("k",), rank=2, align="right"),
            Display("n/N", "fraction", ("events", "total"), rank=1, align="right"),
            Display("Of 100", "percent-interval", ("share", "share_low", "share_high")),
            Display("0 to 100 %", "strip", ("share", "share_low", "share_high"), rank=4),
            Display("Control", "fraction", ("control_events", "control_total"), align="right"),
            Display("Difference", "points-interval", ("rd", "rd_low", "rd_high"), rank=3),
        ),
        facts=(Fact("Data", f"{_size(evidence)}; version {evidence.version or 'not stated'}"),),
        notes=(
            Note(
                "about",
                "A summary of published studies, not medical advice. Each line is that of the command in the "
                "heading, which shows every study, the choices made and the sources.",
            ),
            Note(
                "caution",
                "Lines are not comparable with each other: drug, route, control and time change together. Pooled "
                f"shares are a model's estimates with {how.percent} intervals and can differ from n/N; "
                "under 'Against what' the drug's is what the pooled ratio makes of the control's, taken as known.",
            ),
        ),
        group_by=("question",),
        heading=("block",),
        emphasis=frozenset(),
        axis=Axis("percent"),
        data_version=evidence.version,
    )


def _size(evidence: Evidence) -> str:
    studies = evidence.rows("studies")
    numbers = sum(len(evidence.rows(t)) for t in ("outcomes", "scores", "side_effects", "factors", "durability"))
    return f"{len(studies)} studies and records, {numbers} sourced numbers"


def _line(question: str, about: str, row: Row, command: str) -> Line:
    share = {
        name: row.get(source) for name, source in zip(("share", "share_low", "share_high"), _RATE, strict=True)
    }
    return {
        "kind": "headline",
        "question": question,
        "block": f"{question} ({' '.join(command.split()[:2])})",
        "answer_to": about,
        "events": row.get("events"),
        "total": row.get("total"),
        "k": row.get("k") or 1,
        "estimate": row.get("rate"),
        "ci_low": row.get("ci_low"),
        "ci_high": row.get("ci_high"),
        "measure": "proportion",
        "control_events": row.get("control_events"),
        "control_total": row.get("control_total"),
        "command": command,
        **share,
    }


def _rates(evidence: Evidence, filters: Filters, how: Settings) -> Iterable[Line]:
    """Return the pooled response and remission of every regimen that has three studies or more."""
    lines = [r for r in rates(evidence, filters, how).rows if r["kind"] == "pooled" and int(str(r["k"])) >= 3]
    for outcome in ("response", "remission"):
        for row in (r for r in lines if r["outcome"] == outcome):
            about = str(row["block"]).rsplit(":", 1)[0]
            question = f"How many {'respond' if outcome == 'response' else 'remit'}"
            yield _line(question, about, row, f"ket rates --regimen {row['regimen']}")


def _speed(evidence: Evidence, filters: Filters, how: Settings) -> Iterable[Line]:
    """Return the course of response after one intravenous dose of ketamine."""
    limits = {
        "drug": ("ketamine",),
        "route": ("intravenous",),
        "regimen": ("single-dose",),
        "outcome": ("response",),
    }
    for row in timeline(evidence, replace(filters, **limits), how).rows:  # type: ignore[arg-type]
        yield _line(
            "How fast, and how lasting after one intravenous dose of ketamine",
            f"response, {row['window']}",
            row,
            "ket timeline --drug ketamine",
        )


def _lasting(evidence: Evidence, filters: Filters, how: Settings) -> Iterable[Line]:
    """Return relapse in randomised withdrawal, the drug kept and stopped."""
    for row in durability(evidence, filters, how, show_extensions=False).rows:
        if row["kind"] == "relapse" and row.get("control_total") and row.get("rr"):
            about = f"relapse, {row['metric']}; control: stopped"
            yield _line("How long, once well", about, row, "ket durability")


def _against(evidence: Evidence, filters: Filters, how: Settings) -> Iterable[Line]:
    """Return, for each main comparison, the line of most trials: response, remission where nothing else is."""
    for first, second in COMPARISONS:
        rows = [r for r in compare(evidence, filters, how, first, second).rows if r.get("rd") is not None]
        lines = [r for r in rows if r["kind"] == "pooled"] or [r for r in rows if r.get("pooled")]
        if lines:
            best = max(lines, key=lambda r: (int(str(r.get("k") or 1)), r["outcome"] == "response"))
            about = str(best["block"]).replace(", each with a new antidepressant", " (+ new antidepressant)")
            line = _line("Against what", about, best, f"ket compare {first} {second}")
            yield line | {name: best.get(name) for name in _DIFFERENCE}


def _harms(evidence: Evidence, filters: Filters, how: Settings) -> Iterable[Line]:
    """Return the pooled incidence of the main side effects beside their control; own data may lack all of them."""
    events = [event for event in HARMS if event in event_names.names(evidence)]
    if not events:
        return
    for row in side_effects(evidence, filters, how, event=events, pooled_only=True).rows:
        if row["kind"] == "pooled" and row["drug"] == "esketamine" and row["phase"] == "acute-course":
            name = str(row["event"])
            line = _line(
                "What it costs, nasal esketamine v placebo", name, row, f'ket side-effects --event "{name}"'
            )
            yield line | {part: row.get(part) for part in _DIFFERENCE}
