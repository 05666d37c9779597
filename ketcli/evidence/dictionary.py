"""The data dictionary as Markdown, made from the schema, between two marks in the README of the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ketcli.evidence.fields import Field, Table
from ketcli.evidence.schema import TABLES

BEGIN = "<!-- made by `python -m ketcli.evidence.package data`: begin -->"
END = "<!-- made by `python -m ketcli.evidence.package data`: end -->"
_TYPES = {"id": "identifier", "url": "address", "flag": "0 or 1", "integer": "whole number"}


def replace(readme: str, generated: str) -> str:
    """Return the README with the text between its marks replaced; ValueError when a mark is missing."""
    before, _, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"the README lacks the marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{generated}\n{END}{after}"


def markdown(rows: Mapping[str, int], version: str) -> str:
    """Return the dictionary: an overview with row counts, then each table's columns and codes."""
    lines = [
        f"Data version {version}: {sum(rows.values()):,} rows in {len(rows)} tables.",
        "",
        "| table | rows | a row is |",
        "| --- | ---: | --- |",
        *(f"| [{name}.csv](#{name}csv) | {rows[name]} | {TABLES[name].description} |" for name in rows),
        "",
    ]
    shown: dict[int, str] = {}
    for name in rows:
        lines += _table(TABLES[name], shown)
    return "\n".join(lines)


def _table(table: Table, shown: dict[int, str]) -> Iterator[str]:
    """Yield the lines of one table; `shown` remembers in which table a code list was written out."""
    yield f"### {table.name}.csv"
    yield ""
    yield f"{table.description} Key: {', '.join(f'`{name}`' for name in table.key)}."
    yield ""
    yield "| column | type | meaning |"
    yield "| --- | --- | --- |"
    for field in table.fields:
        yield f"| `{field.name}` | {_type(field)} | {_cell(field.description)} |"
    yield ""
    for field in table.fields:
        if field.codes is None:
            continue
        earlier = shown.setdefault(id(field.codes), table.name)
        if earlier != table.name:
            yield f"Codes of `{field.name}`: as in [{earlier}.csv](#{earlier}csv)."
        else:
            yield f"Codes of `{field.name}`:"
            yield ""
            yield from (f"- `{value}`: {meaning}" for value, meaning in field.codes.items())
        yield ""


def _type(field: Field) -> str:
    """Return a column's type in words: kind, unit, and whether it must be filled."""
    words = _TYPES.get(field.type, field.type)
    if field.unit:
        words += f", {field.unit}"
    if field.list_of:
        words += f", list joined by `{field.list_of}`"
    return words + (", required" if field.required else "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
