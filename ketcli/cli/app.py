"""The program `ket`: every command by its family, in the order of `ket --help`."""

from __future__ import annotations

from typing import Annotated

import typer

from ketcli import __version__
from ketcli.cli import background, course, data, evidence, studies

app = typer.Typer(
    name="ket",
    no_args_is_help=False,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "What studies found on ketamine and esketamine in treatment-resistant depression: response, remission, "
        "side effects, for whom, and how far each number can be trusted. A summary of published studies, not "
        "medical advice."
    ),
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ket {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that stand before a command."""


evidence.register(app)
studies.register(app)
course.register(app)
background.register(app)
data.register(app)
