"""Whole tables for a spreadsheet, a database or a data package."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import closing
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ketcli.evidence import catalog, package, starter
from ketcli.evidence.fields import Table
from ketcli.evidence.formats.extras import need
from ketcli.evidence.schema import TABLES
from ketcli.evidence.writing import table_csv
from ketcli.wording import visible

if TYPE_CHECKING:
    from ketcli.evidence.load import Evidence

_SQL_TYPES = {"number": "REAL", "integer": "INTEGER", "flag": "INTEGER"}
_WIDEST, _NARROWEST = 60, 8  # characters of a column on a sheet
# the tables of results with what is known of their study and arm beside them
_VIEWS = MappingProxyType({"results": "outcomes", "score_results": "scores", "side_effect_results": "side_effects"})
_OF_STUDY = ("label", "year", "design", "population")
_OF_ARM = ("drug", "role", "route", "dose", "dose_unit", "regimen", "course_days", "background")
_DICTIONARY = ("table", "column", "type", "unit", "required", "codes", "description")


def workbook(evidence: Evidence) -> bytes:
    """Return an Excel workbook with a sheet per table and one that describes every column.

    Text is stored as text even where it begins like a formula; InputError `missing-extra` without openpyxl.
    """
    openpyxl = need("openpyxl", "excel", "writing a workbook")
    from io import BytesIO

    book = openpyxl.Workbook(write_only=True)
    for name in evidence.names:
        table = TABLES[name]
        rows = [[row[column] for column in table.columns] for row in evidence.rows(name)]
        _sheet(openpyxl, book, name, table.columns, rows)
    _sheet(openpyxl, book, "columns", _DICTIONARY, [list(row.values()) for row in dictionary(evidence.names)])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def database(evidence: Evidence) -> bytes:
    """Return an SQLite database with each table, missing values NULL, and one that describes every column.

    Views set each result beside its study and arm.
    """
    with closing(sqlite3.connect(":memory:")) as connection:
        for name in evidence.names:
            table = TABLES[name]
            connection.execute(_create(table, evidence.names))
            rows = [tuple(None if row[c] == "" else row[c] for c in table.columns) for row in evidence.rows(name)]
            places = ", ".join("?" * len(table.columns))
            connection.executemany(f'INSERT INTO "{name}" VALUES ({places})', rows)
        connection.execute(f"CREATE TABLE columns ({', '.join(f'{_quoted(name)} TEXT' for name in _DICTIONARY)})")
        connection.executemany(
            f"INSERT INTO columns VALUES ({', '.join('?' * len(_DICTIONARY))})",
            [tuple(row.values()) for row in dictionary(evidence.names)],
        )
        for name, of in _VIEWS.items():
            if {"studies", "arms", of} <= set(evidence.names):
                connection.execute(_view(name, TABLES[of]))
        connection.commit()
        return connection.serialize()


def data_package(evidence: Evidence) -> dict[str, bytes]:
    """Return the files of a Frictionless data package: the tables and datapackage.json, by name.

    Names of studies become identifiers (Müller 2001: muller-2001), their labels stay.
    """
    ids = _identifiers([row["study_id"] for row in evidence.rows("studies")])
    tables = {}
    for name in evidence.names:
        rows = [_renamed(row, ids) for row in evidence.rows(name)]
        tables[name] = table_csv(TABLES[name], _in_order(rows, TABLES[name].key[0]))
    about = package.SHIPPED if evidence.location.shipped else starter.ABOUT
    descriptor = package.as_json(package.describe_tables(tables, about))
    return {
        **{f"{name}.csv": content for name, content in tables.items()},
        catalog.PACKAGE_FILE: descriptor.encode("utf-8"),
    }


def dictionary(names: Sequence[str]) -> list[dict[str, str]]:
    """Return what each column of these tables means, a row per column."""
    return [
        {
            "table": name,
            "column": field.name,
            "type": field.type,
            "unit": field.unit,
            "required": "1" if field.required else "0",
            "codes": " ".join(code for code in field.codes or () if code),
            "description": field.description,
        }
        for name in names
        for field in TABLES[name].fields
    ]


def _sheet(openpyxl: Any, book: Any, name: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    letter, bold = openpyxl.utils.get_column_letter, openpyxl.styles.Font(bold=True)
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{letter(len(header))}{len(rows) + 1}"
    for number, title in enumerate(header, start=1):
        widest = max((len(str(row[number - 1])) for row in rows if row[number - 1] is not None), default=0)
        width = min(max(len(title) + 3, widest + 1, _NARROWEST), _WIDEST)
        sheet.column_dimensions[letter(number)].width = width
    titles = [_cell(openpyxl, sheet, title) for title in header]
    for cell in titles:
        cell.font = bold
    sheet.append(titles)
    for row in rows:
        sheet.append([_cell(openpyxl, sheet, value) for value in row])


def _cell(openpyxl: Any, sheet: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    cell = openpyxl.cell.WriteOnlyCell(sheet, visible(value)[:32_767] or None)  # the most a cell can hold
    if value:
        cell.data_type = "s"
    return cell


def _create(table: Table, names: Sequence[str]) -> str:
    parts = [f"{_quoted(field.name)} {_SQL_TYPES.get(field.type, 'TEXT')}" for field in table.fields]
    for link in table.foreign_keys:
        # a reference must lead to what is unique there; a partly empty one refers to nothing, to SQL too
        if link.table in names and link.reference == TABLES[link.table].key:
            own, there = (", ".join(map(_quoted, columns)) for columns in (link.fields, link.reference))
            parts.append(f"FOREIGN KEY ({own}) REFERENCES {_quoted(link.table)} ({there})")
    key = ", ".join(map(_quoted, table.key))
    # rows that are told apart by empty cells too have no primary key
    kind = "PRIMARY KEY" if all(table.field(name).required for name in table.key) else "UNIQUE"
    return f"CREATE TABLE {_quoted(table.name)} ({', '.join(parts)}, {kind} ({key}))"


def _view(name: str, table: Table) -> str:
    beside = [f"studies.{_quoted(c)}" for c in _OF_STUDY] + [f"arms.{_quoted(c)}" for c in _OF_ARM]
    own = [f"{_quoted(table.name)}.{_quoted(c)}" for c in table.columns]
    return (
        f"CREATE VIEW {_quoted(name)} AS SELECT {', '.join([*own, *beside])} FROM {_quoted(table.name)} "
        "LEFT JOIN studies USING (study_id) LEFT JOIN arms USING (study_id, arm_id)"
    )


def _quoted(name: str) -> str:
    return f'"{name}"'


def _identifiers(names: Sequence[str]) -> dict[str, str]:
    """Return an identifier for each name of a study, its own when it is one already."""
    out: dict[str, str] = {}
    for name in names:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        base = name if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) else _slug(plain)
        candidate, number = base, 1
        while candidate in out.values():
            number += 1
            candidate = f"{base}-{number}"
        out[name] = candidate
    return out


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "study"


def _in_order(rows: Sequence[dict[str, Any]], column: str) -> list[dict[str, Any]]:
    """Return rows sorted by a column, rows without a value last."""
    filled = [row for row in rows if row[column] not in (None, "")]
    return sorted(filled, key=lambda row: row[column]) + [row for row in rows if row[column] in (None, "")]


def _renamed(row: Mapping[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    return {
        column: ids.get(str(value), value) if column in ("study_id", "cohort_id") else value
        for column, value in row.items()
    }
