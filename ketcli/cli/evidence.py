"""Commands that answer from the evidence tables: rates, side effects, factors, studies."""

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
    app.command("rates")(rates)


@shared_options
def rates(
    selection: SelectionOptions,
    statistics: StatisticsOptions,
    output: OutputOptions,
    interval: Annotated[
        str | None,
        typer.Option(
            help="Interval of one study: wilson, wilson-cc, clopper-pearson, agresti-coull, jeffreys or mid-p.",
            metavar="METHOD",
            rich_help_panel="Statistics",
        ),
    ] = None,
    arms: Annotated[bool, typer.Option("--arms", help="Bring arms, dose and route to the front.")] = False,
    controls: Annotated[bool, typer.Option("--controls", help="Show each study's control arm beside it.")] = False,
    left_out: Annotated[bool, typer.Option("--left-out", help="List the rows not shown, and why.")] = False,
) -> None:
    """Response and remission by study and pooled, by regimen: one dose, course, with oral drug, real world."""

    def make(terminal: Terminal) -> Report:
        from ketcli.summaries import pooling
        from ketcli.summaries import rates as summary

        how = pooling.settings(pooling.PROPORTION_MODELS, interval=interval, **vars(statistics))
        evidence = open_evidence(selection.data, terminal)
        return summary.rates(
            evidence,
            read_filters(evidence, selection),
            how,
            show_arms=arms,
            show_controls=controls,
            show_left_out=left_out,
        )

    answer(make, output)
