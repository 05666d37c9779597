"""The command that sets one treatment against another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ketcli.cli.evidence import IntervalOption, LeftOutOption
from ketcli.cli.open import open_evidence, read_filters
from ketcli.cli.options import OutputOptions, SelectionOptions, StatisticsOptions, shared_options
from ketcli.cli.run import answer

if TYPE_CHECKING:
    from ketcli.report import Report
    from ketcli.terminal import Terminal


def register(app: typer.Typer) -> None:
    """Put the commands of this family on the program."""
    app.command("compare")(compare)


@shared_options
def compare(
    *,
    first: Annotated[
        str | None,
        typer.Argument(
            help="A drug, route, frequency or class: ketamine, iv, twice-weekly; none lists what there is.",
            metavar="FIRST",
            show_default=False,
        ),
    ] = None,
    second: Annotated[
        str | None,
        typer.Argument(
            help="What it is compared with: placebo, midazolam, ect, quetiapine, conventional ...",
            metavar="SECOND",
            show_default=False,
        ),
    ] = None,
    selection: SelectionOptions,
    statistics: StatisticsOptions,
    output: OutputOptions,
    interval: IntervalOption = None,
    control_risk: Annotated[
        float | None,
        typer.Option(
            "--control-risk",
            help="Give differences at this risk with SECOND, in per cent, instead of the pooled one.",
            metavar="PERCENT",
            rich_help_panel="Statistics",
        ),
    ] = None,
    force_indirect: Annotated[
        bool,
        typer.Option(
            "--force-indirect",
            help="Compute indirect estimates even where the trials differ in comparator, stage or time.",
            rich_help_panel="Statistics",
        ),
    ] = False,
    left_out: LeftOutOption = False,
) -> None:
    """One treatment against another: trials, pooled ratio and difference, and indirect evidence apart."""

    def make(terminal: Terminal) -> Report:
        from ketcli.summaries import pooling

        how = pooling.settings(pooling.TWO_ARM_MODELS, interval=interval, **vars(statistics))
        evidence = open_evidence(selection.data, terminal, selection.column)
        filters = read_filters(evidence, selection, ("score",))
        if first is None or second is None:
            from ketcli.summaries.compare import listing as compare_list

            return compare_list.listing(evidence, filters, first or "")
        from ketcli.summaries import compare as summary

        return summary.compare(
            evidence,
            filters,
            how,
            first,
            second,
            force_indirect=force_indirect,
            control_risk=summary.as_risk(control_risk),
            show_left_out=left_out,
        )

    answer(make, output)
