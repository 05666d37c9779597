"""Commands about the course of treatment: how fast, how long, and what to watch for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ketcli.cli.open import open_evidence, read_filters, refuse_unused
from ketcli.cli.options import OutputOptions, SelectionOptions, StatisticsOptions, shared_options
from ketcli.cli.run import answer

if TYPE_CHECKING:
    from ketcli.report import Report
    from ketcli.terminal import Terminal

DURABILITY_FILTERS = (
    *("drug", "route", "design", "population", "study", "since", "until", "outcome"),
    *("exclude_derived", "exclude_secondary"),
)


def register(app: typer.Typer) -> None:
    """Put the commands of this family on the program."""
    app.command("timeline")(timeline)
    app.command("durability")(durability)
    app.command("safety")(safety)


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
        evidence = open_evidence(selection.data, terminal, selection.column)
        filters = read_filters(evidence, selection, summary.QUANTITIES)
        return summary.timeline(evidence, filters, how, show_studies=studies)

    answer(make, output)


@shared_options
def durability(
    selection: SelectionOptions,
    statistics: StatisticsOptions,
    output: OutputOptions,
    extensions: Annotated[
        bool, typer.Option("--extensions/--no-extensions", help="Show long-term extensions of chosen people.")
    ] = True,
) -> None:
    """How long: relapse by design, times to relapse, hazard ratios, long-term extensions."""

    def make(terminal: Terminal) -> Report:
        from ketcli.summaries import durability as summary
        from ketcli.summaries import pooling

        refuse_unused(
            selection, DURABILITY_FILTERS, "durability", "rows are set out by design, each at its own time"
        )
        how = pooling.settings(pooling.PROPORTION_MODELS, **vars(statistics))
        evidence = open_evidence(selection.data, terminal, selection.column)
        filters = read_filters(evidence, selection)
        return summary.durability(evidence, filters, how, show_extensions=extensions)

    answer(make, output)


@shared_options
def safety(
    selection: SelectionOptions,
    output: OutputOptions,
    topic: Annotated[
        list[str] | None,
        typer.Option("--topic", help="blood-pressure, dissociation, misuse ... (repeatable).", metavar="TOPIC"),
    ] = None,
) -> None:
    """What to watch for: blood pressure, dissociation, observation, label rules, long-term concerns."""

    def make(terminal: Terminal) -> Report:
        from ketcli.summaries import safety as summary

        refuse_unused(
            selection,
            ("drug", "route", "study"),
            "facts on safety",
            "filter by --drug, --route, --study or --topic",
        )
        evidence = open_evidence(selection.data, terminal, selection.column)
        return summary.safety(evidence, read_filters(evidence, selection), topic or ())

    answer(make, output)
