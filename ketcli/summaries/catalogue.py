"""What the dataset holds: its tables, the meaning of every column, and the rows of one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ketcli.errors import unknown_value
from ketcli.evidence.schema import TABLES
from ketcli.report import Column, Display, Note, Report, Row, Source

if TYPE_CHECKING:
    from ketcli.evidence.fields import Field, Table
    from ketcli.evidence.load import Evidence

_KINDS = {"number": "number", "integer": "integer", "flag": "flag", "code": "code", "id": "id", "url": "url"}


def tables(evidence: Evidence) -> Report:
    """Return one row per table: rows, columns, key and what a row is."""
    rows: list[Row] = [
        {
            "table": name,
            "rows": len(evidence.rows(name)),
            "columns": len(TABLES[name].columns),
            "key": " ".join(TABLES[name].key),
            "description": TABLES[name].description,
        }
        for name in evidence.names
    ]
    return Report(
        title="Tables of the dataset",
        columns=(
            Column("table", "Table", "id"),
            Column("rows", "Rows", "integer"),
            Column("columns", "Columns", "integer"),
            Column("key", "Key", "text", "", "columns that tell rows apart"),
            Column("description", "What a row is", "text"),
        ),
        rows=tuple(rows),
        displays=(
            Display("Table", "text", ("table",)),
            Display("Rows", "integer", ("rows",), align="right"),
            Display("Columns", "integer", ("columns",), rank=1, align="right"),
            Display("What a row is", "text", ("description",)),
            Display("Key", "text", ("key",), rank=2),
        ),
        notes=(Note("about", "ket data schema TABLE describes the columns, ket data show TABLE prints the rows."),),
        data_version=evidence.version,
    )


def schema(evidence: Evidence, table: str | None = None) -> Report:
    """Return one row per column of every table, or of one: type, unit, allowed codes and meaning."""
    names = (_known(evidence, table),) if table else evidence.names
    rows = [_field_row(TABLES[name], field) for name in names for field in TABLES[name].fields]
    return Report(
        title=f"Columns of {table}" if table else "Columns of every table",
        columns=(
            Column("table", "Table", "id"),
            Column("column", "Column", "id"),
            Column("type", "Type", "code"),
            Column("unit", "Unit", "text"),
            Column("required", "Required", "flag"),
            Column("key", "Key", "flag", "", "part of what tells rows apart"),
            Column("codes", "Codes", "text", "", "allowed values"),
            Column("description", "Meaning", "text"),
        ),
        rows=tuple(rows),
        displays=(
            Display("Column", "text", ("column",)),
            Display("Type", "text", ("type",), rank=1),
            Display("Unit", "text", ("unit",), rank=3),
            Display("Meaning", "text", ("description",)),
            Display("Codes", "text", ("codes",), rank=2),
        ),
        group_by=("table",),
        heading=("table",),
        data_version=evidence.version,
    )


def _field_row(table: Table, field: Field) -> Row:
    return {
        "table": table.name,
        "column": field.name,
        "type": field.type,
        "unit": field.unit,
        "required": field.required,
        "key": field.name in table.key,
        "codes": " ".join(code for code in field.codes or () if code),
        "description": field.description,
    }


def show(evidence: Evidence, table: str, study: str | None = None) -> Report:
    """Return the rows of a table as they are, of one study if asked."""
    name = _known(evidence, table)
    described = TABLES[name]
    rows = evidence.rows(name)
    if study is not None:
        if study not in evidence.labels:
            raise unknown_value("study", study, evidence.labels)
        rows = [row for row in rows if row.get("study_id") == study]
    shown = [field for field in described.fields if field.type != "url"]
    return Report(
        title=f"{described.title} ({name})",
        columns=tuple(
            Column(f.name, f.name, _KINDS.get(f.type, "text"), f.unit, f.description)  # type: ignore[arg-type]
            for f in described.fields
        ),
        rows=tuple(rows),
        displays=tuple(
            Display(
                f.name,
                "number" if f.numeric and f.type == "number" else "integer" if f.numeric else "text",
                (f.name,),
                rank=0 if f.name in described.key[:3] else position,
                digits=2,
                align="right" if f.numeric else "left",
            )
            for position, f in enumerate(shown, start=1)
        ),
        sources=_sources(rows, evidence),
        empty=f"The table {name} has no rows" + (f" of {study}." if study else "."),
        data_version=evidence.version,
    )


def _sources(rows: list[Row], evidence: Evidence) -> tuple[Source, ...]:
    seen: dict[tuple[str, str], Source] = {}
    for row in rows:
        study, url = str(row.get("study_id", "")), str(row.get("source_url", ""))
        if url:
            seen.setdefault((study, url), Source(study, evidence.labels.get(study, study), url))
    return tuple(seen.values())


def _known(evidence: Evidence, table: str) -> str:
    if table not in evidence.names:
        raise unknown_value("table", table, evidence.names)
    return table
