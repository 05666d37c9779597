"""Commands about the data themselves: where they are, what they hold, whether a table keeps the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ketcli.cli import complete, own
from ketcli.cli.late import LateTyper
from ketcli.cli.open import named_columns, open_evidence, read_stdin
from ketcli.cli.options import COLUMN_OPTION, OutputOptions, shared_options
from ketcli.cli.run import answer

if TYPE_CHECKING:
    from ketcli.report import Report
    from ketcli.terminal import Terminal

DataOption = Annotated[
    str | None, typer.Option("--data", help="A folder of tables or one CSV file instead.", metavar="FOLDER|FILE")
]
data_app = LateTyper(
    no_args_is_help=True, help="Where the data are, what each table and column means, and the rows themselves."
)


def register(app: typer.Typer) -> None:
    """Put the commands of this family on the program."""
    own.register(data_app)
    app.add_typer(data_app, name="data")
    app.command("check")(check)


@data_app.command("path")
def path(data: DataOption = None) -> None:
    """Print the folder that the tables are read from."""
    from ketcli.cli.mistakes import complain
    from ketcli.errors import KetError
    from ketcli.evidence.catalog import locate
    from ketcli.terminal import detect

    terminal = detect()
    try:
        where = locate(data, terminal.environment, lambda: b"").path
    except KetError as error:
        complain(error)
        raise typer.Exit(error.status) from None
    terminal.stdout.write(f"{where}\n")


@data_app.command("tables")
@shared_options
def tables(output: OutputOptions, data: DataOption = None) -> None:
    """List the tables with their rows, columns and keys."""

    def make(terminal: Terminal) -> Report:
        from ketcli.summaries import catalogue

        return catalogue.tables(open_evidence(data, terminal))

    answer(make, output)


@data_app.command("schema")
@shared_options
def schema(
    output: OutputOptions,
    table: Annotated[
        str | None, typer.Argument(help="One table; all when left out.", autocompletion=complete.tables)
    ] = None,
    data: DataOption = None,
) -> None:
    """Describe every column: type, unit, allowed codes, meaning."""

    def make(terminal: Terminal) -> Report:
        from ketcli.summaries import catalogue

        return catalogue.schema(open_evidence(data, terminal), table)

    answer(make, output)


@data_app.command("show")
@shared_options
def show(
    output: OutputOptions,
    table: Annotated[str, typer.Argument(help="The table, such as outcomes.", autocompletion=complete.tables)],
    study: Annotated[str | None, typer.Option("--study", help="Rows of this study only.", metavar="ID")] = None,
    data: DataOption = None,
    column: Annotated[list[str] | None, COLUMN_OPTION] = None,
) -> None:
    """Print the rows of one table as they are."""

    def make(terminal: Terminal) -> Report:
        from ketcli.summaries import catalogue

        return catalogue.show(open_evidence(data, terminal, column), table, study)

    answer(make, output)


@shared_options
def check(
    output: OutputOptions,
    target: Annotated[
        str | None, typer.Argument(help="A folder of tables, a CSV file or -; the bundled data if none.")
    ] = None,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules instead, and why each exists.")] = False,
    column: Annotated[list[str] | None, COLUMN_OPTION] = None,
) -> None:
    """Check a table or a folder of tables against every rule; exit 1 when the data cannot be used as they are."""
    broken: list[bool] = []

    def make(terminal: Terminal) -> Report:
        from ketcli.summaries import checking

        if rules:
            return checking.rules()
        content = read_stdin(terminal, "ket check -") if target == "-" else None
        report = checking.inspect(target, terminal.environment, content, named_columns(column))
        broken.append(any(row["severity"] == "error" for row in report.rows))
        return report

    answer(make, output)
    if any(broken):
        raise typer.Exit(1)
