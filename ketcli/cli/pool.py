"""`ket pool`: meta-analysis of anybody's own CSV."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ketcli.cli.options import OutputOptions, shared_options
from ketcli.cli.run import answer

if TYPE_CHECKING:
    from ketcli.report import Report
    from ketcli.terminal import Terminal

COLUMNS = "Columns (recognised by name where they can be)"
STATISTICS = "Statistics"
MORE = "More than the pooled line"


def register(app: typer.Typer) -> None:
    """Put the command on the program."""
    app.command("pool")(pool)


def _column(text: str, *names: str) -> Any:
    return typer.Option(*names, help=text, metavar="COLUMN", rich_help_panel=COLUMNS)


def _choice(text: str, name: str, metavar: str) -> Any:
    return typer.Option(name, help=text, metavar=metavar, rich_help_panel=STATISTICS)


def _more(text: str, name: str, metavar: str | None = None) -> Any:
    return typer.Option(name, help=text, metavar=metavar, rich_help_panel=MORE)


Text = str | None


@dataclass(frozen=True)
class ColumnOptions:
    """Which column holds what."""

    study: Annotated[Text, _column("Name of the study.", "--study")] = None
    events: Annotated[Text, _column("People with the event (treated arm).", "--events")] = None
    total: Annotated[Text, _column("People in the (treated) arm.", "--total")] = None
    n: Annotated[Text, _column("The same.", "--n")] = None
    control_events: Annotated[Text, _column("Control arm: people with the event.", "--control-events")] = None
    control_total: Annotated[Text, _column("Control arm: people.", "--control-total")] = None
    control_n: Annotated[Text, _column("The same.", "--control-n")] = None
    mean: Annotated[Text, _column("Mean (treated arm, or after treatment).", "--mean")] = None
    sd: Annotated[Text, _column("Its standard deviation.", "--sd")] = None
    control_mean: Annotated[Text, _column("Control arm: mean.", "--control-mean")] = None
    control_sd: Annotated[Text, _column("Control arm: standard deviation.", "--control-sd")] = None
    pre_mean: Annotated[Text, _column("Mean before treatment.", "--pre-mean")] = None
    pre_sd: Annotated[Text, _column("Standard deviation before treatment.", "--pre-sd")] = None
    r: Annotated[Text, _column("Correlation of before and after, a column or a number.", "--r")] = None
    yi: Annotated[Text, _column("Effect as it is.", "--yi")] = None
    vi: Annotated[Text, _column("Its sampling variance.", "--vi")] = None
    se: Annotated[Text, _column("Its standard error.", "--se")] = None
    ci_low: Annotated[Text, _column("Lower 95 % limit, in place of an error.", "--ci-low")] = None
    ci_high: Annotated[Text, _column("Upper 95 % limit.", "--ci-high")] = None
    cluster: Annotated[Text, _column("Rows that belong together: three-level model, CR2.", "--cluster")] = None
    arm: Annotated[Text, _column("Arm, when each row is one arm.", "--arm")] = None
    role: Annotated[Text, _column("active or control, when each row is one arm.", "--role")] = None
    control: Annotated[
        list[str] | None,
        typer.Option(
            "--control",
            help="Name of an arm that is a control, or its word in the columns (repeatable); or none.",
            metavar="NAME",
            rich_help_panel=COLUMNS,
        ),
    ] = None
    keep_arms: Annotated[
        bool,
        typer.Option(
            "--keep-arms",
            help="Keep a study's active arms apart, with the covariance of their control.",
            rich_help_panel=COLUMNS,
        ),
    ] = False
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            help="Only rows with this value (repeatable): outcome=response.",
            metavar="COLUMN=VALUE",
            rich_help_panel=COLUMNS,
        ),
    ] = None
    crossover: Annotated[Text, _column("Which rows are crossovers, or of which period.", "--crossover")] = None


@dataclass(frozen=True)
class PoolStatistics:
    """How effects are computed and pooled."""

    measure: Annotated[
        Text, _choice("PR PLO PLN PAS PFT; RR OR RD AS PETO; MD SMD ROM; SMCR; GEN.", "--measure", "CODE")
    ] = None
    model: Annotated[Text, _choice("random, common, mh, peto, glmm or three-level.", "--model", "MODEL")] = None
    tau2: Annotated[Text, _choice("REML (default), ML, DL, PM, EB, SJ, HS or HE.", "--tau2", "METHOD")] = None
    test: Annotated[
        Text, _choice("adhoc (Hartung-Knapp, default), knha, t or z; with clusters cr2.", "--test", "TEST")
    ] = None
    level: Annotated[float | None, _choice("Confidence level, 95 by default.", "--level", "PERCENT")] = None
    correction: Annotated[
        Text,
        _choice(
            "Added to zero cells: 0.5 (default), tacc, none; 0.5:all adds it to all.", "--correction", "AMOUNT"
        ),
    ] = None
    pi: Annotated[
        Text, _choice("Prediction interval: v (t, k-1; default), hts (t, k-2), hk, z or none.", "--pi", "RULE")
    ] = None
    i2: Annotated[Text, _choice("I² from tau2 (default) or from q.", "--i2", "FROM")] = None
    interval: Annotated[
        Text, _choice("One study's proportion: wilson (default), clopper-pearson ...", "--interval", "METHOD")
    ] = None
    variance: Annotated[
        Text, _choice("Of differences of means: LS (default), LS2, UB, HO.", "--variance", "FORM")
    ] = None
    effects_are: Annotated[
        Text, _choice("Effects given: plain, log (of ratios) or ratio.", "--effects-are", "WHAT")
    ] = None
    style: Annotated[
        Text, _choice("All of this as revman5, revman, meta or iqwig6 have it.", "--style", "PRESET")
    ] = None
    scale: Annotated[Text, _choice("Show effects on the natural (default) or model scale.", "--scale", "SCALE")] = (
        None
    )
    control_risk: Annotated[
        float | None, _choice("Risk that the absolute effect is worked out for.", "--control-risk", "RISK")
    ] = None


@dataclass(frozen=True)
class MoreOptions:
    """What is asked for besides the pooled line."""

    by: Annotated[Text, _more("Subgroups by COLUMN.", "--by", "COLUMN")] = None
    common_tau2: Annotated[bool, _more("Subgroups share one τ².", "--common-tau2")] = False
    moderator: Annotated[
        list[str] | None,
        _more("Meta-regression on COLUMN (repeatable); COLUMN=LEVEL names a reference.", "--moderator", "COLUMN"),
    ] = None
    leave_one_out: Annotated[bool, _more("The pooled line without each study in turn.", "--leave-one-out")] = False
    cumulative: Annotated[Text, _more("Study after study, ordered by COLUMN.", "--cumulative", "COLUMN")] = None
    influence: Annotated[bool, _more("How much each study moves the result.", "--influence")] = False
    bias: Annotated[bool, _more("Small-study tests, trim and fill, selection models.", "--bias")] = False
    force: Annotated[bool, _more("Make them with fewer than ten studies too.", "--force")] = False
    robustness: Annotated[bool, _more("The result by every other defensible choice.", "--robustness")] = False
    explain: Annotated[bool, _more("In words: what was computed, and from what.", "--explain")] = False


@shared_options
def pool(
    columns: ColumnOptions,
    statistics: PoolStatistics,
    more: MoreOptions,
    output: OutputOptions,
    file: Annotated[str, typer.Argument(help="A CSV file, or - for standard input.", metavar="FILE|-")],
    plot: Annotated[
        Text,
        _more(
            "Picture for -o FILE.svg: forest, funnel, baujat, labbe, drapery or leave-one-out.", "--plot", "NAME"
        ),
    ] = None,
) -> None:
    """Meta-analysis of any CSV: counts of one or two arms, means, changes, or effects with their errors."""

    def make(terminal: Terminal) -> Report:
        from ketcli.cli.open import read_stdin, refuse_own_input
        from ketcli.figures import plots
        from ketcli.owndata.source import read_file
        from ketcli.summaries import pool as summary
        from ketcli.summaries.pool.request import from_options

        refuse_own_input(file, output.output)
        request, wanted, extras = from_options({**vars(columns), **vars(statistics), **vars(more)})
        if plot is not None:
            plots.check(plot)
            extras = replace(
                extras,
                influence=extras.influence or plot == "baujat",
                leave_one_out=extras.leave_one_out or plot == "leave-one-out",
            )
        content = read_stdin(terminal, "ket pool -") if file == "-" else read_file(file)
        report = summary.pool(content, "standard input" if file == "-" else file, request, wanted, extras)
        return report if plot is None else plots.see(report, plot)

    answer(make, output)
