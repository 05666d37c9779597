"""What every command does around its one summary: settle the output, print answer, notes, report errors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import typer

from ketcli.cli.mistakes import complain
from ketcli.cli.options import OutputOptions
from ketcli.errors import ExitStatus, InputError, KetError, UsageError
from ketcli.report import Note, Report
from ketcli.terminal import Terminal, detect


def answer(make: Callable[[Terminal], Report], options: OutputOptions) -> None:
    """Make the report and deliver it; turn every mendable error into one message and its exit code."""
    terminal = None
    form = ""
    try:
        from ketcli.render import output

        terminal = detect(options.color)
        form = output.choose_format(
            options.format, as_csv=options.csv, as_json=options.json, output=options.output, terminal=terminal
        )
        to_stdout = options.output in (None, "-")
        if to_stdout:
            refuse_picture(form, terminal)
        report = with_notes(make(terminal), terminal)
        if options.view is not None:
            report = options.view(report)
        if options.quiet:
            report = replace(report, notes=())
        content = output.render(report, form, terminal, with_sources=options.sources)
        if to_stdout:
            write_stdout(content, terminal, "utf-8" if form in output.MACHINE else None)
        else:
            from ketcli.files import write_file

            write_file(Path(str(options.output)), content)
        if not options.quiet and form in ("csv", "tsv", "ndjson"):
            write_notes(report, terminal)
    except KetError as error:
        complain(error, as_json=form == "json" or options.json)
        raise typer.Exit(error.status) from None
    except KeyboardInterrupt:
        raise typer.Exit(ExitStatus.INTERRUPTED) from None


def refuse_picture(form: str, terminal: Terminal) -> None:
    """Say before any work that a terminal shows no pictures."""
    from ketcli.render.output import PICTURES

    if form in PICTURES and terminal.stdout_is_terminal:
        raise UsageError(
            f"a terminal cannot show {form}",
            code="picture-on-terminal",
            hint=f"write it to a file: -o picture.{form}",
        )


def with_notes(report: Report, terminal: Terminal) -> Report:
    """Return the report with what was said while its data were read put before its own notes."""
    return replace(report, notes=(*(Note("choice", text) for text in terminal.said), *report.notes))


def write_stdout(content: str | bytes, terminal: Terminal, encoding: str | None = None) -> None:
    """Write text, or the bytes of a picture, to standard output; what its encoding cannot carry is spelled out.

    `encoding` is that of a machine format, whatever the terminal's. InputError when there is no room for it.
    """
    stream = terminal.stdout
    raw = getattr(stream, "buffer", None)
    try:
        stream.flush()
        if raw is None:  # a notebook's stream, or a test's: text alone
            stream.write(str(content))
        elif isinstance(content, str):
            raw.write(content.encode(encoding or getattr(stream, "encoding", None) or "utf-8", "backslashreplace"))
        else:
            raw.write(content)
        stream.flush()
    except OSError as error:
        with suppress(OSError, ValueError):  # what is still buffered must not fail again when the process ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise InputError(
            f"standard output cannot be written: {error.strerror or error}",
            code="cannot-write",
            hint="check that there is room where it goes",
        ) from None


def write_notes(report: Report, terminal: Terminal) -> None:
    """Write the notes of a machine format to standard error, where they cannot spoil the data."""
    from ketcli.render import delimited
    from ketcli.wording import one_line

    lines = [f"note: {one_line(note.text)}" for note in report.notes]
    if not report.rows:
        lines.insert(0, f"note: {one_line(report.empty)}")
    if count := delimited.neutralised(report):
        cells, them = ("cell begins", "it") if count == 1 else ("cells begin", "them")
        lines.append(f"note: {count} text {cells} like a spreadsheet formula; an apostrophe was put before {them}")
    if lines:
        terminal.stderr.write("\n".join(lines) + "\n")


def say(notes: Iterable[str], terminal: Terminal) -> None:
    """Write notes to standard error, one to a line."""
    from ketcli.wording import one_line

    terminal.stderr.write("".join(f"note: {one_line(note)}\n" for note in notes))
