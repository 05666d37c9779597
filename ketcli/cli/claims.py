"""Commands that set what others say beside the evidence: published reviews, statements of an article."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ketcli.cli import complete
from ketcli.cli.data import DataOption
from ketcli.cli.open import open_evidence, read_stdin
from ketcli.cli.options import SELECTION, OutputOptions, StatisticsOptions, shared_options
from ketcli.cli.run import answer

if TYPE_CHECKING:
    from ketcli.claims.file import Statements
    from ketcli.report import Report
    from ketcli.terminal import Terminal


def register(app: typer.Typer) -> None:
    """Put the commands of this family on the program."""
    app.command("reviews")(reviews)
    app.command("claims")(claims)


@shared_options
def reviews(
    *,
    review: Annotated[
        list[str] | None,
        typer.Argument(
            help="Reviews by id: dean-2021 ...",
            metavar="REVIEW",
            show_default=False,
            autocompletion=complete.reviews,
        ),
    ] = None,
    reproduce: Annotated[
        bool, typer.Option("--reproduce", help="Pool the trial data behind reviews again, errors mended beside.")
    ] = False,
    named: Annotated[
        list[str] | None,
        typer.Option(
            "--review",
            help="Same as REVIEW.",
            metavar="ID",
            rich_help_panel=SELECTION,
            autocompletion=complete.reviews,
        ),
    ] = None,
    outcome: Annotated[
        list[str] | None,
        typer.Option(
            "--outcome",
            help="response, remission, depression-score ...",
            metavar="OUTCOME",
            rich_help_panel=SELECTION,
        ),
    ] = None,
    drug: Annotated[
        list[str] | None,
        typer.Option(
            "--drug", help="ketamine, esketamine, ect ...", metavar="TREATMENT", rich_help_panel=SELECTION
        ),
    ] = None,
    search: Annotated[
        str,
        typer.Option(
            "--search", help="Estimates that hold these words.", metavar="WORDS", rich_help_panel=SELECTION
        ),
    ] = "",
    statistics: StatisticsOptions,
    output: OutputOptions,
    data: DataOption = None,
) -> None:
    """Published meta-analyses, each beside the same quantity from this dataset; --reproduce pools theirs again."""

    def make(terminal: Terminal) -> Report:
        from ketcli.summaries import pooling
        from ketcli.summaries import reviews as summary

        how = pooling.settings(pooling.PROPORTION_MODELS, **vars(statistics))
        return summary.reviews(
            open_evidence(data, terminal),
            how,
            review=[*(review or ()), *(named or ())],
            outcome=outcome or (),
            drug=drug or (),
            search=search,
            reproduce=reproduce,
        )

    answer(make, output)


@shared_options
def claims(
    *,
    claim: Annotated[
        str | None,
        typer.Argument(
            help="A statement by its id, such as c15: its card.", metavar="ID", autocompletion=complete.claims
        ),
    ] = None,
    verdict: Annotated[
        list[str] | None,
        typer.Option(
            "--verdict",
            help="supported, partly, unsupported or contradicted (repeatable).",
            metavar="VERDICT",
            rich_help_panel=SELECTION,
            autocompletion=complete.verdicts,
        ),
    ] = None,
    section: Annotated[
        list[str] | None,
        typer.Option(
            "--section",
            help="Part of the article: success rates ...",
            metavar="WORDS",
            rich_help_panel=SELECTION,
            autocompletion=complete.sections,
        ),
    ] = None,
    search: Annotated[
        str,
        typer.Option(
            "--search", help="Statements that hold these words.", metavar="WORDS", rich_help_panel=SELECTION
        ),
    ] = "",
    file: Annotated[
        str | None,
        typer.Option(
            "--file",
            help="A CSV file of own statements (claim, low, high, unit, check), or - for standard input.",
            metavar="FILE|-",
            rich_help_panel=SELECTION,
        ),
    ] = None,
    statistics: StatisticsOptions,
    output: OutputOptions,
    data: DataOption = None,
) -> None:
    """Every checkable statement of the article, what the evidence gives now, and a verdict by written rule."""

    def make(terminal: Terminal) -> Report:
        from ketcli.summaries import claims as summary
        from ketcli.summaries import pooling

        how = pooling.settings(pooling.PROPORTION_MODELS, **vars(statistics))
        own = None if file is None else _read_own(file, terminal)
        evidence = open_evidence(data, terminal)
        if claim is not None:
            from ketcli.summaries.claims.card import card

            return card(evidence, claim, how, own)
        return summary.claims(evidence, how, verdict=verdict or (), section=section or (), search=search, own=own)

    answer(make, output)


def _read_own(file: str, terminal: Terminal) -> Statements:
    from pathlib import Path

    from ketcli.claims.file import read
    from ketcli.evidence.intake import read_bytes

    if file == "-":
        return read(read_stdin(terminal, "ket claims --file -"), "standard input")
    return read(read_bytes(Path(file)), file)
