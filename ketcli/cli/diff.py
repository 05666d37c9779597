"""`ket data diff`: what changed between two versions of a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ketcli.cli.open import open_evidence, read_filters
from ketcli.cli.options import OutputOptions, SelectionOptions, StatisticsOptions, shared_options
from ketcli.cli.run import answer

if TYPE_CHECKING:
    from ketcli.report import Report
    from ketcli.terminal import Terminal


def register(app: typer.Typer) -> None:
    """Put the command on the family `ket data`."""
    app.command("diff")(diff)


@shared_options
def diff(
    selection: SelectionOptions,
    statistics: StatisticsOptions,
    output: OutputOptions,
    before: Annotated[str, typer.Argument(help="The earlier folder or file.", metavar="A")],
    after: Annotated[
        str | None, typer.Argument(help="The later one; the bundled data when left out.", metavar="B")
    ] = None,
) -> None:
    """What changed from A to B: pooled numbers that moved and by how much, then rows added, removed and changed."""

    def make(terminal: Terminal) -> Report:
        from ketcli.errors import UsageError
        from ketcli.summaries import differences, pooling

        if selection.data is not None:
            raise UsageError(
                "the two datasets are the arguments; --data has no place here",
                code="option-without-effect",
                hint="ket data diff A B",
            )
        if before == after == "-":
            raise UsageError(
                "only one of the two can be standard input",
                code="format-conflict",
                hint="ket data diff A.csv - < B.csv",
            )
        how = pooling.settings(pooling.TWO_ARM_MODELS, **vars(statistics))
        old = open_evidence(before, terminal, selection.column)
        new = open_evidence(after, terminal, selection.column if after else None)
        names = (_called(before), _called(after or "the bundled data"))
        return differences.differences(old, new, read_filters(new, selection, ("score", "effect")), how, names)

    answer(make, output)


def _called(name: str) -> str:
    return "standard input" if name == "-" else name
