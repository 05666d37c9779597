"""The program `ket`: every command by its family, in the order of `ket --help`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ketcli import __version__
from ketcli.cli import (
    background,
    claims,
    compare,
    course,
    data,
    evidence,
    expect,
    figures,
    pool,
    report,
    studies,
    verify,
)
from ketcli.cli.data import DataOption
from ketcli.cli.late import LateTyper
from ketcli.cli.mistakes import complain
from ketcli.cli.open import open_evidence
from ketcli.cli.options import OutputOptions, shared_options
from ketcli.cli.run import answer
from ketcli.errors import ExitStatus, UsageError

if TYPE_CHECKING:
    from ketcli.report import Report
    from ketcli.terminal import Terminal

app = LateTyper(
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


@app.callback(invoke_without_command=True)
@shared_options
def main(
    context: typer.Context,
    output: OutputOptions,
    data_folder: DataOption = None,
    _version_wanted: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Print the one-screen summary when no command is named."""
    if context.invoked_subcommand is not None:
        if output != OutputOptions() or data_folder is not None:
            complain(UsageError("options stand after the command", code="option-place", hint="ket rates --csv"))
            raise typer.Exit(ExitStatus.USAGE)
        return

    def make(terminal: Terminal) -> Report:
        from ketcli.selection.filters import Filters
        from ketcli.summaries.overview import overview
        from ketcli.summaries.pooling import Settings

        return overview(open_evidence(data_folder, terminal), Filters(), Settings())

    answer(make, output)


evidence.register(app)
studies.register(app)
compare.register(app)
course.register(app)
expect.register(app)
claims.register(app)
background.register(app)
pool.register(app)
figures.register(app)
report.register(app)
data.register(app)
verify.register(app)
