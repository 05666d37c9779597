"""A small valid folder of tables, and for every rule of the data the smallest change that breaks it."""

from __future__ import annotations

import copy
import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ketcli.evidence.schema import TABLES

Row = dict[str, str]
Folder = dict[str, list[Row]]
URL = "https://example.org/paper"
COMMON = {"source_url": URL, "source_kind": "primary-fulltext"}

VALID: Folder = {
    "studies": [
        {
            "study_id": "ash-2010",
            "label": "Ash 2010",
            "year": "2010",
            "doi": "10.1000/ash",
            "design": "rct-parallel",
            "population": "trd-mdd",
            "cohort_id": "ash",
            **COMMON,
        },
        {
            "study_id": "birch-2012",
            "label": "Birch 2012",
            "year": "2012",
            "doi": "10.1000/birch",
            "design": "rct-crossover",
            "population": "trd-mdd",
            "cohort_id": "birch",
            **COMMON,
        },
    ],
    "arms": [
        {
            "study_id": "ash-2010",
            "arm_id": "ket",
            "label": "Ketamine",
            "drug": "ketamine",
            "role": "active",
            "route": "intravenous",
            "regimen": "single-dose",
            "n": "20",
            **COMMON,
        },
        {
            "study_id": "ash-2010",
            "arm_id": "ket-low",
            "label": "Ketamine, low dose",
            "drug": "ketamine",
            "role": "active",
            "part_of": "ket",
            **COMMON,
        },
        {
            "study_id": "birch-2012",
            "arm_id": "ket",
            "label": "Ketamine",
            "drug": "ketamine",
            "role": "active",
            **COMMON,
        },
    ],
    "outcomes": [
        {
            "study_id": "ash-2010",
            "arm_id": "ket",
            "outcome": "response",
            "scale": "MADRS",
            "time_days": "1",
            "time_anchor": "first-dose",
            "events": "12",
            "total": "20",
            "percent": "60",
            "events_derived": "0",
            "analysis_set": "itt",
            "pool_rank": "1",
            **COMMON,
        },
        {
            "study_id": "birch-2012",
            "arm_id": "ket",
            "outcome": "response",
            "scale": "MADRS",
            "time_days": "1",
            "time_anchor": "first-dose",
            "events": "5",
            "total": "10",
            "events_derived": "0",
            "analysis_set": "period1",
            "crossover_data": "first-period",
            "pool_rank": "1",
            **COMMON,
        },
    ],
    "scores": [
        {
            "study_id": "ash-2010",
            "arm_id": "ket",
            "scale": "MADRS",
            "measure": "change",
            "time_days": "1",
            "time_anchor": "first-dose",
            "n": "20",
            "mean": "-10",
            "sd": "8",
            "ci_low": "-13.5",
            "ci_high": "-6.5",
            **COMMON,
        }
    ],
    "factors": [
        {
            "study_id": "ash-2010",
            "factor": "sex",
            "factor_group": "patient",
            "level": "female",
            "contrast_kind": "level-rate",
            "drug": "ketamine",
            "arm_id": "ket",
            "outcome": "response",
            "time_days": "1",
            "events": "6",
            "total": "10",
            "events_derived": "0",
            "effect_measure": "rate",
            **COMMON,
        }
    ],
    "reviews": [
        {
            "review_id": "cedar-2015",
            "label": "Cedar 2015",
            "outcome": "response",
            "drug": "ketamine",
            "measure": "rr",
            "estimate": "2",
            "ci_low": "1.5",
            "ci_high": "2.7",
            "sign": "above-1-more-with-first",
            **COMMON,
        }
    ],
    "biomarkers": [
        {
            "biomarker": "a protein",
            "direction": "higher in responders",
            "evidence": "one study",
            "evidence_ids": "ash-2010 cedar-2015",
            **COMMON,
        }
    ],
}


def valid_folder() -> Folder:
    """Return a fresh copy of the valid tables."""
    return copy.deepcopy(VALID)


