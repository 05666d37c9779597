"""The bytes of a file, a pipe or standard input, up to a limit that keeps memory bounded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ketcli.errors import InputError

# a table of study results has some thousand rows; what is larger is another kind of data, and these limits keep
# a command within about a gigabyte
LIMIT = 64 * 1024 * 1024
ROWS = 200_000
_SMALLER = "keep the rows and columns you need; patient-level records are added up to arms first"
_ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".parquet", ".gz", ".zst")


def split_part(name: str) -> tuple[str, str]:
    """Return a file's name and what is asked for of it: `book.xlsx#Trials` is the sheet Trials of book.xlsx."""
    file, sign, part = name.rpartition("#")
    return (file, part) if sign and file.lower().endswith(_ENDINGS) else (name, "")


def how_to_name(name: str, part: str) -> str:
    """Return the hint that tells how a part of a file is asked for."""
    if name.lower().endswith(_ENDINGS):
        return f"name one after a hash: '{name}#{part}'"
    return f"save it as a file and name one after a hash: FILE.csv#{part}"


def given_path(given: str) -> Path:
    """Return the path of a file as typed, with or without the part that is asked for of it."""
    path = Path(given)
    file, part = split_part(given)
    return Path(file) if part and not is_there(path) else path


def is_there(path: Path, kind: Callable[[int], bool] = bool) -> bool:
    """Return whether a path is there and, by its mode, of a kind; InputError where looking is not allowed."""
    try:
        return kind(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # a NUL in the name is a ValueError
        return False
    except OSError as error:
        raise cannot_read(path, error) from None


def read_bytes(path: Path) -> bytes:
    """Return the content of a file or a named pipe.

    Raises InputError `no-file` when it cannot be read, `too-large` above LIMIT without reading it all.
    """
    try:
        with path.open("rb") as stream:
            return read_stream(stream, str(path))
    except (OSError, ValueError) as error:  # a NUL in the name is a ValueError
        raise cannot_read(path, error) from None


def cannot_read(path: Path, error: Exception) -> InputError:
    """Return the error for a path that cannot be opened or looked at."""
    reason = getattr(error, "strerror", None) or str(error)
    return InputError(
        f"cannot read {path}: {reason.lower()}", code="no-file", hint="check the path and its permissions"
    )


def read_stream(stream: BinaryIO, name: str) -> bytes:
    """Return what is left of a stream called `name` in messages; InputError `too-large` above LIMIT bytes."""
    limit = LIMIT
    content = stream.read(limit + 1)
    while content and len(content) <= limit and (more := stream.read(limit + 1 - len(content))):
        content += more  # a pipe may give less than was asked for
    if len(content) > limit:
        raise too_large(name)
    return content


def too_large(name: str) -> InputError:
    """Return the error for a table beyond the limit."""
    return InputError(
        f"{name} is larger than {LIMIT // 1024**2} MB, far more than a table of study results",
        code="too-large",
        hint=_SMALLER,
    )


def too_many_rows(name: str) -> InputError:
    """Return the error for a table with more rows than studies have results."""
    return InputError(f"{name} has more than {ROWS} rows", code="too-large", hint=_SMALLER)
