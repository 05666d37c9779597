"""The data described for other programs: datapackage.json (Data Package 2.0) from the schema and the files.

`python -m ketcli.evidence.package data` writes datapackage.json and the dictionary in README.md anew.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ketcli.evidence import catalog, dictionary
from ketcli.evidence.fields import Field, ForeignKey, Table
from ketcli.evidence.intake import read_bytes
from ketcli.evidence.schema import TABLES

# year.month of the last change, then a counter: a changed number moves the month or the counter
DATA_VERSION = "2026.11.0"
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
TABLE_PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"
_TYPES = {"number": "number", "integer": "integer", "flag": "boolean"}


@dataclass(frozen=True)
class About:
    """What a data package says of itself beside its tables; `more` are further properties of the standard."""

    name: str
    title: str
    description: str
    version: str
    more: Mapping[str, Any] = field(default_factory=dict)


SHIPPED = About(
    name="ket-data",
    title="Ketamine and esketamine in treatment-resistant depression: study results with sources",
    description=(
        "Response, remission, side effects, factors and durability by study and arm, published reviews, "
        "and background. Every row names the page its number was seen on. Read README.md before pooling."
    ),
    version=DATA_VERSION,
    more={
        "keywords": ["ketamine", "esketamine", "treatment-resistant depression", "meta-analysis"],
        "licenses": [
            {
                "name": "CC-BY-4.0",
                "title": "Creative Commons Attribution 4.0 International",
                "path": "https://creativecommons.org/licenses/by/4.0/",
            }
        ],
        "contributors": [{"title": "The ket authors", "roles": ["author"]}],
        "sources": [{"title": "Published studies and registries; the column source_url names the page per row"}],
    },
)


def describe(folder: Path) -> dict[str, Any]:
    """Return the descriptor of the data package of ket in a folder of tables."""
    return describe_tables(
        {name: read_bytes(folder / f"{name}.csv") for name in catalog.tables_in(folder)}, SHIPPED
    )


def describe_tables(contents: Mapping[str, bytes], about: About) -> dict[str, Any]:
    """Return the descriptor of a package of tables, given the bytes of each table's file by the table's name."""
    return {
        "$schema": PROFILE,
        "name": about.name,
        "title": about.title,
        "description": about.description,
        "version": about.version,
        **about.more,
        "resources": [_resource(TABLES[name], content) for name, content in contents.items()],
    }


def as_json(descriptor: Mapping[str, Any]) -> str:
    """Return a descriptor as the text of datapackage.json."""
    return json.dumps(descriptor, indent=1, ensure_ascii=False) + "\n"


def descriptor_text(folder: Path) -> str:
    """Return the content of datapackage.json for a folder of tables."""
    return as_json(describe(folder))


def write(folder: Path) -> None:
    """Write datapackage.json and the generated part of README.md in a folder of tables."""
    readme = folder / "README.md"
    readme.write_text(readme_text(readme.read_text(encoding="utf-8"), folder), encoding="utf-8", newline="\n")
    (folder / catalog.PACKAGE_FILE).write_text(descriptor_text(folder), encoding="utf-8", newline="\n")


def readme_text(readme: str, folder: Path) -> str:
    """Return README.md with its generated part brought up to date."""
    rows = {name: _count_rows(folder / f"{name}.csv") for name in catalog.tables_in(folder)}
    return dictionary.replace(readme, dictionary.markdown(rows, DATA_VERSION))


def _resource(table: Table, content: bytes) -> dict[str, Any]:
    return {
        "name": table.name,
        "type": "table",
        "title": table.title,
        "description": table.description,
        "path": f"{table.name}.csv",
        "scheme": "file",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "schema": _schema(table),
    }


def _schema(table: Table) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "$schema": TABLE_PROFILE,
        "fields": [_field(field) for field in table.fields],
        "missingValues": [""],
    }
    if all(table.field(name).required for name in table.key):
        schema["primaryKey"] = list(table.key)
    else:  # a primary key must not have empty cells, these rows are told apart by empty cells too
        schema["uniqueKeys"] = [list(table.key)]
    links = [_link(link) for link in table.foreign_keys if _complete(table, link)]
    if links:
        schema["foreignKeys"] = links
    return schema


def _complete(table: Table, link: ForeignKey) -> bool:
    """Return whether a link holds for every row: the standard knows no partly empty references."""
    return len(link.fields) == 1 or all(table.field(name).required for name in link.fields)


def _link(link: ForeignKey) -> dict[str, Any]:
    return {
        "fields": list(link.fields),
        "reference": {"resource": link.table, "fields": list(link.reference)},
    }


def _field(field: Field) -> dict[str, Any]:
    """Return one column in the words of Table Schema; `unit` and `separator` are additions of ours."""
    described: dict[str, Any] = {
        "name": field.name,
        "type": _TYPES.get(field.type, "string"),
        "description": field.description,
    }
    if field.unit:
        described["unit"] = field.unit
    if field.type == "flag":
        described |= {"trueValues": ["1"], "falseValues": ["0"]}
    if field.codes:
        described["categories"] = [{"value": value, "label": label} for value, label in field.codes.items()]
    if field.list_of:
        described["separator"] = field.list_of
    if constraints := _constraints(field):
        described["constraints"] = constraints
    return described


def _constraints(field: Field) -> dict[str, Any]:
    constraints: dict[str, Any] = {}
    if field.required:
        constraints["required"] = True
    if field.codes:
        constraints["enum"] = list(field.codes)
    if field.numeric and field.type != "flag":
        if field.minimum is not None:
            constraints["minimum"] = field.minimum
        if field.maximum is not None:
            constraints["maximum"] = field.maximum
    if field.pattern:
        one = f"({field.pattern})"
        constraints["pattern"] = f"{one}({field.list_of}{one})*" if field.list_of else field.pattern
    return constraints


def _count_rows(file: Path) -> int:
    text = read_bytes(file).decode("utf-8")
    return sum(1 for _ in csv.reader(io.StringIO(text, newline=""))) - 1


if __name__ == "__main__":
    write(Path(sys.argv[1]))
