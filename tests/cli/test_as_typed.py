"""Options taken as they were typed have the values that typer gives them."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from ketcli.cli.late import LateTyper


def program(app: typer.Typer, seen: list[dict[str, Any]]) -> typer.Typer:
    @app.callback()
    def root(color: Annotated[str, typer.Option("--color")] = "auto") -> None:
        seen.append({"color": color})

    @app.command("run")
    def run(
        file: Annotated[str, typer.Argument()],
        more: Annotated[list[str] | None, typer.Argument()] = None,
        name: Annotated[str | None, typer.Option("--name")] = None,
        each: Annotated[list[str] | None, typer.Option("--each")] = None,
        size: Annotated[int | None, typer.Option("--size")] = None,
        level: Annotated[float, typer.Option("--level")] = 0.95,
        quiet: Annotated[bool, typer.Option("--quiet")] = False,
        loud: Annotated[str | None, typer.Option("--loud", callback=lambda text: text and text.upper())] = None,
    ) -> None:
        seen.append(dict(locals()))

    @app.command("other")
    def other() -> None:
        """Make typer see a group of commands."""

    return app


def outcome(app: typer.Typer, arguments: list[str]) -> tuple[int, str, list[dict[str, Any]]]:
    seen: list[dict[str, Any]] = []
    run = CliRunner().invoke(program(app, seen), arguments)
    return run.exit_code, run.output, [{k: v for k, v in values.items() if k != "seen"} for values in seen]


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "a.csv"],
        ["run", "a.csv", "b", "c"],
        ["--color", "never", "run", "a.csv", "--name", "x", "--each", "y", "--each", "z", "--quiet"],
        ["run", "a.csv", "--size", "12", "--level", "0.9"],
        ["run", "é.csv", "--name", "größer", "--each", "ü"],
        ["run", "a.csv", "--name", ""],
        ["run", "a.csv", "--loud", "abc"],
        ["run", "\udcff.csv", "--name", "\udcff"],
        ["run", "--help"],
        ["--help"],
    ],
)
def test_values_and_help_are_those_of_typer(arguments: list[str]) -> None:
    assert outcome(typer.Typer(), arguments) == outcome(LateTyper(), arguments)


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["run"], "usage", "file"),
        (["run", "a.csv", "--size", "many"], "no-number", "--size takes a whole number, not 'many'"),
        (["run", "a.csv", "--level", "high"], "no-number", "--level takes a number, not 'high'"),
        (["run", "a.csv", "--name"], "usage", "--name"),
        (["run", "a.csv", "--quiet=3"], "usage", "--quiet"),
        (["run", "a.csv", "--nane", "x"], "unknown-option", "hint: did you mean '--name'?"),
        (["run", "a.csv", "--qqqqq"], "unknown-option", "hint: root run --help lists what there is"),
        (["runn"], "unknown-command", "hint: did you mean 'run'?"),
        (["zzz"], "unknown-command", "hint: root --help lists the commands"),
        (["other", "x"], "usage", "x"),
    ],
)
def test_mistakes_are_told_as_every_other_error(arguments: list[str], code: str, named: str) -> None:
    """One line with the code, a hint on the next, exit 2; as a JSON object when JSON was asked for."""
    status, output, _ = outcome(LateTyper(), arguments)
    assert status == 2
    first = output.splitlines()[0]
    assert first.startswith("ket: error: ")
    assert first.endswith(f"[{code}]")
    assert named in output


def test_a_number_beyond_floats_is_told_wherever_it_comes_up() -> None:
    """Arithmetic on absurd numbers ends every command in a sentence, not in a traceback."""
    app = LateTyper()

    @app.callback()
    def root() -> None:
        """Have commands below."""

    @app.command("compute")
    def compute() -> None:
        """Square a number that is too large for it."""
        assert (1e200) ** 2 > 0

    run = CliRunner().invoke(app, ["compute"])
    assert run.exit_code == 1
    assert "[not-computable]" in run.output
