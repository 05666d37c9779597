"""Options that every command shares, each written once, and the decorator that puts them on a command."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, get_type_hints

import typer

from ketcli.cli import complete
from ketcli.cli.late import LateCommand
from ketcli.render.output import FORMATS
from ketcli.summaries.pooling import TAU2_METHODS, TESTS

PICTURES = ("svg", "png", "pdf")
SELECTION = "Which studies and rows"
OUTPUT = "Output"
STATISTICS = "Statistics"


def _option(help_text: str, *names: str, panel: str, **extra: Any) -> Any:
    return typer.Option(*names, help=help_text, rich_help_panel=panel, **extra)


COLUMN_OPTION = _option(
    "Which column of a file of trials is what, or a fixed value: events=responders, drug=ketamine (repeatable).",
    "--column",
    panel=SELECTION,
    metavar="NAME=COLUMN",
)


@dataclass(frozen=True)
class OutputOptions:
    """How the answer is printed."""

    format: Annotated[
        str | None,
        _option(
            "auto, table, csv, tsv, json, ndjson, markdown, html, svg, png or pdf; auto is a table on a terminal, "
            "CSV in a pipe.",
            "--format",
            "-f",
            panel=OUTPUT,
            metavar="FORMAT",
            autocompletion=complete.among(*FORMATS),
        ),
    ] = None
    csv: Annotated[bool, _option("Same as --format csv.", "--csv", panel=OUTPUT)] = False
    json: Annotated[bool, _option("Same as --format json.", "--json", panel=OUTPUT)] = False
    output: Annotated[
        str | None,
        _option(
            "Write to FILE, whole or not at all; its ending names the format.",
            "--output",
            "-o",
            panel=OUTPUT,
            metavar="FILE",
        ),
    ] = None
    sources: Annotated[bool, _option("List the page each number was read on.", "--sources", panel=OUTPUT)] = False
    quiet: Annotated[bool, _option("Leave the notes out.", "--quiet", "-q", panel=OUTPUT)] = False
    color: Annotated[str, _option("auto, always or never.", "--color", panel=OUTPUT, metavar="WHEN")] = "auto"
    # not typed: how a command that is another one's front door (ket forest rates) has its report seen
    view: Callable[[Any], Any] | None = field(default=None, metadata={"typed": False})

    @property
    def pictured(self) -> bool:
        """Return True when a picture is asked for, by format or by the file's ending."""
        ending = "" if self.format else (self.output or "").rpartition(".")[2]
        return (self.format or ending).lower() in PICTURES


@dataclass(frozen=True)
class SelectionOptions:
    """Which studies and rows an evidence command looks at."""

    drug: Annotated[
        list[str] | None,
        _option(
            "ketamine or esketamine (repeatable).",
            "--drug",
            panel=SELECTION,
            metavar="DRUG",
            autocompletion=complete.drugs,
        ),
    ] = None
    route: Annotated[
        list[str] | None,
        _option(
            "intravenous, intranasal, oral ...",
            "--route",
            panel=SELECTION,
            metavar="ROUTE",
            autocompletion=complete.routes,
        ),
    ] = None
    regimen: Annotated[
        list[str] | None,
        _option(
            "single-dose, repeated-course, esketamine-oral-ad or real-world.",
            "--regimen",
            panel=SELECTION,
            metavar="REGIMEN",
            autocompletion=complete.regimens,
        ),
    ] = None
    design: Annotated[
        list[str] | None,
        _option(
            "rct, or a design code such as rct-parallel or cohort.",
            "--design",
            panel=SELECTION,
            metavar="DESIGN",
            autocompletion=complete.designs,
        ),
    ] = None
    population: Annotated[
        list[str] | None,
        _option(
            "trd (default), all, or a code such as bipolar-trd or mdd.",
            "--population",
            panel=SELECTION,
            metavar="POPULATION",
            autocompletion=complete.populations,
        ),
    ] = None
    study: Annotated[
        list[str] | None,
        _option(
            "A study id such as zarate-2006.",
            "--study",
            panel=SELECTION,
            metavar="ID",
            autocompletion=complete.studies,
        ),
    ] = None
    since: Annotated[
        int | None, _option("Published in YEAR or later.", "--since", panel=SELECTION, metavar="YEAR")
    ] = None
    until: Annotated[
        int | None, _option("Published in YEAR or before.", "--until", panel=SELECTION, metavar="YEAR")
    ] = None
    min_n: Annotated[
        int | None, _option("Rows with at least N people.", "--min-n", panel=SELECTION, metavar="N")
    ] = None
    outcome: Annotated[
        list[str] | None,
        _option(
            "response, remission ...",
            "--outcome",
            panel=SELECTION,
            metavar="OUTCOME",
            autocompletion=complete.outcomes,
        ),
    ] = None
    at: Annotated[
        str | None,
        _option(
            "Time since the first dose: 24h, 7d, 28d, 2-4d, end; default is each regimen's own.",
            "--at",
            panel=SELECTION,
            metavar="TIME",
            autocompletion=complete.times,
        ),
    ] = None
    include_overlapping: Annotated[
        bool,
        _option(
            "List rows of people another row already counts (never pooled).",
            "--include-overlapping",
            panel=SELECTION,
        ),
    ] = False
    exclude_derived: Annotated[
        bool,
        _option("Leave out counts computed from a printed percent.", "--exclude-derived", panel=SELECTION),
    ] = False
    exclude_secondary: Annotated[
        bool,
        _option("Leave out numbers seen in secondary sources only.", "--exclude-secondary", panel=SELECTION),
    ] = False
    data: Annotated[
        str | None,
        _option(
            "A folder of tables, one file of trials, or - for standard input, instead of the bundled data.",
            "--data",
            panel=SELECTION,
            metavar="FOLDER|FILE|-",
        ),
    ] = None
    column: Annotated[list[str] | None, COLUMN_OPTION] = None


