"""Commands that are pictures first: `ket forest` and `ket funnel` of what other commands answer."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ketcli.cli import compare, course, evidence, pool
from ketcli.cli.late import LateCommand, LateTyper

if TYPE_CHECKING:
    from ketcli.report import Report

Sources = tuple[tuple[str, Callable[..., None]], ...]
# What has pictures: the name of the command and the command, whose options are those of the picture.
SOURCES: Sources = (
    ("rates", evidence.rates),
    ("side-effects", evidence.side_effects),
    ("compare", compare.compare),
    ("pool", pool.pool),
    ("durability", course.durability),
)
# What is pooled, and so has a funnel.
POOLED = SOURCES[:4]
PICTURE = "Picture"
View = Callable[["Report", str | None], "Report"]
MeasureOption = Annotated[
    str | None,
    typer.Option(
        "--measure",
        help="What is drawn: rate, rd, rr, or ...; by default what the pooled lines are of.",
        metavar="NAME",
        rich_help_panel=PICTURE,
    ),
]


def register(app: typer.Typer) -> None:
    """Put the commands of this family on the program."""
    doors: tuple[tuple[str, Sources, View, str], ...] = (
        ("forest", SOURCES, _forest, "Forest plots: on the terminal, or with -o FILE.svg (png, pdf) on paper."),
        (
            "funnel",
            POOLED,
            _funnel,
            "Funnel plots: effects and their errors as a table, or with -o FILE.svg (png, pdf).",
        ),
    )
    for picture, sources, view, text in doors:
        group = LateTyper(no_args_is_help=True, help=text)
        for name, command in sources:
            group.command(name)(_door(command, view))
        app.add_typer(group, name=picture)


def _forest(report: Report, measure: str | None) -> Report:
    from ketcli.figures.view import as_forest

    return as_forest(report, measure or "")


def _funnel(report: Report, measure: str | None) -> Report:
    from ketcli.figures.data.funnel import as_funnel

    return as_funnel(report, measure or "")


def _door(command: Callable[..., None], view: View) -> Callable[..., None]:
    """Return a command whose report is seen through `view`; its options are its own, but --plot, and --measure."""

    def has_measure() -> bool:
        return "measure" in inspect.signature(command).parameters

    def parameters() -> list[inspect.Parameter]:
        measure = inspect.Parameter(
            "measure", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=MeasureOption
        )
        own = [p for p in inspect.signature(command).parameters.values() if p.name != "plot"]
        return [*own, *([] if has_measure() else [measure])]

    def door(**given: Any) -> None:
        measure = None if has_measure() else given.pop("measure")
        command(**given, view=lambda report: view(report, measure))

    return LateCommand(command, door, parameters)
