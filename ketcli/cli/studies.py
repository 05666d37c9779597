"""Commands on the studies themselves: what they found within themselves by factor, and each study's card."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ketcli.cli.open import open_evidence, read_filters
from ketcli.cli.options import OutputOptions, SelectionOptions, StatisticsOptions, shared_options
from ketcli.cli.run import answer

if TYPE_CHECKING:
    from ketcli.report import Report
    from ketcli.terminal import Terminal

FACTORS = "Which factors (several at once; none: an overview of all)"
SELECTION = "Which studies and rows"


def register(app: typer.Typer) -> None:
    """Put the commands of this family on the program."""
    app.command("factors")(factors)


def _flag(name: str, text: str) -> Any:
    return typer.Option(f"--{name}", help=text, rich_help_panel=FACTORS)


@shared_options
def factors(
    selection: SelectionOptions,
    statistics: StatisticsOptions,
    output: OutputOptions,
    names: Annotated[
        list[str] | None, typer.Argument(help="Factors by name: bmi, comorbid-anxiety ...", metavar="[FACTOR]...")
    ] = None,
    protocol: Annotated[bool, _flag("protocol", "How it was given: the next four flags together.")] = False,
    dose: Annotated[bool, _flag("dose", "Dose.")] = False,
    frequency: Annotated[bool, _flag("frequency", "Doses per week, number of infusions.")] = False,
    route: Annotated[bool, _flag("route", "Route and form. To limit to one route: --via.")] = False,
    concomitant: Annotated[bool, _flag("concomitant", "Medicines and therapies given along.")] = False,
    age: Annotated[bool, _flag("age", "Age and age of onset.")] = False,
    sex: Annotated[bool, _flag("sex", "Sex and menopause.")] = False,
    health: Annotated[bool, _flag("health", "Weight, severity, bodily illness, history.")] = False,
    comorbidity: Annotated[bool, _flag("comorbidity", "Anxiety, trauma, substance use, pain ...")] = False,
    prior_treatment: Annotated[bool, _flag("prior-treatment", "Failed drugs, ECT, hospital.")] = False,
    biomarker: Annotated[bool, _flag("biomarker", "Genes and blood.")] = False,
    other: Annotated[bool, _flag("other", "Early course, dissociation, region, overall effects.")] = False,
    factor: Annotated[
        list[str] | None,
        typer.Option("--factor", help="Same as FACTOR.", metavar="FACTOR", rich_help_panel=FACTORS),
    ] = None,
    via: Annotated[
        list[str] | None,
        typer.Option(
            "--via",
            help="Only people given the drug by this route (--route ROUTE in other commands).",
            metavar="ROUTE",
            rich_help_panel=SELECTION,
        ),
    ] = None,
    outcome: Annotated[
        list[str] | None,
        typer.Option("--outcome", help="response, madrs-change ...", metavar="OUTCOME", rich_help_panel=SELECTION),
    ] = None,
) -> None:
    """In whom and how given the effect differs: subgroups inside studies, then between studies, told apart."""
    flags = {
        **{"protocol": protocol, "dose": dose, "frequency": frequency, "route": route, "concomitant": concomitant},
        **{"age": age, "sex": sex, "health": health, "comorbidity": comorbidity},
        **{"prior-treatment": prior_treatment, "biomarker": biomarker, "other": other},
    }

    def make(terminal: Terminal) -> Report:
        from ketcli.evidence.factors import check_outcomes
        from ketcli.summaries import factors as summary
        from ketcli.summaries import pooling

        how = pooling.settings(("random", "common"), **vars(statistics))
        evidence = open_evidence(selection.data, terminal)
        filters = read_filters(evidence, replace(selection, route=via))
        return summary.factors(
            evidence,
            replace(filters, outcome=check_outcomes(evidence, outcome)),
            how,
            groups=[name for name, wanted in flags.items() if wanted],
            names=[*(names or ()), *(factor or ())],
        )

    answer(make, output)
