"""What every command does around its one summary: settle the output, print answer, notes, report errors."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import typer

from ketcli.cli.options import OutputOptions
from ketcli.errors import DataError, ExitStatus, KetError, UsageError
from ketcli.report import Report
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
        report = make(terminal)
        if options.view is not None:
            report = options.view(report)
        if options.quiet:
            report = replace(report, notes=())
        content = output.render(report, form, terminal, with_sources=options.sources)
        if to_stdout:
            write_stdout(content, terminal)
        else:
            output.write_file(Path(str(options.output)), content)
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


def write_stdout(content: str | bytes, terminal: Terminal) -> None:
    """Write text, or the bytes of a picture, to standard output."""
    if isinstance(content, bytes):
        terminal.stdout.flush()
        terminal.stdout.buffer.write(content)  # type: ignore[attr-defined]
    else:
        terminal.stdout.write(content)
    terminal.stdout.flush()


def write_notes(report: Report, terminal: Terminal) -> None:
    """Write the notes of a machine format to standard error, where they cannot spoil the data."""
    from ketcli.render import delimited
    from ketcli.render.text import one_line

    lines = [f"note: {one_line(note.text)}" for note in report.notes]
    if not report.rows:
        lines.insert(0, f"note: {one_line(report.empty)}")
    if count := delimited.neutralised(report):
        lines.append(
            f"note: {count} text cells begin like a spreadsheet formula; an apostrophe was put before them"
        )
    if lines:
        terminal.stderr.write("\n".join(lines) + "\n")


def complain(error: KetError, *, as_json: bool = False) -> None:
    """Write one error to standard error: for people, or as a JSON object."""
    if as_json:
        from ketcli.render.json import dumps

        problems = [vars(p) for p in error.problems] if isinstance(error, DataError) else []
        body = {"message": error.message, "code": error.code, "hint": error.hint, "problems": problems}
        sys.stderr.write(dumps({"error": body}) + "\n")
        return
    from ketcli.render.text import one_line

    lines = [f"ket: error: {one_line(error.message)} [{error.code}]"]
    if error.hint:
        lines.append(f"hint: {one_line(error.hint)}")
    sys.stderr.write("\n".join(lines) + "\n")
