"""CSV text to a grid of cells: delimiter, header, line numbers; shape faults are collected, not guessed away."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ketcli.errors import InputError, Problem
from ketcli.evidence.decode import decode
from ketcli.evidence.intake import ROWS, too_many_rows

FIELD_LIMIT = 1_000_000
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_SPREADSHEET_LINE = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)

Record = tuple[int, list[str]]


@dataclass(frozen=True)
class Grid:
    """A table as text: unique column names, rows of as many cells, the line each row begins on.

    Rows of another length are left out and stand in `problems`; `notes` say what was read leniently. `spelt` are
    the names of columns in the file where the header here calls them otherwise.
    """

    name: str
    header: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    spelt: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def column(self, name: str) -> list[str]:
        """Return the cells of one column in file order."""
        place = self.header.index(name)
        return [row[place] for row in self.rows]


def read_grid(content: bytes, name: str, known: Collection[str] = ()) -> Grid:
    """Read a CSV file; `known` are column names to expect, which settle the delimiter and letter case.

    Raises InputError for a file that is no CSV text at all: empty, binary, another encoding, broken quoting, a
    cell above 1 MB.
    """
    text, notes = decode(content, name)
    return text_grid(text, name, known, lambda cell: normal(cell) in known, notes)


def text_grid(
    text: str, name: str, known: Collection[str], means: Callable[[str], bool], notes: Iterable[str] = ()
) -> Grid:
    """Read CSV text; the delimiter is the one under which most cells of the header mean something (`means`)."""
    delimiter, start = dialect(text, means)
    said = [] if delimiter == "," else [f"{name}: columns are separated by {DELIMITERS[delimiter]}"]
    records = text_records(text[start:], delimiter, name, first_line=2 if start else 1)
    return assemble(records, name, known, (*notes, *said))


def dialect(text: str, means: Callable[[str], bool], lines: int = 1) -> tuple[str, int]:
    """Return the delimiter of CSV text and where its header begins: after the line sep=; of some spreadsheets.

    The header is looked for among the first `lines` lines, since titles may stand above it.
    """
    named = _SPREADSHEET_LINE.match(text)
    start = named.end() if named else 0
    if named and named[1] in DELIMITERS:
        return named[1], start
    return _delimiter(text[start:], means, lines), start


def assemble(records: Iterator[Record], name: str, known: Collection[str] = (), notes: Iterable[str] = ()) -> Grid:
    """Return records, the header first, as a grid; names in `known` are found in any case and with blanks."""
    _, first = next(records, (0, []))
    if not any(cell.strip() for cell in first):
        raise InputError(f"{name} is empty", code="empty-file", hint="a header line is the least it needs")
    names = [normal(cell) if normal(cell) in known else cell.strip() for cell in first]
    keep = [i for i, column in enumerate(names) if column and column not in names[:i]]
    unnamed = [i for i, column in enumerate(names) if not column]
    rows: list[list[str]] = []
    lines: list[int] = []
    problems = _duplicates(names, name)
    lost: set[int] = set()
    blank = 0
    for line, record in records:
        if not any(record):
            blank += bool(record)
        elif len(record) == len(first):
            lost.update(i for i in unnamed if record[i])
            if len(rows) == ROWS:
                raise too_many_rows(name)
            rows.append(record if len(keep) == len(record) else [record[i] for i in keep])
            lines.append(line)
        else:
            problems.append(_ragged(name, line, record, len(first)))
    for place in sorted(lost):
        text_of = f"column {place + 1} holds values but has no name"
        problems.append(Problem("unnamed-column", name, 1, "", "", text_of, "name it or delete it"))
    said = [*notes]
    if blank:
        said.append(f"{name}: {blank} row{'s' * (blank != 1)} without any value left out")
    return Grid(name, tuple(names[i] for i in keep), rows, lines, tuple(problems), tuple(said))


def normal(name: str) -> str:
    """Return a column name as the schema would write it: lower case, underscores."""
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def _delimiter(text: str, means: Callable[[str], bool], lines: int) -> str:
    """Return the delimiter under which most cells of the header mean something, else that splits it most."""

    def score(line: str, delimiter: str) -> tuple[int, int]:
        try:
            cells = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:  # a cell beyond the limit: the reader proper will say where
            return 0, 0
        return sum(means(cell) for cell in cells), len(cells)

    best = ((0, 0), ",")
    for number, line in enumerate(text.lstrip("\r\n").splitlines()[:lines]):
        found = max(((score(line, delimiter), delimiter) for delimiter in DELIMITERS), key=lambda pair: pair[0])
        if number == 0 or found[0][0] > max(1, best[0][0]):
            best = found
        if best[0][0] > 1:
            break
    return best[1]


def text_records(text: str, delimiter: str, name: str, first_line: int = 1) -> Iterator[Record]:
    """Yield each record with the line it begins on; blank lines before the header are passed over."""
    before = csv.field_size_limit(FIELD_LIMIT)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line, begun = first_line, False
    try:
        for record in reader:
            begun = begun or bool(record)
            if begun:
                yield line, record
            line = reader.line_num + first_line
    except csv.Error as error:
        raise _unreadable(name, line, str(error)) from None
    finally:
        csv.field_size_limit(before)


def _unreadable(name: str, line: int, reason: str) -> InputError:
    if "field limit" in reason:
        return InputError(
            f"{name}:{line}: a cell is longer than 1 MB",
            code="huge-field",
            hint='look for a quotation mark (") that is opened and never closed',
        )
    return InputError(
        f"{name}:{line}: broken quoting: {reason}",
        code="bad-quoting",
        hint='a cell that holds a quotation mark is written in quotes with the mark doubled: "a ""b"" c"',
    )


def _duplicates(names: list[str], name: str) -> list[Problem]:
    return [
        Problem(
            "duplicate-column",
            name,
            1,
            column,
            column,
            f"column {column!r} stands {times} times in the header",
            "keep one of them",
        )
        for column, times in Counter(n for n in names if n).items()
        if times > 1
    ]


def _ragged(name: str, line: int, record: list[str], width: int) -> Problem:
    more = "an unquoted comma in a cell" if len(record) > width else "a missing comma or line break"
    return Problem(
        "ragged-row",
        name,
        line,
        "",
        "",
        f"the row has {len(record)} cells, the header {width}",
        f"look for {more}",
    )
