"""Commands about the course of time: how fast the effect comes, how long it lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ketcli.cli.open import open_evidence, read_filters
from ketcli.cli.options import OutputOptions, SelectionOptions, StatisticsOptions, shared_options
from ketcli.cli.run import answer

if TYPE_CHECKING:
    from ketcli.report import Report
    from ketcli.terminal import Terminal


def register(app: typer.Typer) -> None:
    """Put the commands of this family on the program."""
    app.command("timeline")(timeline)


@shared_options
def timeline(
    selection: SelectionOptions,
    statistics: StatisticsOptions,
    output: OutputOptions,
    studies: Annotated[bool, typer.Option("--studies", help="List the studies of each window.")] = False,
) -> None:
    """How fast: response, remission and effect by hours and days since the first dose."""

    def make(terminal: Terminal) -> Report:
        from ketcli.summaries import pooling
        from ketcli.summaries import timeline as summary

        how = pooling.settings(pooling.PROPORTION_MODELS, **vars(statistics))
        evidence = open_evidence(selection.data, terminal)
        filters = read_filters(evidence, selection, summary.QUANTITIES)
        return summary.timeline(evidence, filters, how, show_studies=studies)

    answer(make, output)
