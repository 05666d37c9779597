"""`ket report`: one self-contained page of everything, or of a reader's own table."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from datetime import date as date_type
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ketcli.cli import complete
from ketcli.cli.mistakes import complain
from ketcli.cli.options import COLUMN_OPTION, shared_options
from ketcli.cli.pool import MORE, ColumnOptions, PoolStatistics
from ketcli.cli.run import write_stdout
from ketcli.errors import ExitStatus, KetError, UsageError
from ketcli.terminal import detect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ketcli.document import Document
    from ketcli.terminal import Terminal

SUFFIXES = (".html", ".htm")
SECTIONS = (
    *("answers", "resistance", "mechanism", "rates", "timeline", "durability", "factors", "side-effects", "safety"),
    *("compare", "expect", "reviews", "outlook", "claims", "studies", "methods"),
    *("result", "robustness", "leave-one-out", "influence", "bias"),
)


def register(app: typer.Typer) -> None:
    """Put the command on the program."""
    app.command("report")(report)


@dataclass(frozen=True)
class GroupOptions:
    """How the studies of a reader's table are grouped and ordered."""

    by: Annotated[
        str | None, typer.Option("--by", help="Subgroups by COLUMN.", metavar="COLUMN", rich_help_panel=MORE)
    ] = None
    moderator: Annotated[
        list[str] | None,
        typer.Option(
            "--moderator",
            help="Meta-regression on COLUMN (repeatable).",
            metavar="COLUMN",
            rich_help_panel=MORE,
        ),
    ] = None


@shared_options
def report(
    *,
    out: Annotated[str, typer.Argument(help="The page to write, .html, or - for standard output.", metavar="OUT")],
    file: Annotated[
        str | None,
        typer.Argument(help="A CSV file of your own, pooled; or - for standard input.", metavar="FILE|-"),
    ] = None,
    sections: Annotated[
        str | None,
        typer.Option(
            "--sections",
            help="Only these, separated by commas: " + ", ".join(SECTIONS[:6]) + " ...",
            metavar="NAMES",
            autocompletion=complete.among(*SECTIONS),
        ),
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="The page's title.", metavar="TEXT")] = None,
    date: Annotated[
        str | None,
        typer.Option("--date", help="A date to print, YYYY-MM-DD or today; none by default.", metavar="DATE"),
    ] = None,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Pictures by matplotlib, where it is installed.")
    ] = True,
    data: Annotated[
        str | None,
        typer.Option("--data", help="A folder of tables or one file of trials instead.", metavar="FOLDER|FILE"),
    ] = None,
    column: Annotated[list[str] | None, COLUMN_OPTION] = None,
    columns: ColumnOptions,
    statistics: PoolStatistics,
    groups: GroupOptions,
) -> None:
    """One page to read, mail and print: headline answers, every table with its notes, sources and command."""
    own = {**vars(columns), **vars(statistics), **vars(groups)}
    again = {"sections": sections, "title": title, "date": date, "no_pictures": not pictures, **own}
    source = {"data": data, "column": column}
    try:
        day = _day(date)
        command = spelled(["ket", "report", _shown(out), *([file] if file else [])], again | source)
        terminal = detect()
        names = _names(sections)
        if file is None:
            page = _evidence_page(names, own, source, terminal)
        else:
            page = _own_page(file, names, own, source, terminal)
        page = replace(page, title=title or page.title, date=day, command=command)
        if pictures:
            from ketcli.figures.beside import with_pictures

            page = with_pictures(page)
        _deliver(page, out, terminal)
    except KetError as error:
        complain(error)
        raise typer.Exit(error.status) from None
    except KeyboardInterrupt:
        raise typer.Exit(ExitStatus.INTERRUPTED) from None


def _evidence_page(
    names: Sequence[str], own: Mapping[str, Any], source: Mapping[str, Any], terminal: Terminal
) -> Document:
    """Return the page of the evidence; how data of the reader's were read stands in its head."""
    if given := sorted(name for name, value in own.items() if value):
        raise UsageError(
            f"--{given[0].replace('_', '-')} is about a table of your own",
            code="option-without-effect",
            hint="name the file: ket report out.html my.csv",
        )
    from ketcli.cli.open import open_evidence
    from ketcli.selection.filters import Filters
    from ketcli.summaries import page
    from ketcli.summaries.pooling import Settings

    evidence = open_evidence(source["data"], terminal, source["column"])
    document = page.document(evidence, Filters(), Settings(), names)
    chapters = (
        replace(c, entries=tuple(replace(e, command=spelled([e.command], source)) for e in c.entries))
        for c in document.chapters
    )
    return replace(document, about=(*document.about, *terminal.said), chapters=tuple(chapters))


def _own_page(
    file: str, names: Sequence[str], own: Mapping[str, Any], source: Mapping[str, Any], terminal: Terminal
) -> Document:
    """Return the page of the reader's own table."""
    if given := [name for name, value in source.items() if value]:
        raise UsageError(
            f"--{given[0]} is about the evidence, not about a table of your own",
            code="option-without-effect",
            hint="leave it out, or leave out the file",
        )
    from ketcli.cli.open import read_stdin
    from ketcli.owndata.source import read_file
    from ketcli.summaries import own_page

    content = read_stdin(terminal, "ket report out.html -") if file == "-" else read_file(file)
    name = "standard input" if file == "-" else file
    return own_page.document(content, name, own, names, lambda more: spelled(["ket", "pool", file, more], own))


def spelled(words: Sequence[str], options: Mapping[str, Any]) -> str:
    """Return a command as it is typed; options that were not given are left out."""
    parts = [words[0], *(shlex.quote(word) if not word.startswith("-") else word for word in words[1:] if word)]
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        for item in value if isinstance(value, list) else [value]:
            if item is True:
                parts.append(option)
            elif item not in (None, False):
                parts.append(f"{option} {shlex.quote(f'{item:g}' if isinstance(item, float) else str(item))}")
    return " ".join(parts)


def _names(sections: str | None) -> tuple[str, ...]:
    return tuple(filter(None, (name.strip() for name in (sections or "").split(","))))


def _shown(out: str) -> str:
    """Return the name of the page, checked; the folder is the reader's own affair."""
    if out != "-" and Path(out).suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"a page ends in .html, not {Path(out).name!r}",
            code="format-unknown",
            hint="to get a PDF open the page in a browser and print it; ket forest draws single pictures",
        )
    return out if out == "-" else Path(out).name


def _day(text: str | None) -> str:
    """Return a date as YYYY-MM-DD, "" for none."""
    if text is None:
        return ""
    if text == "today":
        return date_type.today().isoformat()
    try:
        return date_type.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageError(
            f"{text!r} is not a date", code="bad-date", hint="write it as 2026-01-31, or today"
        ) from None


def _deliver(page: Document, out: str, terminal: Terminal) -> None:
    from ketcli.render.html import render_document

    content = render_document(page)
    if out == "-":
        write_stdout(content, terminal, "utf-8")
        return
    from ketcli.files import write_file

    write_file(Path(out), content)
