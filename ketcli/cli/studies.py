"""Commands on the studies themselves: what they found within themselves by factor, and each study's card."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ketcli.cli import complete
from ketcli.cli.open import open_evidence, read_filters
from ketcli.cli.options import SELECTION, OutputOptions, SelectionOptions, StatisticsOptions, shared_options
from ketcli.cli.run import answer

if TYPE_CHECKING:
    from ketcli.report import Report
    from ketcli.terminal import Terminal

FACTORS = "Which factors (several at once; none: an overview of all)"


def register(app: typer.Typer) -> None:
    """Put the commands of this family on the program."""
    app.command("factors")(factors)
    app.command("studies")(studies)


def _flag(name: str, text: str) -> Any:
    return typer.Option(f"--{name}", help=text, rich_help_panel=FACTORS)


def _value(name: str, text: str, metavar: str, panel: str = SELECTION) -> Any:
    return typer.Option(f"--{name}", help=text, metavar=metavar, rich_help_panel=panel)


@shared_options
def factors(
    *,
    names: Annotated[
        list[str] | None, typer.Argument(help="Factors by name: bmi, comorbid-anxiety ...", metavar="FACTOR")
    ] = None,
    protocol: Annotated[bool, _flag("protocol", "How it was given: the next four flags together.")] = False,
    dose: Annotated[bool, _flag("dose", "Dose.")] = False,
    frequency: Annotated[bool, _flag("frequency", "Doses per week, number of infusions.")] = False,
    route: Annotated[bool, _flag("route", "Route and form. To limit to one route: --via ROUTE.")] = False,
    concomitant: Annotated[bool, _flag("concomitant", "Medicines and therapies given along.")] = False,
    age: Annotated[bool, _flag("age", "Age and age of onset.")] = False,
    sex: Annotated[bool, _flag("sex", "Sex and menopause.")] = False,
    health: Annotated[bool, _flag("health", "Weight, severity, bodily illness, history.")] = False,
    comorbidity: Annotated[bool, _flag("comorbidity", "Anxiety, trauma, substance use, pain ...")] = False,
    prior_treatment: Annotated[bool, _flag("prior-treatment", "Failed drugs, ECT, hospital.")] = False,
    biomarker: Annotated[bool, _flag("biomarker", "Genes and blood.")] = False,
    other: Annotated[bool, _flag("other", "Early course, dissociation, region, overall effects.")] = False,
    factor: Annotated[list[str] | None, _value("factor", "Same as FACTOR.", "FACTOR", FACTORS)] = None,
    via: Annotated[
        list[str] | None,
        _value("via", "Only people given the drug by this route (--route ROUTE in other commands).", "ROUTE"),
    ] = None,
    outcome: Annotated[list[str] | None, _value("outcome", "response, madrs-change ...", "OUTCOME")] = None,
    selection: SelectionOptions,
    statistics: StatisticsOptions,
    output: OutputOptions,
) -> None:
    """In whom and how given the effect differs: subgroups inside studies, then between studies, told apart."""
    flags = {
        **{"protocol": protocol, "dose": dose, "frequency": frequency, "route": route, "concomitant": concomitant},
        **{"age": age, "sex": sex, "health": health, "comorbidity": comorbidity},
        **{"prior-treatment": prior_treatment, "biomarker": biomarker, "other": other},
    }

    def make(terminal: Terminal) -> Report:
        from ketcli.selection.aspects import check_names
        from ketcli.selection.factors import check_outcomes
        from ketcli.summaries import factors as summary
        from ketcli.summaries import pooling

        check_names(names or ())
        how = pooling.settings(("random", "common"), **vars(statistics))
        evidence = open_evidence(selection.data, terminal, selection.column)
        filters = read_filters(evidence, replace(selection, route=via))
        return summary.factors(
            evidence,
            replace(filters, outcome=check_outcomes(evidence, outcome)),
            how,
            groups=[name for name, wanted in flags.items() if wanted],
            names=[*(names or ()), *(factor or ())],
            bubbles=output.pictured,
        )

    answer(make, output)


@shared_options
def studies(
    *,
    study_id: Annotated[
        str | None,
        typer.Argument(
            help="A study's id: its card with all its numbers.", metavar="ID", autocompletion=complete.studies
        ),
    ] = None,
    search: Annotated[
        str, _value("search", "Words in label, author, journal, registry, DOI, notes or arms.", "TEXT")
    ] = "",
    sort: Annotated[str, _value("sort", "id, label, year, n or rows.", "ORDER")] = "id",
    level: Annotated[
        float | None, _value("level", "Confidence level of rates, 95 by default.", "PERCENT", "Statistics")
    ] = None,
    selection: SelectionOptions,
    output: OutputOptions,
) -> None:
    """List and search the studies of every population; with an ID, every number of one with its source."""

    def make(terminal: Terminal) -> Report:
        from ketcli.summaries import pooling
        from ketcli.summaries import studies as summary

        how = pooling.settings((), level=level)
        evidence = open_evidence(selection.data, terminal, selection.column)
        if study_id is not None:
            return summary.card(evidence, study_id, how)
        everyone = replace(selection, population=selection.population or ["all"])
        return summary.listing(evidence, read_filters(evidence, everyone), search=search, sort=sort)

    answer(make, output)
