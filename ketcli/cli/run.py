"""What every command does around its one summary: settle the output, print answer, notes, report errors."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import typer

from ketcli.cli.options import OutputOptions
from ketcli.errors import DataError, ExitStatus, KetError
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
        report = make(terminal)
        text = output.render(report, form, terminal, with_sources=options.sources)
        if options.output in (None, "-"):
            terminal.stdout.write(text)
            terminal.stdout.flush()
        else:
            output.write_file(Path(str(options.output)), text)
        if not options.quiet and form in ("csv", "tsv", "ndjson"):
            write_notes(report, terminal)
    except KetError as error:
        complain(error, as_json=form == "json" or options.json)
        raise typer.Exit(error.status) from None
    except KeyboardInterrupt:
        raise typer.Exit(ExitStatus.INTERRUPTED) from None


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
