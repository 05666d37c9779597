"""Row rules: every cell against its column, by a pydantic model made from the schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from ketcli.errors import Problem, unknown_value
from ketcli.evidence.cells import CellError, parse_number, parse_whole, shown, text_faults
from ketcli.evidence.fields import Field, Table
from ketcli.evidence.grid import Grid

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails


def check_rows(grid: Grid, table: Table) -> Iterator[Problem]:
    """Yield a problem for every cell that breaks a rule of its column or of text in general."""
    from pydantic import ValidationError

    model = row_model(table)
    known = [(field, grid.header.index(field.name)) for field in table.fields if field.name in grid.header]
    by_name = {field.name: field for field, _ in known}
    places = {field.name: place for field, place in known}
    strange = [i for i, name in enumerate(grid.header) if name not in by_name]
    for line, row in zip(grid.lines, grid.rows, strict=True):
        faulty: set[str] = set()
        for field, place in known:
            for problem in _text_problems(grid, line, field, row[place]):
                faulty.add(field.name)
                yield problem
        for place in strange:
            yield from _text_problems(grid, line, Field(grid.header[place], "text", ""), row[place])
        try:
            model.model_validate({field.name: row[place] for field, place in known})
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                name = str(detail["loc"][0])
                if name not in faulty and name in by_name:
                    faulty.add(name)
                    yield _problem(grid, line, by_name[name], row[places[name]], detail)
        yield from _source(grid, line, places, row)


def _text_problems(grid: Grid, line: int, field: Field, cell: str) -> Iterator[Problem]:
    for fault in text_faults(field, cell):
        yield Problem(fault.code, grid.name, line, field.name, cell, f"{field.name}: {fault.message}", fault.fix)


def _source(grid: Grid, line: int, places: Mapping[str, int], row: list[str]) -> Iterator[Problem]:
    if "source_url" in places and not row[places["source_url"]]:
        yield Problem(
            "no-source",
            grid.name,
            line,
            "source_url",
            "",
            "the row names no source",
            "add the web page the number was seen on",
        )


@cache
def row_model(table: Table) -> type[BaseModel]:
    """Return the pydantic model of a row; absent columns count as empty cells."""
    from pydantic import create_model

    columns: dict[str, Any] = {field.name: (_annotation(field), "") for field in table.fields}
    return create_model(f"{table.name}_row", **columns)


def _annotation(field: Field) -> Any:
    """Return the type of a cell: constraints by pydantic, the reading of numbers by the loader's own functions."""
    from pydantic import BeforeValidator
    from pydantic import Field as Constraint

    if field.numeric:
        read = parse_number if field.type == "number" else parse_whole
        number = Annotated[float, Constraint(ge=field.minimum, le=field.maximum)]
        optional: Any = number if field.required else number | None
        return Annotated[optional, BeforeValidator(_required(read) if field.required else read)]
    if field.codes is not None:
        allowed: Any = Literal[tuple(field.codes)]
    elif field.pattern:
        allowed = Annotated[str, Constraint(pattern=f"^(?:{field.pattern})$")]
    else:
        allowed = str
    if field.list_of:
        return Annotated[list[allowed], BeforeValidator(lambda cell: cell.split(field.list_of) if cell else [])]
    if field.required:
        return Annotated[allowed, BeforeValidator(_required(str))]
    return allowed | Literal[""] if allowed is not str else str


def _required(read: Any) -> Any:
    def checked(cell: str) -> Any:
        if not cell:
            raise CellError("missing-value", "the cell is empty", "fill it in or leave the row out")
        return read(cell)

    return checked


def _problem(grid: Grid, line: int, field: Field, cell: str, detail: ErrorDetails) -> Problem:
    """Translate a pydantic error into a problem of ours."""
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, CellError):
        code, message, fix = cause.code, cause.message, cause.fix
    elif field.numeric:
        low, high = field.minimum, field.maximum
        limits = f"at least {low:g}" if high is None else f"between {low:g} and {high:g}"
        code, message, fix = "out-of-range", f"{shown(cell)} is out of range", f"it must be {limits}"
    elif field.codes is not None:
        code, message = "unknown-code", f"{shown(cell)} is not a code of this column"
        fix = unknown_value(field.name, cell, field.codes).hint
    elif field.type == "url":
        code, message = "not-a-url", f"{shown(cell)} is not a web address"
        fix = "it begins with http:// or https:// and a host name, and has no blank"
    else:
        code, message = "bad-form", f"{shown(cell)} has not the form of this column"
        fix = f"it must match {field.pattern}" + (f", several joined by {field.list_of!r}" if field.list_of else "")
    return Problem(code, grid.name, line, field.name, cell, f"{field.name}: {message}", fix)
