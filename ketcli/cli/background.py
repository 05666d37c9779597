"""Commands about the background: what resistance is, how ketamine works, what may come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ketcli.cli.data import DataOption
from ketcli.cli.open import open_evidence
from ketcli.cli.options import OutputOptions, shared_options
from ketcli.cli.run import answer

if TYPE_CHECKING:
    from ketcli.report import Report
    from ketcli.terminal import Terminal


def register(app: typer.Typer) -> None:
    """Put the commands of this family on the program."""
    app.command("trd")(trd)
    app.command("mechanism")(mechanism)
    app.command("outlook")(outlook)


@shared_options
def trd(output: OutputOptions, data: DataOption = None) -> None:
    """What treatment-resistant depression is, how common, and what conventional steps achieve."""

    def make(terminal: Terminal) -> Report:
        from ketcli.summaries.resistance import trd as summary

        return summary(open_evidence(data, terminal))

    answer(make, output)


@shared_options
def mechanism(
    output: OutputOptions,
    level: Annotated[
        list[str] | None,
        typer.Option(
            "--level", help="Steps seen in: human, animal, cells; or disputed (repeatable).", metavar="LEVEL"
        ),
    ] = None,
    data: DataOption = None,
) -> None:
    """How ketamine is thought to work: each step, when, and how well it is shown."""

    def make(terminal: Terminal) -> Report:
        from ketcli.summaries import background

        return background.mechanism(open_evidence(data, terminal), level or ())

    answer(make, output)


@shared_options
def outlook(
    output: OutputOptions,
    what: Annotated[
        str, typer.Argument(help="compounds or biomarkers; both when left out.", show_default=False)
    ] = "",
    search: Annotated[str, typer.Option("--search", help="Rows that hold these words.", metavar="WORDS")] = "",
    data: DataOption = None,
) -> None:
    """What may come: compounds with their stage and result, biomarkers with their evidence."""

    def make(terminal: Terminal) -> Report:
        from ketcli.summaries import background

        return background.outlook(open_evidence(data, terminal), what=what, search=search)

    answer(make, output)