def csv_bytes(name: str, rows: list[Row], extra: tuple[str, ...] = ()) -> bytes:
    """Return rows as the CSV of a table, with `extra` columns at the end."""
    out = io.StringIO(newline="")
    columns = [*TABLES[name].columns, *extra]
    writer = csv.DictWriter(out, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def write_folder(path: Path, folder: Folder) -> Path:
    """Write tables into a folder and return it."""
    path.mkdir(exist_ok=True)
    for name, rows in folder.items():
        (path / f"{name}.csv").write_bytes(csv_bytes(name, rows))
    return path


@dataclass(frozen=True)
class Example:
    """A change of the valid folder that breaks one rule, and where the problem must be reported."""

    code: str
    table: str
    line: int
    column: str
    change: Callable[[Folder], None] | None = None
    rewrite: Callable[[bytes], bytes] | None = None
    also: frozenset[str] = field(default_factory=frozenset)

    def write(self, path: Path) -> Path:
        """Write the broken folder."""
        folder = valid_folder()
        if self.change is not None:
            self.change(folder)
        write_folder(path, folder)
        if self.rewrite is not None:
            file = path / f"{self.table}.csv"
            file.write_bytes(self.rewrite(file.read_bytes()))
        return path


def cell(code: str, table: str, place: int, column: str, value: str, *also: str) -> Example:
    """Return an example with one cell changed; the problem is expected on it."""

    def change(folder: Folder) -> None:
        folder[table][place][column] = value

    return Example(code, table, place + 2, column, change, also=frozenset(also))


def row(code: str, table: str, place: int, column: str, values: Mapping[str, str], *also: str) -> Example:
    """Return an example with several cells of a row changed; the problem is expected in `column`."""

    def change(folder: Folder) -> None:
        folder[table][place].update(values)

    return Example(code, table, place + 2, column, change, also=frozenset(also))


def added(code: str, table: str, column: str, values: Mapping[str, str], *also: str) -> Example:
    """Return an example with a copy of the first row, changed by `values`, put second."""

    def change(folder: Folder) -> None:
        folder[table].insert(1, {**folder[table][0], **values})

    return Example(code, table, 3, column, change, also=frozenset(also))


def text(code: str, table: str, line: int, column: str, rewrite: Callable[[bytes], bytes], *also: str) -> Example:
    """Return an example with the bytes of a table's file changed."""
    return Example(code, table, line, column, rewrite=rewrite, also=frozenset(also))


def _link_people(folder: Folder) -> None:
    folder["studies"][1]["cohort_id"] = "ash"


def _pool_part(folder: Folder) -> None:
    folder["outcomes"].insert(1, {**folder["outcomes"][0], "arm_id": "ket-low", "events": "6", "total": "10"})


def _drop_arms(folder: Folder) -> None:
    del folder["arms"]
    del folder["scores"]
    del folder["factors"]


EXAMPLES = (
    text("empty-file", "scores", 0, "", lambda _: b"\n \n"),
    text("binary", "scores", 0, "", lambda _: b"PK\x03\x04rest"),
    text("encoding", "scores", 0, "", lambda content: content.replace(b"MADRS", b"\xc9chelle")),
    text("bad-quoting", "scores", 3, "", lambda content: content + b'"never closed\n'),
    text("huge-field", "scores", 3, "", lambda content: content + b'"' + b"x" * 1_000_001),
    text("duplicate-column", "scores", 1, "mean", lambda c: c.replace(b",sd,", b",mean,", 1)),
    text(
        "unnamed-column",
        "scores",
        1,
        "",
        lambda c: c.replace(b",notes\n", b",notes,\n", 1).replace(b",,\n", b",,,x\n"),
    ),
    text("missing-column", "scores", 1, "scale", lambda c: c.replace(b",scale,", b",sale,", 1), "unknown-column"),
    text("unknown-column", "scores", 1, "remark", lambda c: c.replace(b",notes\n", b",remark\n", 1)),
    text("ragged-row", "scores", 3, "", lambda content: content + b"ash-2010,ket\n"),
    cell("missing-value", "scores", 0, "scale", ""),
    cell("not-a-number", "scores", 0, "mean", "-10,5"),
    cell("not-finite", "scores", 0, "mean", "inf"),
    cell("not-whole", "outcomes", 1, "events", "5.5"),
    cell("out-of-range", "outcomes", 1, "percent", "120"),
    cell("unknown-code", "arms", 0, "route", "intravenus"),
    cell("bad-form", "studies", 0, "nct", "NCT123"),
    cell("not-a-url", "scores", 0, "source_url", "www.example.org"),
    cell("no-source", "scores", 0, "source_url", ""),
    cell("outer-blank", "scores", 0, "scale", "MADRS "),
    cell("missing-code", "scores", 0, "notes", "n/a"),
    cell("control-character", "scores", 0, "notes", "a\x1b[31mred"),
    cell("formula-cell", "scores", 0, "notes", "=1+1"),
    added("duplicate-key", "scores", "study_id", {"mean": "-9"}),
    cell("unknown-reference", "biomarkers", 0, "evidence_ids", "ash-2010 ash-2011"),
    Example("missing-table", "outcomes", 0, "arm_id", _drop_arms),
    cell("duplicate-identifier", "studies", 1, "doi", "10.1000/ASH"),
    Example("unsorted", "studies", 3, "study_id", lambda folder: folder["studies"].reverse()),
    cell("self-overlap", "studies", 0, "reuses", "ash-2010"),
    cell("asymmetric-overlap", "studies", 0, "reuses", "birch-2012", "same-people-twice"),
    Example("same-people-twice", "outcomes", 3, "exclude_reason", _link_people),
    Example("nested-arms", "outcomes", 3, "exclude_reason", _pool_part),
    cell("events-over-total", "outcomes", 1, "events", "11"),
    cell("percent-mismatch", "outcomes", 0, "percent", "61"),
    row(
        "derived-without-events",
        "outcomes",
        1,
        "events_derived",
        {"events": "", "events_derived": "1", "pool_rank": "", "exclude_reason": "percent-only"},
    ),
    row("checked-without-number", "scores", 0, "checked", {"mean": "", "checked": "re-read"}),
    cell("poolable-without-counts", "outcomes", 1, "total", ""),
    cell("pool-rank", "outcomes", 0, "pool_rank", "2"),
    added("poolable-twice", "outcomes", "exclude_reason", {"definition": "other", "pool_rank": "2"}),
    cell("crossover-mismatch", "outcomes", 1, "crossover_data", ""),
    row("interval-reversed", "scores", 0, "ci_low", {"ci_low": "-6.5", "ci_high": "-13.5"}),
    cell("estimate-outside-interval", "scores", 0, "mean", "-5"),
    cell("effect-out-of-range", "reviews", 0, "ci_low", "-1.5"),
    cell("level-with-comparator", "factors", 0, "comparator", "placebo"),
    row("contrast-without-comparator", "factors", 0, "comparator", {"contrast_kind": "treatment"}),
    cell("rate-without-number", "factors", 0, "events", ""),
    cell("regimen-mismatch", "arms", 0, "regimen", "not-applicable"),
)
