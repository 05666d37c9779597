"""The command that answers for a person: what happened to 100 people like them in the best matching studies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ketcli.cli import complete
from ketcli.cli.evidence import IntervalOption
from ketcli.cli.open import open_evidence, read_filters
from ketcli.cli.options import OutputOptions, SelectionOptions, StatisticsOptions, shared_options
from ketcli.cli.run import answer

if TYPE_CHECKING:
    from ketcli.report import Report
    from ketcli.terminal import Terminal

WHO = "Who and what is given"


def register(app: typer.Typer) -> None:
    """Put the command on the program."""
    app.command("expect")(expect)


def _given(name: str, text: str, metavar: str, offer: Callable[[str], list[str]] | None = None) -> Any:
    return typer.Option(f"--{name}", help=text, metavar=metavar, rich_help_panel=WHO, autocompletion=offer)


@shared_options
def expect(
    *,
    drug: Annotated[str | None, _given("drug", "ketamine (default) or esketamine.", "DRUG", complete.drugs)] = None,
    route: Annotated[
        str | None,
        _given(
            "route", "intravenous, oral ...; by default as the drug is usually given.", "ROUTE", complete.routes
        ),
    ] = None,
    regimen: Annotated[
        str | None,
        _given(
            "regimen",
            "single-dose, repeated-course ...; default is the drug's usual course.",
            "REGIMEN",
            complete.regimens,
        ),
    ] = None,
    age: Annotated[int | None, _given("age", "Age in years.", "YEARS")] = None,
    sex: Annotated[str | None, _given("sex", "female or male.", "SEX", complete.among("female", "male"))] = None,
    prior_failures: Annotated[
        int | None, _given("prior-failures", "How many antidepressants have failed.", "N")
    ] = None,
    anxiety: Annotated[
        bool | None,
        typer.Option("--anxiety/--no-anxiety", help="With or without anxiety.", rich_help_panel=WHO),
    ] = None,
    comorbidity: Annotated[
        list[str] | None,
        _given("comorbidity", "ptsd, substance-use, personality, pain, medical ... (repeatable).", "NAME"),
    ] = None,
    having: Annotated[
        list[str] | None,
        _given("having", "Any other factor of ket factors: benzodiazepine, prior-ect ... (repeatable).", "FACTOR"),
    ] = None,
    studies: Annotated[bool, typer.Option("--studies", help="List the studies behind each line.")] = False,
    interval: IntervalOption = None,
    include_overlapping: Annotated[bool, typer.Option("--include-overlapping", hidden=True)] = False,
    selection: SelectionOptions,
    statistics: StatisticsOptions,
    output: OutputOptions,
) -> None:
    """What to expect: of 100 people like those in the best matching studies, with their control arm beside it."""

    def make(terminal: Terminal) -> Report:
        from ketcli.errors import UsageError
        from ketcli.selection.people import person
        from ketcli.summaries import expect as summary
        from ketcli.summaries import pooling

        if include_overlapping:
            raise UsageError(
                "--include-overlapping does not apply: nobody is counted twice here",
                code="option-without-effect",
                hint="ket rates --include-overlapping lists such rows",
            )
        who = person(
            age=age,
            sex=sex,
            prior_failures=prior_failures,
            anxiety=anxiety,
            comorbidity=comorbidity or (),
            having=having or (),
        )
        how = pooling.settings(
            pooling.PROPORTION_MODELS, interval=interval, only_proportions=True, **vars(statistics)
        )
        evidence = open_evidence(selection.data, terminal, selection.column)
        asked = replace(
            selection,
            drug=[drug] if drug else None,
            route=[route] if route else None,
            regimen=[regimen] if regimen else None,
        )
        return summary.expect(evidence, read_filters(evidence, asked), how, who, show_studies=studies)

    answer(make, output)
