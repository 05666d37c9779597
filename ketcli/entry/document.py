"""A CSV file as text to put rows into: its encoding, delimiter, line ends and every other line stay as they are."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ketcli.errors import InputError
from ketcli.evidence.decode import decode
from ketcli.evidence.flat_names import means_something
from ketcli.evidence.grid import Grid, dialect, text_grid

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class Document:
    """The lines of a CSV file with how they are written (`mark` is that of its byte order), and it as a grid."""

    name: str
    lines: tuple[str, ...]
    mark: bytes
    encoding: str
    delimiter: str
    newline: str
    grid: Grid

    def encoded(self) -> bytes:
        """Return the file; InputError when its encoding cannot carry what was put in."""
        text = "".join(self.lines)
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise InputError(
                f"{self.name} is written in {self.encoding}, which has no {error.object[error.start]!r}",
                code="encoding",
                hint="save the file as CSV UTF-8 first",
            ) from None

    def insert(self, rows: Sequence[Mapping[str, str]], key: str = "") -> Document:
        """Return the document with rows by column name; before the first row of a larger `key`, else at the end."""
        document = self
        for row in rows:
            document = document._put(row, document._place(row, key))
        return document

    def without(self, column: str, values: Collection[str]) -> Document:
        """Return the document without the rows that have one of these values in a column."""
        if column not in self.grid.header:
            return self
        gone: set[int] = set()
        if not self.grid.lines:
            return self
        ends = [*self.grid.lines[1:], len(self.lines) + 1]
        for line, end, cell in zip(self.grid.lines, ends, self.grid.column(column), strict=True):
            if cell in values:
                gone.update(range(line, end))
        kept = tuple(text for number, text in enumerate(self.lines, start=1) if number not in gone)
        return self._again(kept)

    def _place(self, row: Mapping[str, str], key: str) -> int:
        """Return the number of lines that stay before a new row."""
        if key and key in self.grid.header:
            for line, cell in zip(self.grid.lines, self.grid.column(key), strict=True):
                if cell > row.get(key, ""):
                    return line - 1
        return len(self.lines)

    def _put(self, row: Mapping[str, str], place: int) -> Document:
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, delimiter=self.delimiter, lineterminator=self.newline)
        writer.writerow([row.get(column, "") for column in self._columns()])
        before = list(self.lines[:place])
        if before and not before[-1].endswith(("\n", "\r")):
            before[-1] += self.newline
        return self._again((*before, buffer.getvalue(), *self.lines[place:]))

    def _columns(self) -> list[str]:
        """Return the header as the file has it, unnamed columns included."""
        first = next(csv.reader(io.StringIO("".join(self.lines), newline=""), delimiter=self.delimiter))
        named = iter(self.grid.header)
        return [next(named, "") if cell.strip() else "" for cell in first]

    def _again(self, lines: tuple[str, ...]) -> Document:
        text = "".join(lines)
        grid = text_grid(text, self.name, self.grid.header, means_something)
        return replace(self, lines=_split(text), grid=grid)


def read_document(content: bytes, name: str, known: Iterable[str] = ()) -> Document:
    """Return a CSV file as a document; `known` are the column names to expect, see `grid.read_grid`.

    Raises InputError for what is no CSV text, `not-a-table` for one with repeated or unnamed columns, into which
    no row can be put.
    """
    text, notes = decode(content, name, legacy=not known)
    grid = text_grid(text, name, tuple(known), means_something, notes)
    if grid.problems:
        first = grid.problems[0]
        titled = first.code == "ragged-row" and sum(bool(cell.strip()) for cell in grid.header) == 1
        hint = (
            "begin the file with the names of the columns: delete what stands above them" if titled else first.fix
        )
        raise InputError(str(first).removesuffix(f" [{first.code}]"), code=first.code, hint=hint)
    ends = [end for end in ("\r\n", "\n", "\r") if end in text]
    delimiter, skipped = dialect(text, means_something)
    if skipped:
        raise InputError(
            f"{name} begins with a line that names its delimiter", code="not-a-table", hint="delete that line"
        )
    document = Document(name, _split(text), *_encoding(content, text), delimiter, ends[0] if ends else "\n", grid)
    if document.encoded() != content:  # the lines of others must stay as they are, to the byte
        raise InputError(f"{name} cannot be written back as it is", code="encoding", hint="save it as CSV UTF-8")
    return document


def _split(text: str) -> tuple[str, ...]:
    """Split text into lines as the reader of CSV counts them."""
    return tuple(io.StringIO(text, newline=""))


def _encoding(content: bytes, text: str) -> tuple[bytes, str]:
    """Return the mark of the byte order with which text came, and the encoding of what follows."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return mark, encoding
    return b"", "utf-8" if content == text.encode("utf-8") else "cp1252"
