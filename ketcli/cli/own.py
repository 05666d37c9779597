"""Commands for people's own data: a folder to begin with, and the data for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ketcli.cli import add, complete, diff
from ketcli.cli.mistakes import complain
from ketcli.cli.open import open_evidence, read_filters
from ketcli.cli.options import OutputOptions, SelectionOptions, shared_options
from ketcli.cli.run import answer, say, write_stdout
from ketcli.errors import KetError, UsageError

if TYPE_CHECKING:
    from ketcli.exports.write import Export
    from ketcli.report import Report
    from ketcli.terminal import Terminal


def register(app: typer.Typer) -> None:
    """Put the commands on the family `ket data`."""
    app.command("new")(new)
    add.register(app)
    diff.register(app)
    app.command("export")(export)


@shared_options
def new(
    output: OutputOptions,
    folder: Annotated[str, typer.Argument(help="The folder to make; it must be new or empty.", metavar="FOLDER")],
    bare: Annotated[bool, typer.Option("--bare", help="Headers alone, without the two made-up studies.")] = False,
) -> None:
    """Make a folder for your own studies: tables with headers, two examples, a description, a README."""

    def make(_terminal: Terminal) -> Report:
        from pathlib import Path

        from ketcli.evidence import starter
        from ketcli.files import write_folder
        from ketcli.summaries import storing

        contents = starter.files(examples=not bare)
        write_folder(Path(folder), contents)
        return storing.made(folder, contents, examples=not bare)

    answer(make, output)


@shared_options
def export(
    selection: SelectionOptions,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            help="metafor or metapsy (comparisons), excel, sqlite or package (whole tables).",
            metavar="FORM",
            autocompletion=complete.among("metafor", "metapsy", "excel", "sqlite", "package"),
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="The file to write, or the new folder of a package.", metavar="PATH"),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Leave the notes out.")] = False,
) -> None:
    """Write the data for other programs: R's metafor, Metapsy, Excel, SQLite, a Frictionless data package."""
    from ketcli.terminal import detect

    try:
        from ketcli.exports import write

        terminal = detect()
        form = write.form_of(to, output)
        given = {name for name, value in vars(selection).items() if value and name not in ("data", "column")}
        if given and form not in write.COMPARISONS:
            raise UsageError(
                f"{form} holds whole tables, so --{min(given).replace('_', '-')} has no effect",
                code="option-without-effect",
                hint="leave it out, or export comparisons: --to metafor",
            )
        evidence = open_evidence(selection.data, terminal, selection.column)
        made = write.export(evidence, read_filters(evidence, selection), form, output or "")
        _put(made, form, output, terminal)
        if not quiet:
            say([*terminal.said, *made.notes], terminal)
    except KetError as error:
        complain(error)
        raise typer.Exit(error.status) from None


def _put(made: Export, form: str, output: str | None, terminal: Terminal) -> None:
    """Write an export where it is wanted: text to standard output or a file, the rest to a file or a folder."""
    from pathlib import Path

    from ketcli.exports.write import COMPARISONS
    from ketcli.files import write_file, write_folder

    if output in (None, "-"):
        if form not in COMPARISONS:
            raise UsageError(
                f"{form} goes to a {'folder' if made.files else 'file'}, not to standard output",
                code="no-output",
                hint=f"name it: ket data export --to {form} -o NAME",
            )
        write_stdout(made.content, terminal)
    elif made.files:
        write_folder(Path(str(output)), made.files)
    else:
        write_file(Path(str(output)), made.content)
