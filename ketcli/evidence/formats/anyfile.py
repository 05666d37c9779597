"""Somebody's own file as a grid of cells, whatever its form: compressed, a workbook, Parquet, CSV, an export."""

from __future__ import annotations

from ketcli.errors import UsageError
from ketcli.evidence.compound import taken_apart
from ketcli.evidence.decode import decode
from ketcli.evidence.extent import SEARCHED, own_grid
from ketcli.evidence.flat_names import means_something
from ketcli.evidence.formats import metapsy, parquet, revman, workbook
from ketcli.evidence.formats.compressed import expand
from ketcli.evidence.grid import DELIMITERS, Grid, dialect, text_records
from ketcli.evidence.intake import split_part
from ketcli.evidence.plain_numbers import plain_numbers
from ketcli.evidence.tidy import tidied


def read_any(content: bytes, name: str) -> Grid:
    """Return the table in a file's bytes; `name` is what messages call it, with `#part` when a part is asked for.

    A part is a sheet of a workbook, an analysis of a RevMan export (1.2) or an outcome of Metapsy data. Raises
    InputError for what is no table, UsageError when a part must be named, see the modules of this package.
    """
    file, part = split_part(name)
    content = expand(content, file)
    if workbook.is_workbook(content):
        records, notes = workbook.sheet_records(content, file, part, means_something)
        grid = own_grid(records, name, means_something, notes)
        part = ""
    elif content.startswith(parquet.MAGIC):
        grid = own_grid(parquet.parquet_records(content, file), name, means_something)
    else:
        grid = _text_grid(content, file, name)
    if revman.is_revman(grid.header):
        return plain_numbers(revman.trials(grid, part))
    if metapsy.is_metapsy(grid.header):
        return metapsy.comparisons(grid, part)
    if part:
        raise UsageError(
            f"{file} has no parts to choose from, but {part!r} is asked for",
            code="unknown-part",
            hint="leave out the hash and what follows it",
        )
    return plain_numbers(taken_apart(tidied(grid)))


def _text_grid(content: bytes, file: str, name: str) -> Grid:
    text, notes = decode(content, file, legacy=True)
    delimiter, start = dialect(text, means_something, SEARCHED)
    said = [] if delimiter == "," else [f"{name}: columns are separated by {DELIMITERS[delimiter]}"]
    records = text_records(text[start:], delimiter, name, first_line=2 if start else 1)
    return own_grid(records, name, means_something, (*notes, *said))