@dataclass(frozen=True)
class StatisticsOptions:
    """How intervals and pooled lines are computed."""

    model: Annotated[
        str | None,
        _option(
            "Model of the pooled lines: glmm, random or common (two arms: random, common, mh, peto).",
            "--model",
            panel=STATISTICS,
            metavar="MODEL",
        ),
    ] = None
    tau2: Annotated[
        str | None,
        _option(
            "Estimator of τ²: REML (default), ML, DL, PM, EB, SJ, HS or HE.",
            "--tau2",
            panel=STATISTICS,
            metavar="METHOD",
            autocompletion=complete.among(*TAU2_METHODS),
        ),
    ] = None
    test: Annotated[
        str | None,
        _option(
            "Interval of the mean: adhoc (Hartung-Knapp, default), knha, t or z.",
            "--test",
            panel=STATISTICS,
            metavar="TEST",
            autocompletion=complete.among(*TESTS),
        ),
    ] = None
    level: Annotated[
        float | None, _option("Confidence level, 95 by default.", "--level", panel=STATISTICS, metavar="PERCENT")
    ] = None


def shared_options(command: Callable[..., None]) -> Callable[..., None]:
    """Spread every parameter annotated with an options dataclass over its fields, for typer to read.

    The command is written as `def rates(selection: SelectionOptions, output: OutputOptions, ...)`; typer sees
    one option per field, and the call puts them together again. A parameter of the command's own takes the
    place of a field of the same name, which then keeps its default.
    """

    @functools.cache
    def hints() -> dict[str, Any]:
        return get_type_hints(command, include_extras=True)

    def groups() -> dict[str, list[dataclasses.Field[Any]]]:
        own = {name for name, kind in hints().items() if not dataclasses.is_dataclass(kind)}
        return {
            name: [f for f in dataclasses.fields(kind) if f.name not in own]
            for name, kind in hints().items()
            if dataclasses.is_dataclass(kind)
        }

    def parameters() -> list[inspect.Parameter]:
        spread: list[inspect.Parameter] = []
        shared = groups()
        for parameter in inspect.signature(command).parameters.values():
            kind = hints()[parameter.name]
            if parameter.name in shared:
                fields = get_type_hints(kind, include_extras=True)
                typed = [f for f in shared[parameter.name] if f.metadata.get("typed", True)]
                spread += [_parameter(f.name, fields[f.name], f.default) for f in typed]
            else:
                spread.append(_parameter(parameter.name, kind, parameter.default))
        return sorted(spread, key=lambda p: p.default is not inspect.Parameter.empty)

    def call(**given: Any) -> None:
        for name, fields in groups().items():
            given[name] = hints()[name](**{f.name: given.pop(f.name) for f in fields if f.name in given})
        command(**given)

    return LateCommand(command, call, parameters)


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
