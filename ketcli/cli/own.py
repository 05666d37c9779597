"""Commands for people's own data: a folder to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ketcli.cli.options import OutputOptions, shared_options
from ketcli.cli.run import answer

if TYPE_CHECKING:
    from ketcli.report import Report
    from ketcli.terminal import Terminal


def register(app: typer.Typer) -> None:
    """Put the commands on the family `ket data`."""
    app.command("new")(new)


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
