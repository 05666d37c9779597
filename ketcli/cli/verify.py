"""The command that checks the engine against published worked examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ketcli.cli.options import OutputOptions, shared_options
from ketcli.cli.run import answer

if TYPE_CHECKING:
    from ketcli.report import Report
    from ketcli.terminal import Terminal


def register(app: typer.Typer) -> None:
    """Put the commands of this family on the program."""
    app.command("verify")(verify)


@shared_options
def verify(
    *,
    example: Annotated[
        str,
        typer.Argument(help="One example such as bcg: all its numbers.", metavar="EXAMPLE", show_default=False),
    ] = "",
    every: Annotated[bool, typer.Option("--all", help="List every number of every example.")] = False,
    output: OutputOptions,
) -> None:
    """Recompute published worked examples and compare with the printed numbers; exit 1 when one disagrees."""
    wrong: list[bool] = []

    def make(_: Terminal) -> Report:
        from ketcli.summaries import verify as summary

        report = summary.verify(example, every=every)
        wrong.append(summary.failed(report))
        return report

    answer(make, output)
    if any(wrong):
        raise typer.Exit(1)
