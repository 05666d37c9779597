"""What was written where: the files of a new folder, a study entered, an export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ketcli.evidence.schema import TABLES
from ketcli.report import Column, Display, Note, Report, Row

if TYPE_CHECKING:
    from ketcli.entry.store import Added

_FILES = {
    "datapackage.json": "Description of the tables for other programs",
    "README.md": "What the files are and which commands read them",
}
_EXAMPLES = (
    "Two made-up studies show the form: example-a and example-b. Delete their rows before you pool, or let "
    "ket data add --drop-examples do it."
)


def made(folder: str, contents: Mapping[str, bytes], *, examples: bool) -> Report:
    """Return the files of a new folder with their rows, and what to do next."""
    rows: list[Row] = [
        {
            "file": name,
            "rows": content.count(b"\n") - 1 if name.endswith(".csv") else None,
            "description": _FILES.get(name) or TABLES[name.removesuffix(".csv")].description,
        }
        for name, content in contents.items()
    ]
    notes = [Note("about", f"Enter a study: ket data add {folder}. Check: ket check {folder}.")]
    notes.append(Note("about", f"Every command reads it: ket rates --data {folder}."))
    if examples:
        notes.append(Note("caution", _EXAMPLES))
    return Report(
        title=f"New folder {folder}",
        columns=(
            Column("file", "File", "id"),
            Column("rows", "Rows", "integer"),
            Column("description", "What a row is", "text"),
        ),
        rows=tuple(rows),
        displays=(
            Display("File", "text", ("file",)),
            Display("Rows", "integer", ("rows",), align="right"),
            Display("What a row is", "text", ("description",)),
        ),
        notes=tuple(notes),
    )


def added(target: str, what: Sequence[Added]) -> Report:
    """Return the rows that were put into a folder or file, and the copies kept of what was there before."""
    notes = [Note("about", f"Check everything: ket check {target}.")]
    if backups := [str(path) for one in what for path in one.backups]:
        notes.insert(0, Note("about", f"As it was before: {', '.join(backups)}."))
    return Report(
        title=f"Added to {target}",
        columns=(
            Column("file", "File", "id"),
            Column("study", "Study", "id"),
            Column("row", "Row", "text", "", "the filled cells of the new row"),
        ),
        rows=tuple(row for one in what for row in one.rows),
        displays=(
            Display("File", "text", ("file",)),
            Display("Study", "text", ("study",), rank=1),
            Display("Row", "text", ("row",)),
        ),
        notes=tuple(notes),
    )
