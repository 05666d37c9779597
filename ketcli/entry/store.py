"""Putting a study into a folder of tables or a file of trials: under a lock, checked first, whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ketcli.entry.document import Document, read_document
from ketcli.entry.file_rows import is_paired, no_column, to_file
from ketcli.entry.questions import Answers, Question
from ketcli.entry.rows import Row, flat_rows, identifier, table_rows
from ketcli.errors import DataError, InputError, Problem
from ketcli.evidence import catalog
from ketcli.evidence.check import Inspection, inspect, inspect_folder
from ketcli.evidence.flat_columns import find_columns
from ketcli.evidence.intake import is_there, read_bytes
from ketcli.evidence.schema import TABLES
from ketcli.evidence.starter import EXAMPLES
from ketcli.evidence.tables.flat import FLAT
from ketcli.evidence.writing import cell_text, table_csv
from ketcli.files import PATIENCE, keep_backup, only_writer, remove_leftovers, write_files

# studies before arms before outcomes: at every step between two renames what is there refers to what is there
_ORDER = ("studies", "arms", "outcomes")
_CHANGED = ("file", "study", "row")

Stage = dict[Path, bytes]


@dataclass(frozen=True)
class Added:
    """What was put in: per row the file, the study and the row in words; the copies of what was there before."""

    rows: tuple[Mapping[str, str], ...]
    backups: tuple[Path, ...]


def is_folder(target: Path) -> bool:
    """Return whether a target is a folder of tables; False for a file of trials, also one still to be made.

    Raises InputError `no-file` for a folder that is not there, `no-tables` for one without tables, `not-a-table`
    for a file that is no CSV, or one table of a folder.
    """
    if is_there(target):
        if target.is_dir():
            if not catalog.tables_in(target):
                raise InputError(f"no tables in {target}", code="no-tables", hint=f"ket data new {target}/trials")
            return True
        if target.stem in TABLES and len(catalog.tables_in(target.parent)) > 1:
            raise InputError(
                f"{target} is one table of a folder", code="not-a-table", hint=f"ket data add {target.parent}"
            )
    elif target.suffix.lower() not in (".csv", ".tsv"):
        hint = f"make it first: ket data new {target}"
        raise InputError(f"no file or folder {target}", code="no-file", hint=hint)
    if target.suffix.lower() in (".xlsx", ".xlsm", ".parquet", ".gz", ".zst"):
        raise InputError(
            f"{target} is no plain CSV", code="not-a-table", hint="export it first: ket data export --to package"
        )
    return False


@dataclass(frozen=True)
class Known:
    """What is there already of a study, as answers: what is fixed, and its latest result, proposed for the next."""

    fixed: Mapping[str, str] = field(default_factory=dict)
    latest: Mapping[str, str] = field(default_factory=dict)


def fitting(target: Path, asked: tuple[Question, ...], answers: Answers) -> tuple[Question, ...]:
    """Return the questions whose answers have a place in a file of trials: what it has no column for is not asked.

    Raises InputError `no-column` for one of these that is answered already.
    """
    if is_folder(target) or not is_there(target):
        return asked
    columns = set(find_columns(read_document(read_bytes(target), str(target)).grid).of)
    answered_by = {"time": "time_days", "control": "drug", "control_events": "events", "control_total": "total"}
    fit = tuple(q for q in asked if q.needed or answered_by.get(q.name, q.name) in columns)
    for question in asked:
        if answers.get(question.name) and question not in fit:
            raise no_column(str(target), question.name, answers[question.name])
    return fit


def known_study(target: Path, name: str) -> Known:
    """Return what a folder or a file says already of a study; nothing when it is new."""
    if not is_folder(target):
        return _known_in_file(target, name) if is_there(target) else Known()
    tables = {table: columns.rows() for table, columns in inspect_folder(target).columns.items()}
    for row in tables.get("studies", ()):
        if name in (row["study_id"], row["label"]) or identifier(name) == row["study_id"]:
            fixed = _told(row, ("year", "design", "population"))
            return Known(fixed, _latest(str(row["study_id"]), tables) | _filled(_told(row, ("source_url",))))
    return Known()


def _known_in_file(target: Path, name: str) -> Known:
    columns = inspect(catalog.Location(str(target), target)).columns.get("flat")
    rows = [row for row in (columns.rows() if columns else ()) if row["study"] == name]
    if not rows:
        return Known()
    active = [row for row in rows if row.get("role") != "control"] or rows
    names = (
        *("drug", "route", "dose", "regimen", "background", "course_days"),
        *("outcome", "scale", "analysis_set", "source_url"),
    )
    latest = _told(active[-1], names) | {"time": cell_text(active[-1].get("time_days"))}
    return Known(_filled(_told(rows[0], ("year", "design", "population"))), _filled(latest))


def _latest(study_id: str, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, str]:
    """Return the answers that made the last result of a study."""
    arms = {row["arm_id"]: row for row in tables.get("arms", ()) if row["study_id"] == study_id}
    results = [row for row in tables.get("outcomes", ()) if row["study_id"] == study_id]
    active = [row for row in results if arms.get(row["arm_id"], {}).get("role") != "control"]
    if not active:
        return {}
    arm = arms.get(active[-1]["arm_id"], {})
    controls = [row["drug"] for row in arms.values() if row["role"] == "control"]
    given = ("drug", "route", "dose", "dose_unit", "regimen", "course_days", "background")
    result = ("outcome", "scale", "analysis_set", "source_kind", "source_url")
    latest = _told(arm, given) | _told(active[-1], result)
    latest |= {"time": cell_text(active[-1]["time_days"]), "crossover": active[-1]["crossover_data"]}
    return _filled(latest | {"control": controls[0] if len(controls) == 1 else ""})


def _told(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    return {name: cell_text(row.get(name)) for name in names}


def _filled(answers: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in answers.items() if text}


def add(
    target: Path,
    answers: Answers,
    *,
    backup: bool = False,
    drop_examples: bool = False,
    patience: float = PATIENCE,
) -> Added:
    """Add one result of a study to a folder of tables or a file of trials.

    Nothing is written when the data would break a rule that they keep now: DataError with the new problems. Raises
    InputError when the target cannot be read, locked or written.
    """
    folder = is_folder(target)
    with only_writer(target if folder else target.resolve().parent, patience):
        files = _files(target, folder=folder)
        before = {path: read_bytes(path) for path in files if is_there(path)}
        stages, rows = _tables(target, answers, drop_examples) if folder else _file(target, answers)
        _refuse_overtaken(before)
        remove_leftovers(files)
        paths = dict.fromkeys(path for stage in stages for path in stage)
        kept: list[Path] = []
        written = 0
        try:
            kept.extend(keep_backup(path) for path in paths if backup and path.exists())
            for stage in stages:
                write_files(stage)
                written += bool(stage)
        except InputError:
            if not written:  # nothing has changed: copies of what is there are of no use
                for path in kept:
                    path.unlink(missing_ok=True)
            raise
    return Added(tuple(rows), tuple(kept))


def _refuse_overtaken(before: Mapping[Path, bytes]) -> None:
    """Raise InputError `locked` when a program that knows no lock has saved one of the files since it was read."""
    for path, content in before.items():
        if not is_there(path) or read_bytes(path) != content:
            raise InputError(
                f"{path} was saved by another program just now", code="locked", hint="close it there and try again"
            )


def _files(target: Path, *, folder: bool) -> list[Path]:
    """Return the files that may be written in a folder of tables, or the file of trials itself."""
    if not folder:
        return [target]
    return [*(target / f"{name}.csv" for name in TABLES), target / catalog.PACKAGE_FILE]


def _tables(folder: Path, answers: Answers, drop_examples: bool) -> tuple[list[Stage], list[Mapping[str, str]]]:
    """Return the files to rename, in the order in which each step leaves sound tables, and the rows put in.

    What is dropped goes from the results down to the studies, what is put in from the studies up to the results.
    """
    before = inspect_folder(folder)
    present = {name: columns.rows() for name, columns in before.columns.items()}
    documents = {name: _document(folder, name) for name in TABLES if name in _ORDER or _has(folder, name)}
    stages: list[Stage] = []
    there = {name for name in documents if _has(folder, name)}
    if drop_examples:
        kept = {name: document.without("study_id", EXAMPLES) for name, document in documents.items()}
        gone = {name: document for name, document in kept.items() if document.lines != documents[name].lines}
        documents = kept
        stages.append(_stage(folder, dict(reversed(gone.items())), documents, there))
        present = {name: [r for r in rows if r.get("study_id") not in EXAMPLES] for name, rows in present.items()}
    new = table_rows(answers, present)
    for row in new["outcomes"]:
        row["pool_rank"] = str(_next_rank(row, present.get("outcomes", ())))
    after = {name: documents[name].insert(rows, key="study_id") for name, rows in new.items() if rows}
    documents = documents | after
    _refuse_worse(
        before, inspect_folder(folder, {name: document.encoded() for name, document in documents.items()})
    )
    stages.append(_stage(folder, after, documents, there | set(after)))
    return stages, [_put_in(f"{name}.csv", row["study_id"], row) for name, rows in new.items() for row in rows]


def _stage(
    folder: Path, changed: Mapping[str, Document], all_: Mapping[str, Document], there: Collection[str]
) -> Stage:
    """Return changed tables by path, and last the data package that describes all tables that are there by then."""
    files = {folder / f"{name}.csv": document.encoded() for name, document in changed.items()}
    if not files:
        return {}
    return files | _descriptor(folder, {name: all_[name].encoded() for name in there})


def _file(target: Path, answers: Answers) -> tuple[list[Stage], list[Mapping[str, str]]]:
    """Return the changed file of trials and the rows put in, a new file with every column of the layout."""
    content = read_bytes(target) if is_there(target) else table_csv(FLAT, ())
    before = inspect(catalog.Location(str(target), target, content=content))
    document = read_document(content, str(target))
    present = before.columns["flat"].rows() if "flat" in before.columns else []
    rows = to_file(document, flat_rows(answers, present, paired=is_paired(document)))
    after = document.insert(rows).encoded()
    _refuse_worse(before, inspect(catalog.Location(str(target), target, content=after)))
    return [{target: after}], [_put_in(target.name, answers["study"], row) for row in rows]


def _document(folder: Path, name: str) -> Document:
    file = folder / f"{name}.csv"
    content = read_bytes(file) if _has(folder, name) else table_csv(TABLES[name], ())
    return read_document(content, str(file), TABLES[name].columns)


def _has(folder: Path, name: str) -> bool:
    return is_there(folder / f"{name}.csv")


def _next_rank(row: Row, outcomes: Sequence[Mapping[str, Any]]) -> int:
    """Return the rank after those of rows that may be pooled for the same arm, outcome and time."""
    days = float(row["time_days"]) if row["time_days"] else None
    rating = (row["study_id"], row["arm_id"], row["outcome"], days, row["time_anchor"])
    names = ("study_id", "arm_id", "outcome", "time_days", "time_anchor")
    return 1 + sum(tuple(o[n] for n in names) == rating and not o["exclude_reason"] for o in outcomes)


def _refuse_worse(before: Inspection, after: Inspection) -> None:
    """Raise DataError with the errors that the data did not have before."""

    def seen(problem: Problem) -> tuple[str, ...]:
        return (problem.code, problem.file, problem.column, problem.value)

    old = Counter(seen(problem) for problem in before.errors)
    new = []
    for problem in after.errors:
        old[seen(problem)] -= 1
        if old[seen(problem)] < 0:
            new.append(problem)
    if new:
        raise DataError(new)


def _put_in(file: str, study: str, row: Mapping[str, str]) -> dict[str, str]:
    words = ", ".join(f"{name} {value}" for name, value in row.items() if value and name not in ("study_id",))
    return dict(zip(_CHANGED, (file, study, words), strict=True))


def _descriptor(folder: Path, contents: Mapping[str, bytes]) -> dict[Path, bytes]:
    """Return datapackage.json with sizes and hashes of the tables, {} where the folder has none."""
    file = folder / catalog.PACKAGE_FILE
    if not is_there(file) or not contents:
        return {}
    try:
        package = json.loads(read_bytes(file))
        resources = package["resources"]
        for resource in resources:
            content = contents.get(Path(str(resource["path"])).stem)
            if content is not None:
                resource["bytes"] = len(content)
                resource["hash"] = f"sha256:{hashlib.sha256(content).hexdigest()}"
    except (ValueError, TypeError, KeyError):
        return {}  # somebody else's description: left as it is
    return {file: (json.dumps(package, indent=1, ensure_ascii=False) + "\n").encode("utf-8")}
