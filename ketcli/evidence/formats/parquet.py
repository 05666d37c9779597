"""Parquet files: columns of plain values as records of text."""

from __future__ import annotations

from collections.abc import Iterator

from ketcli.errors import InputError
from ketcli.evidence import intake
from ketcli.evidence.formats.cells import as_text
from ketcli.evidence.formats.extras import need
from ketcli.evidence.grid import Record

MAGIC = b"PAR1"
CELLS = 4_000_000  # a column of one value takes no bytes to store and all the more to read


def parquet_records(content: bytes, name: str) -> Iterator[Record]:
    """Yield the column names, then the rows as text; rows are numbered as the lines of a CSV would be.

    Raises InputError `missing-extra`, `too-large`, `broken-archive`, and `binary` for columns that are not plain
    values (lists, records, bytes).
    """
    pyarrow = need("pyarrow", "parquet", f"reading {name}")
    reader = need("pyarrow.parquet", "parquet", f"reading {name}")
    try:
        file = reader.ParquetFile(pyarrow.BufferReader(content))
        groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
        cells = file.metadata.num_rows * file.metadata.num_columns
        if cells > CELLS or sum(group.total_byte_size for group in groups) > intake.LIMIT:
            raise intake.too_large(name)
        table = file.read()
        columns = [column.to_pylist() for column in table.columns]
    except InputError:
        raise
    except Exception as error:  # the library raises whatever a malformed part leads to
        reason = " ".join(str(error).split())
        raise InputError(
            f"{name} is a damaged Parquet file: {reason}", code="broken-archive", hint="write it again, or as CSV"
        ) from None
    yield 1, [str(column) for column in table.column_names]
    for line, values in enumerate(zip(*columns, strict=True), start=2):
        cells = [as_text(value) for value in values]
        if None in cells:
            column = table.column_names[cells.index(None)]
            raise InputError(
                f"{name}: the column {column!r} holds no plain values", code="binary", hint="leave it out"
            )
        yield line, [cell or "" for cell in cells]
