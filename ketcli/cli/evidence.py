"""Commands that answer from the evidence tables: rates, side effects, factors, studies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from ketcli.cli import complete
from ketcli.cli.open import open_evidence, read_filters
from ketcli.cli.options import OutputOptions, SelectionOptions, StatisticsOptions, shared_options
from ketcli.cli.run import answer

if TYPE_CHECKING:
    from ketcli.report import Report
    from ketcli.terminal import Terminal

IntervalOption = Annotated[
    str | None,
    typer.Option(
        "--interval",
        help="Interval of one study: wilson, wilson-cc, clopper-pearson, agresti-coull, jeffreys or mid-p.",
        metavar="METHOD",
        rich_help_panel="Statistics",
    ),
]
LeftOutOption = Annotated[bool, typer.Option("--left-out", help="List the rows not shown, and why.")]


def register(app: typer.Typer) -> None:
    """Put the commands of this family on the program."""
    app.command("rates")(rates)
    app.command("side-effects")(side_effects)


@shared_options
def rates(
    selection: SelectionOptions,
    statistics: StatisticsOptions,
    output: OutputOptions,
    interval: IntervalOption = None,
    arms: Annotated[bool, typer.Option("--arms", help="Bring arms, dose and route to the front.")] = False,
    controls: Annotated[bool, typer.Option("--controls", help="Show each study's control arm beside it.")] = False,
    left_out: LeftOutOption = False,
) -> None:
    """Response and remission by study and pooled, by regimen: one dose, course, with oral drug, real world."""

    def make(terminal: Terminal) -> Report:
        from ketcli.summaries import pooling
        from ketcli.summaries import rates as summary

        how = pooling.settings(
            pooling.PROPORTION_MODELS, interval=interval, only_proportions=True, **vars(statistics)
        )
        evidence = open_evidence(selection.data, terminal, selection.column)
        return summary.rates(
            evidence,
            read_filters(evidence, selection),
            how,
            show_arms=arms,
            show_controls=controls,
            show_left_out=left_out,
        )

    answer(make, output)


@shared_options
def side_effects(
    selection: SelectionOptions,
    statistics: StatisticsOptions,
    output: OutputOptions,
    event: Annotated[
        list[str] | None,
        typer.Option(
            "--event",
            help="A side effect such as dissociation; all its studies (repeatable).",
            metavar="NAME",
            autocompletion=complete.events,
        ),
    ] = None,
    serious: Annotated[bool, typer.Option("--serious", help="Only the lists of serious events.")] = False,
    phase: Annotated[
        list[str] | None,
        typer.Option(
            "--phase",
            help="acute-course, dosing-day, week-1, maintenance, open-label, whole-study or over-24-h.",
            metavar="PHASE",
        ),
    ] = None,
    pooled_only: Annotated[bool, typer.Option("--pooled-only", help="Leave single studies out.")] = False,
    interval: IntervalOption = None,
    left_out: LeftOutOption = False,
    at: Annotated[str | None, typer.Option("--at", hidden=True)] = None,
    outcome: Annotated[list[str] | None, typer.Option("--outcome", hidden=True)] = None,
) -> None:
    """Side effects of the drug against control: counts, risk difference, number needed to harm, risk ratio."""

    def make(terminal: Terminal) -> Report:
        from ketcli.summaries import pooling
        from ketcli.summaries import side_effects as summary

        how = pooling.settings(pooling.TWO_ARM_MODELS, interval=interval, **vars(statistics))
        evidence = open_evidence(selection.data, terminal, selection.column)
        # hidden because they cannot apply, passed on to be refused with the reason
        asked = replace(selection, at=at, outcome=outcome)
        return summary.side_effects(
            evidence,
            read_filters(evidence, asked),
            how,
            event=event or (),
            serious=serious,
            phase=phase or (),
            pooled_only=pooled_only,
            show_left_out=left_out,
        )

    answer(make, output)
