"""`ket pool`: meta-analysis of anybody's own CSV."""

from __future__ import annotations

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


def _column(*names: str, text: str) -> Any:
    return typer.Option(*names, help=text, metavar="COLUMN", rich_help_panel=COLUMNS)


def _choice(name: str, text: str, metavar: str) -> Any:
    return typer.Option(name, help=text, metavar=metavar, rich_help_panel=STATISTICS)


def _more(name: str, text: str) -> Any:
    return typer.Option(name, help=text, rich_help_panel=MORE)


@shared_options
def pool(
    output: OutputOptions,
    file: Annotated[str, typer.Argument(help="A CSV file, or - for standard input.", metavar="FILE|-")],
    study: Annotated[str | None, _column("--study", text="Name of the study.")] = None,
    events: Annotated[str | None, _column("--events", text="People with the event (treated arm).")] = None,
    total: Annotated[str | None, _column("--total", "--n", text="People in the (treated) arm.")] = None,
    control_events: Annotated[
        str | None, _column("--control-events", text="People with the event in the control arm.")
    ] = None,
    control_total: Annotated[
        str | None, _column("--control-total", "--control-n", text="People in the control arm.")
    ] = None,
    mean: Annotated[str | None, _column("--mean", text="Mean (treated arm, or after treatment).")] = None,
    sd: Annotated[str | None, _column("--sd", text="Its standard deviation.")] = None,
    control_mean: Annotated[str | None, _column("--control-mean", text="Mean of the control arm.")] = None,
    control_sd: Annotated[str | None, _column("--control-sd", text="Its standard deviation.")] = None,
    pre_mean: Annotated[str | None, _column("--pre-mean", text="Mean before treatment.")] = None,
    pre_sd: Annotated[str | None, _column("--pre-sd", text="Its standard deviation.")] = None,
    r: Annotated[str | None, _column("--r", text="Correlation of before and after, or a number.")] = None,
    yi: Annotated[str | None, _column("--yi", text="Effect as it is.")] = None,
    vi: Annotated[str | None, _column("--vi", text="Its sampling variance.")] = None,
    se: Annotated[str | None, _column("--se", text="Its standard error.")] = None,
    ci_low: Annotated[str | None, _column("--ci-low", text="Lower 95 % limit, in place of an error.")] = None,
    ci_high: Annotated[str | None, _column("--ci-high", text="Upper 95 % limit.")] = None,
    cluster: Annotated[
        str | None, _column("--cluster", text="Rows that belong together: three-level model, CR2 intervals.")
    ] = None,
    arm: Annotated[str | None, _column("--arm", text="Name of the arm, when a row is one arm.")] = None,
    role: Annotated[str | None, _column("--role", text="active or control, when a row is one arm.")] = None,
    control: Annotated[
        list[str] | None,
        typer.Option(
            "--control", help="An arm that is a control (repeatable).", metavar="NAME", rich_help_panel=COLUMNS
        ),
    ] = None,
    keep_arms: Annotated[
        bool,
        typer.Option(
            "--keep-arms",
            help="Keep active arms of a study apart, with the covariance of their shared control.",
            rich_help_panel=COLUMNS,
        ),
    ] = False,
    crossover: Annotated[str | None, _column("--crossover", text="Crossover trials, or their period.")] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Subgroups by COLUMN.", metavar="COLUMN", rich_help_panel=MORE)
    ] = None,
    common_tau2: Annotated[bool, _more("--common-tau2", "Subgroups share one τ².")] = False,
    moderator: Annotated[
        list[str] | None,
        typer.Option(
            "--moderator",
            help="Meta-regression on COLUMN (repeatable); COLUMN=LEVEL names the reference of a categorical one.",
            metavar="COLUMN",
            rich_help_panel=MORE,
        ),
    ] = None,
    leave_one_out: Annotated[bool, _more("--leave-one-out", "The pooled line without each study in turn.")] = False,
    cumulative: Annotated[
        str | None,
        typer.Option(
            "--cumulative", help="Study after study, ordered by COLUMN.", metavar="COLUMN", rich_help_panel=MORE
        ),
    ] = None,
    influence: Annotated[bool, _more("--influence", "How much each study moves the result.")] = False,
    bias: Annotated[
        bool, _more("--bias", "Tests for small-study effects, trim and fill, selection models.")
    ] = False,
    force: Annotated[bool, _more("--force", "Make them with fewer than ten studies too.")] = False,
    robustness: Annotated[bool, _more("--robustness", "The result by every other defensible choice.")] = False,
    explain: Annotated[
        bool, _more("--explain", "In words: what was computed, from what, by which formula.")
    ] = False,
    measure: Annotated[
        str | None,
        _choice("--measure", "PR PLO PLN PAS PFT; RR OR RD AS PETO; MD SMD ROM; SMCR; GEN.", "CODE"),
    ] = None,
    model: Annotated[
        str | None, _choice("--model", "random, common, mh, peto, glmm or three-level.", "MODEL")
    ] = None,
    tau2: Annotated[
        str | None, _choice("--tau2", "REML (default), ML, DL, PM, EB, SJ, HS or HE.", "METHOD")
    ] = None,
    test: Annotated[
        str | None, _choice("--test", "adhoc (Hartung-Knapp, default), knha, t or z; with clusters cr2.", "TEST")
    ] = None,
    level: Annotated[float | None, _choice("--level", "Confidence level, 95 by default.", "PERCENT")] = None,
    correction: Annotated[
        str | None,
        _choice(
            "--correction",
            "Added to zero cells: 0.5 (default), another number, tacc or none; 0.5:all adds it everywhere.",
            "AMOUNT",
        ),
    ] = None,
    pi: Annotated[
        str | None, _choice("--pi", "Prediction interval: v (t, k-1; default), hts, hk, z or none.", "RULE")
    ] = None,
    i2: Annotated[str | None, _choice("--i2", "I² from tau2 (default) or from q.", "FROM")] = None,
    interval: Annotated[
        str | None, _choice("--interval", "Interval of one study's proportion: wilson (default) ...", "METHOD")
    ] = None,
    variance: Annotated[
        str | None, _choice("--variance", "Variance of mean differences: LS (default), LS2, UB, HO.", "FORM")
    ] = None,
    effects_are: Annotated[
        str | None, _choice("--effects-are", "plain, log (logarithms of ratios) or ratio.", "WHAT")
    ] = None,
    style: Annotated[
        str | None, _choice("--style", "All of this as revman5, revman, meta or iqwig6 have it.", "PRESET")
    ] = None,
    scale: Annotated[str | None, _choice("--scale", "natural (default) or model.", "SCALE")] = None,
    control_risk: Annotated[
        float | None, _choice("--control-risk", "Risk that the absolute effect is worked out for.", "RISK")
    ] = None,
) -> None:
    """Meta-analysis of any CSV: counts of one or two arms, means, changes, or effects with their errors."""
    columns = {
        **{"study": study, "events": events, "total": total},
        **{"control_events": control_events, "control_total": control_total},
        **{"mean": mean, "sd": sd, "control_mean": control_mean, "control_sd": control_sd},
        **{"pre_mean": pre_mean, "pre_sd": pre_sd, "correlation": r},
        **{"yi": yi, "vi": vi, "se": se, "ci_low": ci_low, "ci_high": ci_high},
        **{"cluster": cluster, "arm": arm, "part": role, "crossover": crossover},
    }

    def make(terminal: Terminal) -> Report:
        from ketcli.cli.open import read_stdin
        from ketcli.owndata.source import read_file
        from ketcli.owndata.table import Request
        from ketcli.summaries import pool as summary
        from ketcli.summaries.pool_plan import Wanted

        if file == "-":
            content, name = read_stdin(terminal, "ket pool -"), "standard input"
        else:
            content, name = read_file(file), file
        request = Request(
            columns={part: name for part, name in columns.items() if name is not None},
            controls=tuple(control or ()),
            keep_arms=keep_arms,
            group=by or "",
            moderators=tuple(moderator or ()),
            order=cumulative or "",
        )
        wanted = Wanted(
            measure=measure,
            model=model,
            tau2=tau2,
            test=test,
            level=level,
            correction=correction,
            prediction=pi,
            i2=i2,
            style=style,
            scale=scale,
            interval=interval,
            variance=variance,
            effects_are=effects_are,
            control_risk=control_risk,
        )
        extras = summary.Extras(
            common_tau2=common_tau2,
            leave_one_out=leave_one_out,
            influence=influence,
            bias=bias,
            force=force,
            robustness=robustness,
            explain=explain,
        )
        return summary.pool(content, name, request, wanted, extras)

    answer(make, output)
