"""Which format is wanted, the text of a report in it, and writing it whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from ketcli.errors import InputError, UsageError, unknown_value
from ketcli.report import Report
from ketcli.terminal import Terminal

PICTURES = ("svg", "png", "pdf")
FORMATS = ("auto", "table", "csv", "tsv", "json", "ndjson", "markdown", *PICTURES)
_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".md": "markdown",
    ".txt": "table",
    **{f".{name}": name for name in PICTURES},
}


def choose_format(named: str | None, *, as_csv: bool, as_json: bool, output: str | None, terminal: Terminal) -> str:
    """Settle the format: option or shortcut, then the file's suffix, then KET_FORMAT, then who is reading."""
    wanted = {name for name, on in ((named, named), ("csv", as_csv), ("json", as_json)) if on and name}
    if len(wanted) > 1:
        raise UsageError(
            f"two formats asked for: {' and '.join(sorted(wanted))}",
            code="format-conflict",
            hint="give one of them",
        )
    choice = wanted.pop() if wanted else None
    if choice is None and output not in (None, "-"):
        choice = _by_suffix(Path(str(output)))
    if choice is None:
        choice = terminal.environment.get("KET_FORMAT") or "auto"
    if choice not in FORMATS:
        raise unknown_value("format", choice, FORMATS)
    if choice == "auto":
        choice = "table" if terminal.stdout_is_terminal and output in (None, "-") else "csv"
    return choice


def _by_suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise UsageError(
            f"cannot tell the format of {path.name!r} from its ending",
            code="format-unknown",
            hint="name the file " + ", ".join(_SUFFIXES) + ", or give --format",
        )
    return _SUFFIXES[suffix]


def render(report: Report, form: str, terminal: Terminal, *, with_sources: bool = False) -> str | bytes:
    """Return the report in one of FORMATS, pictures as bytes; renderers are imported only when used."""
    match form:
        case "svg" | "png" | "pdf":
            from ketcli.figures import draw

            return draw.draw(report, form, with_sources=with_sources)
        case "csv" | "tsv":
            from ketcli.render import delimited

            return delimited.render(report, "," if form == "csv" else "\t")
        case "json":
            from ketcli.render import json

            return json.render(report)
        case "ndjson":
            from ketcli.render import json

            return json.render_lines(report)
        case "markdown":
            from ketcli.render import markdown

            return markdown.render(report, with_sources=with_sources)
        case _:
            from ketcli.render import table

            return table.render(report, terminal, with_sources=with_sources)


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: a temporary file beside it, then a rename over it."""
    if path.is_dir():
        raise InputError(f"{path}: is a folder", code="output-is-folder", hint="name a file to write")
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException as error:
        with suppress(OSError):
            Path(name).unlink()
        if isinstance(error, OSError):
            raise _cannot_write(path, error) from error
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _cannot_write(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path}: cannot be written: {error.strerror or error}",
        code="cannot-write",
        hint="check that the folder exists, is yours and has room",
    )
