"""An export in one of the forms offered: the bytes of a file or the files of a folder, and what to say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ketcli.errors import UsageError, unknown_value

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence
    from ketcli.selection.filters import Filters

# form: the ending by which it is known, and what it is
FORMS: Mapping[str, tuple[str, str]] = {
    "metafor": (".csv", "two-by-two tables for R's metafor"),
    "metapsy": (".csv", "the Metapsy data standard, wide"),
    "excel": (".xlsx", "every table, a sheet each"),
    "sqlite": (".sqlite", "every table in a database"),
    "package": ("", "a folder of tables with datapackage.json (Frictionless)"),
}
COMPARISONS = ("metafor", "metapsy")
_ENDINGS = {".xlsx": "excel", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite"}


@dataclass(frozen=True)
class Export:
    """What is to be written: a file's `content`, or the `files` of a folder by name; `notes` say what it is."""

    content: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def form_of(named: str | None, output: str | None) -> str:
    """Return the form asked for by name or by the ending of the file; UsageError when neither says it."""
    if named is not None:
        if named.lower() not in FORMS:
            raise unknown_value("form of export", named, FORMS)
        return named.lower()
    ending = Path(output or "").suffix.lower()
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    listed = "; ".join(f"{form}: {what}" for form, (_, what) in FORMS.items())
    raise UsageError("which form of export is wanted is not clear", code="which-export", hint=f"--to {listed}")


def export(evidence: Evidence, filters: Filters, form: str, target: str = "") -> Export:
    """Return the data in a form of FORMS; `filters` choose among comparisons, whole tables are never cut.

    `target` is the folder that messages about a data package name.
    """
    if form in COMPARISONS:
        from ketcli.exports import comparisons, metafor, metapsy

        chosen = comparisons.gather(evidence, filters)
        module = metafor if form == "metafor" else metapsy
        return Export(module.render(chosen).encode("utf-8"), notes=(*chosen.notes, module.NOTE))
    from ketcli.exports import tables

    rows = sum(len(evidence.rows(name)) for name in evidence.names)
    said = f"{len(evidence.names)} tables, {rows} rows"
    described = f"{said}; the {'sheet' if form == 'excel' else 'table'} columns says what each column is."
    match form:
        case "excel":
            return Export(tables.workbook(evidence), notes=(described,))
        case "sqlite":
            return Export(tables.database(evidence), notes=(described,))
        case _:
            files = tables.data_package(evidence)
            return Export(files=files, notes=(f"{said} and datapackage.json.", *_wanting(files, target)))


def _wanting(files: Mapping[str, bytes], target: str) -> tuple[str, ...]:
    """Return a note when the tables lack what their rules require, as those made of a short file of trials do."""
    from ketcli.evidence.check import inspect_folder

    tables = {name.removesuffix(".csv"): content for name, content in files.items() if name.endswith(".csv")}
    errors = inspect_folder(Path(target), tables).errors
    if not errors:
        return ()
    columns = sorted({f"{Path(p.file).stem}.{p.column}" for p in errors})
    listed = ", ".join(columns[:8]) + (" ..." if len(columns) > 8 else "")
    return (f"{len(errors)} cells are still to be filled in ({listed}): run ket check {target}",)
