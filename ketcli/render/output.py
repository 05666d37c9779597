"""Which format is wanted, and the text of a report in it."""

from __future__ import annotations

from pathlib import Path

from ketcli.errors import UsageError, unknown_value
from ketcli.report import Report
from ketcli.terminal import Terminal

PICTURES = ("svg", "png", "pdf")
# what other programs read, a browser among them: always UTF-8
MACHINE = ("csv", "tsv", "json", "ndjson", "html")
FORMATS = ("auto", "table", "csv", "tsv", "json", "ndjson", "markdown", "html", *PICTURES)
_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".md": "markdown",
    ".html": "html",
    ".htm": "html",
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
        case "html":
            from ketcli.render import html

            return html.render(report)
        case _:
            from ketcli.render import table

            return table.render(report, terminal, with_sources=with_sources)
